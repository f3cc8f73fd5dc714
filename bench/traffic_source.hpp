#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tacit::bench {

class expectations;
struct body_rule;

/// What the answer to a request has to be. What is absent is not checked.
struct expected_answer {
  std::optional<int> status = {};
  std::optional<std::uint64_t> body_bytes = {};
  const body_rule* body = nullptr;  ///< Outlives the requests.
};

/// One request as it goes over the wire.
struct request {
  std::string_view wire;  ///< Every byte of it, valid as long as its traffic_source.
  bool is_head = false;   ///< Its answer has no body, whatever the fields of the answer say.
  expected_answer expected;
  bool is_apart = false;  ///< Its latency is recorded apart from that of the others.

  /// "GET /path", for messages.
  [[nodiscard]] std::string_view title() const noexcept;
};

/// What a request is made of. The fields go out in the order given, after Host.
struct request_parts {
  std::string_view method = "GET";
  std::string_view target = "/";
  std::vector<std::pair<std::string_view, std::string_view>> fields = {};
  std::optional<std::string_view> body =
      {};  ///< Content-Length is added when present, empty or not.
  bool is_apart = false;
};

/// Which request comes next: a list of requests that is walked in order, over and over.
///
/// Requests are turned into wire bytes when they are added, before any clock starts.
///
/// Threads:  reading from any thread once the last request was added.
class traffic_source {
 public:
  explicit traffic_source(std::string authority) : authority_{std::move(authority)} {}

  /// Adds a request. Bytes that would break its framing never reach the wire: spaces and control
  /// characters in the target, and control characters in a field, are percent-encoded.
  void add(const request_parts& parts, const expected_answer& expected = {});

  /// What is added from now on is expected to be answered so, besides what is said with it.
  /// They have to outlive the source.
  void expect(const expectations* what) noexcept { expectations_ = what; }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  /// Request `index` of the endless walk. The source must not be empty.
  [[nodiscard]] request at(std::uint64_t index) const noexcept;

 private:
  struct entry {
    std::size_t offset;
    std::uint32_t bytes;
    bool is_head;
    bool is_apart;
    expected_answer expected;
  };

  std::string authority_;
  const expectations* expectations_ = nullptr;
  std::string wire_;  // all requests, one after the other
  std::vector<entry> entries_;
};

/// Percent-encodes what may not appear in a request target: spaces and control characters.
[[nodiscard]] std::string wire_target(std::string_view target);

}  // namespace tacit::bench
