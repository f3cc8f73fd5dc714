#pragma once

#include <gtest/gtest.h>
#include <cstdint>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.hpp"
#include "support/raw_client.hpp"

namespace tacit::e2e {

/// The server that is tested: what TACIT_E2E_PROGRAM names, else the one that was built with the
/// tests. For binaries of another machine that a program here can run.
[[nodiscard]] std::string program();

/// One of the four kinds of server that answer alike: a threading mode and a memory mode.
struct cell {
  const char* mode;
  const char* memory;
};

/// "coroutine_arena" and so on: what GoogleTest calls a cell.
void PrintTo(const cell& which, std::ostream* out);

/// The real `tacit serve` on a free port of 127.0.0.1, ready to be asked.
///
/// Lifetime: the destructor kills it; wait for stop() where its exit status matters. A server that
/// died
///           by itself, or that a sanitizer complained about, fails the test with what stderr says.
class server_process {
 public:
  explicit server_process(cell which, std::vector<std::string> more_arguments = {});
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  ~server_process();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] pid_t pid() const noexcept { return program_.pid(); }
  [[nodiscard]] support::raw_client connect() const { return support::raw_client(port_); }

  /// One request on a connection of its own.
  [[nodiscard]] support::response exchange(std::string_view request) const;
  [[nodiscard]] support::response get(std::string_view target) const;

  /// GET /debug/runtime.
  [[nodiscard]] nlohmann::json runtime() const;

  /// What it has said on stderr; all of it once it was stopped.
  [[nodiscard]] const std::string& errors() const noexcept { return program_.errors(); }

  void signal(int number);
  [[nodiscard]] bool running() { return program_.running(); }

  /// Waits for the end that a signal brings; the exit status.
  int wait();

  /// SIGTERM and the exit status.
  int stop();

 private:
  support::process program_;
  std::uint16_t port_;
  bool stopped_ = false;
};

/// Tests that hold in all four cells: each case starts a server of its own.
class every_cell : public testing::TestWithParam<cell> {
 protected:
  [[nodiscard]] static server_process serve(std::vector<std::string> more_arguments = {}) {
    return server_process(GetParam(), std::move(more_arguments));
  }
};

/// "GET target HTTP/1.1" with a Host, and `fields` (each ending in CRLF).
[[nodiscard]] std::string get_request(std::string_view target, std::string_view fields = "");

/// A POST of `body` to `target` with its Content-Length.
[[nodiscard]] std::string post_request(std::string_view target, std::string_view body);

/// The name of a case's instance.
[[nodiscard]] std::string cell_name(const testing::TestParamInfo<cell>& info);

[[nodiscard]] std::vector<cell> all_cells();

}  // namespace tacit::e2e

// Every suite of every_cell is run in all four cells.
#define TACIT_IN_EVERY_CELL(suite)                                                    \
  INSTANTIATE_TEST_SUITE_P(cell, suite, testing::ValuesIn(::tacit::e2e::all_cells()), \
                           ::tacit::e2e::cell_name)
