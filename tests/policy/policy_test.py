"""The rules for manifests: each accepts one that is right and finds what is wrong with another.

cases/RULE/accepted.yaml and rejected.yaml are judged by that rule alone, so they say nothing about the others; a comment
`# expect: FIELD` in the latter names each finding.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
CHECK = ROOT / "docker/policy/check"
sys.path.insert(0, str(CHECK.parent))
from rules import RULES  # noqa: E402


def fields_found(rule, file: pathlib.Path) -> list[str]:
    everything = list(yaml.safe_load_all(file.read_text()))
    return [field for item in everything for field, _ in rule.judge(item, everything)]


def check(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([CHECK, *map(str, arguments)], capture_output=True, text=True, check=False)


class EachRule(unittest.TestCase):
    def test_has_its_cases_and_every_case_a_rule(self):
        self.assertEqual({rule.name for rule in RULES}, {case.name for case in (HERE / "cases").iterdir()})

    def test_accepts_what_is_right(self):
        for rule in RULES:
            with self.subTest(rule.name):
                self.assertEqual(fields_found(rule, HERE / "cases" / rule.name / "accepted.yaml"), [])

    def test_finds_each_thing_that_is_wrong(self):
        for rule in RULES:
            with self.subTest(rule.name):
                file = HERE / "cases" / rule.name / "rejected.yaml"
                expected = re.findall(r"^# expect: (.*)$", file.read_text(), re.MULTILINE)
                self.assertTrue(expected)
                self.assertEqual(sorted(fields_found(rule, file)), sorted(expected))


class TheProgram(unittest.TestCase):
    def test_accepts_the_manifests_of_this_project(self):
        done = check(ROOT / "docker")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_names_file_object_field_advice_and_rule(self):
        file = HERE / "cases/no-latest-tag/rejected.yaml"
        done = check(file)
        self.assertEqual(done.returncode, 1)
        self.assertIn(
            f"{file}: Pod/server: spec.containers[0].image: tacit:latest: name a version, or a digest (@sha256:...), "
            "instead of the latest one [no-latest-tag: an image that changes under its name cannot be rolled back to]",
            done.stdout.splitlines(),
        )

    def test_sees_the_files_of_a_folder_together(self):
        parts = (HERE / "cases/disruption-budget/accepted.yaml").read_text().split("---\n")
        with tempfile.TemporaryDirectory() as folder:
            for index, part in enumerate(parts):
                (pathlib.Path(folder) / f"{index}.yaml").write_text(part)
            self.assertNotIn("disruption-budget", check(folder).stdout)
            (pathlib.Path(folder) / "1.yaml").unlink()
            self.assertIn("disruption-budget", check(folder).stdout)

    def test_refuses_what_it_cannot_judge(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "x.yaml"
            for text, complaint in (("a: [", "x.yaml:1: not YAML"), ("a: 1", "a document without kind")):
                file.write_text(text)
                done = check(file)
                self.assertEqual(done.returncode, 2)
                self.assertIn(complaint, done.stderr)
            file.unlink()
            self.assertIn("no .yaml files in", check(folder).stderr)
            self.assertIn("there is no such file or folder", check(file).stderr)


if __name__ == "__main__":
    unittest.main()
