#include "bench/machine.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <fstream>
#include <string>

namespace tacit::bench {
namespace {

std::string cpu_model() {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const auto colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

nlohmann::ordered_json machine_json() {
  utsname system{};
  const bool is_known = ::uname(&system) == 0;
  return {
      {"cpu", cpu_model()},
      {"cpus", ::sysconf(_SC_NPROCESSORS_ONLN)},
      {"kernel", is_known ? fmt::format("{} {} {}", system.sysname, system.release, system.machine)
                          : std::string{"unknown"}}};
}

}  // namespace tacit::bench
