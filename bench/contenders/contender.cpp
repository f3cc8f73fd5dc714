#include "bench/contenders/contender.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tacit/base/error.hpp>
#include <thread>

#include "bench/connections.hpp"
#include "bench/fetch.hpp"

namespace tacit::bench::contenders {
namespace {

using nlohmann::json;

constexpr int trial_ms_max = 10'000;
constexpr std::int64_t pause_log_ns_max = 5'000'000'000;

using replacements = std::vector<std::pair<std::string, std::string>>;

std::string fill(std::string text, const replacements& values) {
  for (const auto& [name, value] : values) {
    for (auto at = text.find(name); at != std::string::npos;
         at = text.find(name, at + value.size()))
      text.replace(at, name.size(), value);
  }
  return text;
}

std::uint64_t memory_mb(const surroundings& around) {
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return around.memory_bytes_max.value_or(machine) >> 20;
}

replacements base_replacements(const description& what, const surroundings& around) {
  return {{"{tacit}", around.tacit.string()},
          {"{bin}", around.bin.string()},
          {"{dir}", what.origin.string()},
          {"{workers}", std::to_string(around.workers)},
          {"{live_mb}", std::to_string(around.live_mb)},
          {"{memory_mb}", std::to_string(memory_mb(around))},
          {"{heap_mb}", std::to_string(memory_mb(around) * 3 / 4)}};
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    throw base::failure{
        fmt::format("{}: cannot read: {}", path.string(), std::strerror(errno == 0 ? EIO : errno))};
  }
  return std::move(text).str();
}

// ---- reading descriptions ----------------------------------------------------------------------

/// Reads one member of a JSON object, or says where it is wrong.
class object_reader {
 public:
  object_reader(const json& object, std::string where) : object_{object}, where_{std::move(where)} {
    if (!object.is_object()) fail("", "an object");
  }

  template <class T>
  void read(const char* key, T& out, const char* expected, bool is_required = false) {
    known_.emplace_back(key);
    const auto found = object_.find(key);
    if (found == object_.end()) {
      if (is_required) fail(fmt::format(".{} is missing", key), expected);
      return;
    }
    try {
      out = found->get<T>();
    } catch (const json::exception&) {
      fail(fmt::format(".{}", key), expected);
    }
  }

  void refuse_others() const {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        fail(fmt::format(".{} is unknown", key), fmt::format("one of {}", fmt::join(known_, ", ")));
      }
    }
  }

  [[noreturn]] void fail(const std::string& what, const std::string& expected) const {
    throw base::failure{fmt::format("{}{}: expected {}", where_, what, expected)};
  }

 private:
  const json& object_;
  std::string where_;
  std::vector<std::string> known_;
};

pause_log_source read_pause_log(const json& object, const std::string& where) {
  pause_log_source out;
  std::string format;
  object_reader reader{object, where};
  reader.read("format", format, "go_gctrace, jvm_unified or tacit", true);
  reader.read("file", out.file, "a file");
  reader.read("path", out.path, "a path");
  reader.refuse_others();
  out.format = formats::parse_gc_log_format(format);
  if (!out.format) reader.fail(".format", "go_gctrace, jvm_unified or tacit");
  if (out.file.empty() == out.path.empty()) reader.fail("", "either file or path");
  return out;
}

description read_description(const json& object, const std::string& where) {
  description out;
  object_reader reader{object, where};
  reader.read("name", out.name, "a name", true);
  reader.read("command", out.command, "an array of strings", true);
  reader.read("env", out.environment, "an object of strings");
  reader.read("ready_path", out.ready_path, "a path");
  reader.read("cwd", out.folder, "a folder");
  reader.read("templates", out.templates, "an object of strings");
  reader.read("serves", out.serves, "an array of workloads");
  reader.read("target", out.target, "a path");
  reader.read("needs", out.needs, "an array of files");
  reader.read("works_if", out.works_if, "an array of strings");
  json pause_log;
  reader.read("pause_log", pause_log, "an object");
  reader.refuse_others();
  if (!pause_log.is_null()) out.pause_log = read_pause_log(pause_log, where + ".pause_log");
  if (out.name.empty()) reader.fail(".name", "a name");
  if (out.command.empty()) reader.fail(".command", "at least the program");
  if (!out.ready_path.starts_with('/')) reader.fail(".ready_path", "a path that starts with /");
  if (!out.target.empty() && !out.target.starts_with('/')) {
    reader.fail(".target", "a path that starts with /");
  }
  return out;
}

}  // namespace

std::vector<description> built_in() {
  std::vector<description> out;
  for (const std::string mode : {"coroutine", "thread"}) {
    for (const std::string memory : {"arena", "heap"}) {
      description cell;
      cell.name = mode + "+" + memory;
      cell.command = {"{tacit}",  "serve", "--listen",  "127.0.0.1:{port}", "--mode",    mode,
                      "--memory", memory,  "--workers", "{workers}",        "{workload}"};
      cell.ready_path = "/readyz";
      cell.pause_log = {formats::gc_log_format::tacit, {}, "/debug/pauses?recent=100000"};
      out.push_back(std::move(cell));
    }
  }
  for (const bool steals : {true, false}) {
    description one;
    one.name = steals ? "stealing" : "no-stealing";
    one.command = {"{tacit}",          "serve",     "--listen",   "127.0.0.1:{port}",
                   "--workers",        "{workers}", "--stealing", steals ? "on" : "off",
                   "--stall-bound-ms", "0",         "{workload}"};
    one.ready_path = "/readyz";
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<description> read_descriptions(const std::string& path) {
  json document;
  try {
    document = json::parse(read_text(path));
  } catch (const json::parse_error& wrong) {
    throw base::failure{fmt::format("{}: not JSON: error at byte {}", path, wrong.byte)};
  }
  json list;
  object_reader reader{document, path + ": document"};
  reader.read("contenders", list, "an array of contenders", true);
  reader.refuse_others();
  if (!list.is_array()) reader.fail(".contenders", "an array of contenders");
  std::vector<description> out;
  for (const auto& object : list) {
    out.push_back(read_description(object, fmt::format("{}: contenders[{}]", path, out.size())));
    out.back().origin = std::filesystem::absolute(path).parent_path();
  }
  return out;
}

std::vector<description> choose(std::vector<std::string> names,
                                const std::vector<std::string>& paths,
                                const std::vector<std::string>& otherwise) {
  auto known = built_in();
  const bool takes_all = names.empty();
  for (const auto& path : paths) {
    for (auto& added : read_descriptions(path)) {
      std::erase_if(known, [&](const auto& old) { return old.name == added.name; });
      if (takes_all) names.push_back(added.name);
      known.push_back(std::move(added));
    }
  }
  if (names.empty()) names = otherwise;
  std::vector<description> out;
  for (const auto& name : names) {
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.name == name; });
    if (found == known.end()) {
      std::string all;
      for (const auto& one : known)
        all += (all.empty() ? "" : ", ") + one.name;
      throw base::failure{fmt::format("{}: no such contender; there are {}", name, all), true};
    }
    out.push_back(*found);
    // The same server again is a contender of its own: what differs then is noise.
    const auto before =
        std::count(names.begin(), names.begin() + static_cast<long>(out.size()) - 1, name);
    if (before > 0) out.back().name += fmt::format(" ({})", before + 1);
  }
  return out;
}

std::string missing_for(const description& what, const surroundings& around) {
  const auto values = base_replacements(what, around);
  const auto filled = fill(what.command.front(), values);
  if (find_program(filled).empty()) return fmt::format("{} is not there", filled);
  for (const auto& file : what.needs) {
    const auto path = fill(file, values);
    if (!std::filesystem::exists(path)) return fmt::format("{} is not there", path);
  }
  if (what.works_if.empty()) return {};
  const temporary_folder folder;
  program trial;
  for (const auto& word : what.works_if)
    trial.command.push_back(fill(word, values));
  trial.log = folder.path() / "output";
  const auto command = fmt::format("{}", fmt::join(trial.command, " "));
  if (find_program(trial.command.front()).empty()) return command + ": there is no such program";
  process running{trial};
  if (!running.has_ended_within(trial_ms_max)) return command + " does not end";
  const auto ending = running.ending().value_or("");
  return ending == "exit status 0" ? "" : fmt::format("{}: {}", command, ending);
}

// ---- a started one -----------------------------------------------------------------------------

contender::contender(const description& what, const surroundings& around,
                     const std::atomic<bool>& stop)
    : name_{what.name} {
  const int port = free_port();
  const url where = parse_url(fmt::format("http://127.0.0.1:{}", port));
  address_ = resolve(where);
  authority_ = where.authority;
  auto values = base_replacements(what, around);
  values.emplace_back("{port}", std::to_string(port));
  values.emplace_back("{tmp}", folder_.path().string());
  program start;
  for (const auto& argument : what.command) {
    if (argument == "{workload}") {
      start.command.insert(start.command.end(), around.workload_arguments.begin(),
                           around.workload_arguments.end());
    } else {
      start.command.push_back(fill(argument, values));
    }
  }
  for (const auto& [variable, value] : what.environment)
    start.environment[variable] = fill(value, values);
  for (const auto& [copy, original] : what.templates)
    std::ofstream{fill(copy, values)} << fill(read_text(fill(original, values)), values);
  start.folder = fill(what.folder, values);
  start.log = folder_.path() / "output";
  start.cpus = around.cpus;
  start.groups = around.groups;
  pause_log_ = what.pause_log;
  pause_log_.file = fill(pause_log_.file, values);
  if (around.memory_bytes_max) {
    group_ = std::make_unique<control_group>(group_budget{around.memory_bytes_max});
    const auto entrances = group_->entrances();
    start.groups.insert(start.groups.end(), entrances.begin(), entrances.end());
  }
  process_ = std::make_unique<process>(start);
  wait_until_ready(what.ready_path, around, stop);
  startup_ns_ = now_ns() - process_->begun_ns();
}

void contender::wait_until_ready(const std::string& path, const surroundings& around,
                                 const std::atomic<bool>& stop) {
  const auto deadline = now_ns() + std::chrono::nanoseconds{around.ready_within}.count();
  fetched last;
  while (now_ns() < deadline && !stop) {
    last = fetch(address_, authority_, path,
                 std::min<std::int64_t>(deadline - now_ns(), 1'000'000'000));
    if (last.status == 200) return;
    if (const auto ending = process_->ending()) {
      throw base::failure{
          fmt::format("{}: it ended at once ({}): {}", name_, *ending, last_words())};
    }
    std::this_thread::sleep_for(
        around.ready_poll);  // nothing tells when somebody else's server is ready
  }
  if (stop) return;
  throw base::failure{fmt::format("{}: not ready after {} s: GET {}: {}; it said: {}", name_,
                                  static_cast<double>(around.ready_within.count()) / 1'000, path,
                                  last.status != 0 ? std::to_string(last.status) : last.error,
                                  last_words())};
}

std::optional<formats::gc_log> contender::pause_log() const {
  if (!pause_log_.format) return std::nullopt;
  if (!pause_log_.file.empty()) {
    if (!std::filesystem::exists(pause_log_.file)) return std::nullopt;
    return formats::parse_gc_log(read_text(pause_log_.file), *pause_log_.format,
                                 process_->begun_ns());
  }
  const auto got = fetch(address_, authority_, pause_log_.path, pause_log_ns_max);
  if (got.status != 200) return std::nullopt;
  return formats::parse_gc_log(got.body, *pause_log_.format, process_->begun_ns());
}

std::string contender::last_words() const {
  std::ifstream log{folder_.path() / "output"};
  std::string last;
  for (std::string line; std::getline(log, line);) {
    if (!line.empty()) last = line;
  }
  return last.empty() ? "nothing" : last;
}

}  // namespace tacit::bench::contenders
