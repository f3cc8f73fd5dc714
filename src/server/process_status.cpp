#include "server/process_status.hpp"

#include <unistd.h>

#include <fstream>
#include <string>

namespace tacit::server {

process_status read_process_status() {
  process_status status;
  std::uint64_t size_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> size_pages >> resident_pages;
  status.rss_bytes = resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::ifstream lines("/proc/self/status");
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("Threads:", 0) == 0) {
      status.threads = static_cast<std::uint32_t>(std::stoul(line.substr(8)));
    }
  }
  return status;
}

}  // namespace tacit::server
