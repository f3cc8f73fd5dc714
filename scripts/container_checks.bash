# What scripts/try-container and scripts/try-manifests check of a running container. To be sourced after steps.bash.
# shellcheck shell=bash disable=SC2154  # root is of steps.bash

work=$(mktemp -d)
failures=0

# A container may not have more than its parent has; where that is less than what the runtime would ask for, it fails.
ulimit -S -n 1024
printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n' >"$work/containers.conf"
export CONTAINERS_CONF=$work/containers.conf

# check WHAT EXPECTED FOUND
check() {
  if [ "$2" = "$3" ]; then
    printf 'ok      %-46s %s\n' "$1" "$3"
  else
    printf 'FAILED  %-46s %s instead of %s\n' "$1" "$3" "$2"
    failures=$((failures + 1))
  fi
}

# ask ADDRESS PATH
ask() { curl -s --max-time 5 --retry 20 --retry-connrefused --retry-delay 1 --retry-all-errors "http://$1$2" || true; }

field() { python3 -c 'import json, sys; found = json.load(sys.stdin)
for key in sys.argv[1].split("."): found = found.get(key) if isinstance(found, dict) else None
print(len(found) if isinstance(found, list) else found)' "$1"; }

# check_server CONTAINER ADDRESS MEMORY_BYTES CPU_QUOTA WORKERS
check_server() {
  local status=0 pid runtime=$work/runtime.json
  check "GET /plaintext" "Hello, World!" "$(ask "$2" /plaintext)"
  ask "$2" /debug/runtime >"$runtime"
  check "workers" "$5" "$(field workers <"$runtime")"
  check "CPU quota that was found" "$4" "$(field cpu.quota <"$runtime")"
  check "memory limit that was found" "$3" "$(field memory_limit.bytes <"$runtime")"
  check "memory budget" "$3" "$(field memory_budget.bytes <"$runtime")"
  check "where the budget is from" "$(field memory_limit.from <"$runtime")" "$(field memory_budget.from <"$runtime")"
  check "user" 65532 "$(podman top "$1" user | tail -n 1)"
  # No shell to try it with: the kernel is asked how the root is mounted.
  pid=$(podman inspect --format '{{.State.Pid}}' "$1")
  check "root" ro "$(awk '$5 == "/" { split($6, mode, ","); print mode[1]; exit }' "/proc/$pid/mountinfo")"
  podman exec "$1" /bin/sh -c true >/dev/null 2>&1 || status=$?
  check "a shell (127: there is none)" 127 "$status"
  podman stats --no-stream --format 'memory  {{.MemUsage}}' "$1" 2>/dev/null || true
}

# check_drain CONTAINER ADDRESS: a request under way when SIGTERM comes is finished.
check_drain() {
  local asking
  curl -s -S --max-time 30 -o "$work/slow" -w '%{http_code}' "http://$2/sleep?ms=5000" >"$work/status" &
  asking=$!
  until [ "$(ask "$2" /debug/runtime | field connections)" -ge 2 ] || ! kill -0 "$asking" 2>/dev/null; do :; done
  podman kill --signal TERM "$1" >/dev/null
  wait "$asking" || true
  check "a request under way at SIGTERM" 200 "$(cat "$work/status")"
  check "exit status after SIGTERM" 0 "$(podman wait "$1" 2>/dev/null)"
  check "killed for want of memory" false "$(podman inspect --format '{{.State.OOMKilled}}' "$1")"
}
