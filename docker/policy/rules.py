"""What a manifest of this project has to say, one function for each rule.

A rule takes the object that it judges and all objects of the folder, and yields findings: the field that is wrong,
as a path into the object, and what to do about it.
"""

from typing import Callable, Iterator, NamedTuple

Finding = tuple[str, str]

WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"}
# What runs until it is stopped; a job ends by itself, so nobody asks whether it is ready.
SERVICES = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod"}


class Rule(NamedTuple):
    name: str
    why: str
    judge: Callable[[dict, list[dict]], Iterator[Finding]]


RULES: list[Rule] = []


def rule(why: str):
    def add(function):
        RULES.append(Rule(function.__name__.replace("_", "-"), why, function))
        return function

    return add


def at(value, *keys):
    """What lies below these keys; None where there is none, or something else than a mapping on the way."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def pod_of(item: dict):
    """The pod that a workload makes, and the path to it; (None, "") for other objects."""
    kind = item.get("kind")
    if kind not in WORKLOADS:
        return None, ""
    keys = {"Pod": ["spec"], "CronJob": ["spec", "jobTemplate", "spec", "template", "spec"]}.get(
        kind, ["spec", "template", "spec"]
    )
    return at(item, *keys) or {}, ".".join(keys)


def containers_of(item: dict):
    """Every container of a workload, those of its start included, with the path to it."""
    pod, path = pod_of(item)
    if pod is None:
        return
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(pod.get(group) or []):
            yield container, f"{path}.{group}[{index}]"


def security(item: dict, container: dict, field: str):
    """A field of the security context: the container's own, else that of its pod."""
    own = at(container, "securityContext", field)
    pod, _ = pod_of(item)
    return own if own is not None else at(pod, "securityContext", field)


@rule("one container without a bound takes what the others of the node were promised")
def limits(item, _all):
    for container, path in containers_of(item):
        for resource in ("cpu", "memory"):
            if at(container, "resources", "limits", resource) is None:
                yield f"{path}.resources.limits.{resource}", f"set a {resource} limit"


@rule("the scheduler places by requests; without them a node is filled blindly")
def requests(item, _all):
    for container, path in containers_of(item):
        for resource in ("cpu", "memory"):
            if at(container, "resources", "requests", resource) is None:
                yield f"{path}.resources.requests.{resource}", f"say how much {resource} it needs"


@rule("a node that is emptied may end all replicas at once")
def disruption_budget(item, everything):
    if item.get("kind") not in {"Deployment", "StatefulSet", "ReplicaSet"}:
        return
    name = at(item, "metadata", "name")
    namespace = at(item, "metadata", "namespace")
    scalers = [
        each
        for each in everything
        if each.get("kind") == "HorizontalPodAutoscaler"
        and at(each, "spec", "scaleTargetRef", "kind") == item.get("kind")
        and at(each, "spec", "scaleTargetRef", "name") == name
        and at(each, "metadata", "namespace") == namespace
    ]
    counts = [at(item, "spec", "replicas")] + [at(each, "spec", "maxReplicas") for each in scalers]
    if max((count for count in counts if isinstance(count, int)), default=1) < 2:
        return
    labels = at(item, "spec", "template", "metadata", "labels") or {}
    for each in everything:
        wanted = at(each, "spec", "selector", "matchLabels")
        if (
            each.get("kind") == "PodDisruptionBudget"
            and at(each, "metadata", "namespace") == namespace
            and wanted
            and all(labels.get(key) == value for key, value in wanted.items())
        ):
            if at(each, "spec", "minAvailable") is not None or at(each, "spec", "maxUnavailable") is not None:
                return
    yield "spec.replicas", "add a PodDisruptionBudget whose selector matches the labels of its pods"


@rule("whoever breaks out of a container as root is root on the node")
def no_root(item, _all):
    for container, path in containers_of(item):
        if security(item, container, "runAsNonRoot") is not True:
            yield f"{path}.securityContext.runAsNonRoot", "set it to true, here or for the pod"
        if security(item, container, "runAsUser") == 0:
            yield f"{path}.securityContext.runAsUser", "choose another user than 0, such as 65532"
        if at(container, "securityContext", "privileged") is True:
            yield f"{path}.securityContext.privileged", "leave it out"


@rule("an image that changes under its name cannot be rolled back to")
def no_latest_tag(item, _all):
    for container, path in containers_of(item):
        image = container.get("image")
        if not isinstance(image, str) or not image:
            yield f"{path}.image", "name an image with its version"
            continue
        name = image.partition("@")[0].rpartition("/")[2]
        tag = name.partition(":")[2]
        if "@sha256:" not in image and tag in {"", "latest"}:
            yield f"{path}.image", f"{image}: name a version, or a digest (@sha256:...), instead of the latest one"


@rule("who can write beside the program can replace it")
def read_only_root(item, _all):
    for container, path in containers_of(item):
        if at(container, "securityContext", "readOnlyRootFilesystem") is not True:
            yield f"{path}.securityContext.readOnlyRootFilesystem", "set it to true; what must be written goes to a volume"


@rule("the server needs no capability, and no way to get one")
def no_privileges(item, _all):
    for container, path in containers_of(item):
        if at(container, "securityContext", "allowPrivilegeEscalation") is not False:
            yield f"{path}.securityContext.allowPrivilegeEscalation", "set it to false"
        if "ALL" not in (at(container, "securityContext", "capabilities", "drop") or []):
            yield f"{path}.securityContext.capabilities.drop", "drop ALL"
        if at(container, "securityContext", "capabilities", "add"):
            yield f"{path}.securityContext.capabilities.add", "leave it out"
        profile = at(security(item, container, "seccompProfile"), "type")
        if profile not in {"RuntimeDefault", "Localhost"}:
            yield f"{path}.securityContext.seccompProfile.type", "set it to RuntimeDefault, here or for the pod"


@rule("a server that is asked by nobody is sent requests before it is ready and after it is stuck")
def probes(item, _all):
    if item.get("kind") not in SERVICES:
        return
    pod, path = pod_of(item)
    for index, container in enumerate(pod.get("containers") or []):
        for probe in ("readinessProbe", "livenessProbe"):
            if not container.get(probe):
                yield f"{path}.containers[{index}].{probe}", "ask the server: /readyz if it is ready, /healthz if it lives"


@rule("a pod that shares the node's namespaces sees, and reaches, what is not its own")
def no_host_namespaces(item, _all):
    pod, path = pod_of(item)
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod and pod.get(field) is True:
            yield f"{path}.{field}", "leave it out"
    for index, volume in enumerate((pod or {}).get("volumes") or []):
        if "hostPath" in volume:
            yield f"{path}.volumes[{index}].hostPath", "use a volume of the cluster's, a ConfigMap or an emptyDir"
