#include <tacit/observe/log.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace tacit::observe {
namespace {

spdlog::logger& logger() {
  // A logger of our own, outside spdlog's registry: the program that embeds us may use that.
  static spdlog::logger instance = [] {
    spdlog::logger made("tacit", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    return made;
  }();
  return instance;
}

spdlog::level::level_enum to_spdlog(severity level) {
  switch (level) {
    case severity::info:
      return spdlog::level::info;
    case severity::warning:
      return spdlog::level::warn;
    case severity::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void log(severity level, std::string_view message) {
  logger().log(to_spdlog(level), "{}", message);
}

}  // namespace tacit::observe
