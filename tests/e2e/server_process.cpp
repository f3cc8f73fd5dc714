#include "e2e/server_process.hpp"

#include <csignal>
#include <cstdlib>
#include <ostream>
#include <stdexcept>

namespace tacit::e2e {
namespace {

std::vector<std::string> command(cell which, std::vector<std::string> more) {
  std::vector<std::string> arguments{program(), "serve",    "--listen", "127.0.0.1:0",
                                     "--mode",  which.mode, "--memory", which.memory};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::uint16_t port_of(const std::string& address) {
  const std::string_view host = "127.0.0.1:";
  if (address.compare(0, host.size(), host) != 0) {
    throw std::runtime_error("not an address on 127.0.0.1: " + address);
  }
  return static_cast<std::uint16_t>(std::stoi(address.substr(host.size())));
}

}  // namespace

void PrintTo(const cell& which, std::ostream* out) {
  *out << which.mode << '_' << which.memory;
}

std::string program() {
  const char* other = std::getenv("TACIT_E2E_PROGRAM");
  return other == nullptr ? TACIT_PROGRAM : other;
}

server_process::server_process(cell which, std::vector<std::string> more_arguments)
    : program_(command(which, std::move(more_arguments))),
      port_(port_of(program_.await_line("listening on "))) {}

support::response server_process::exchange(std::string_view request) const {
  return connect().exchange(request);
}

support::response server_process::get(std::string_view target) const {
  return exchange(get_request(target));
}

nlohmann::json server_process::runtime() const {
  return nlohmann::json::parse(get("/debug/runtime").body);
}

server_process::~server_process() {
  const bool died = !program_.running() && !stopped_;
  const std::string& errors = program_.errors();
  if (died || errors.find("Sanitizer") != std::string::npos ||
      errors.find("runtime error: ") != std::string::npos || testing::Test::HasFailure()) {
    ADD_FAILURE() << "the server said:\n" << errors;
  }
}

void server_process::signal(int number) {
  stopped_ = true;
  program_.signal(number);
}

int server_process::wait() {
  return program_.wait();
}

int server_process::stop() {
  signal(SIGTERM);
  return wait();
}

std::string get_request(std::string_view target, std::string_view fields) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields) +
         "\r\n";
}

std::string post_request(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string cell_name(const testing::TestParamInfo<cell>& info) {
  return testing::PrintToString(info.param);
}

std::vector<cell> all_cells() {
#ifdef TACIT_THREAD_SANITIZED
  // Where memory comes from makes no difference to who races with whom.
  return {{"coroutine", "arena"}, {"thread", "arena"}};
#else
  return {{"coroutine", "arena"}, {"coroutine", "heap"}, {"thread", "arena"}, {"thread", "heap"}};
#endif
}

}  // namespace tacit::e2e
