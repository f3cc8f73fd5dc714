#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/connection.hpp"
#include "bench/endpoint.hpp"
#include "bench/recorder.hpp"
#include "bench/schedule.hpp"
#include "bench/traffic_source.hpp"

namespace tacit::bench {

/// A duration that no run reaches.
inline constexpr std::int64_t endless_ns = std::int64_t{1} << 61;

/// What one phase of a run sends, and for how long.
struct load {
  const traffic_source* traffic = nullptr;
  const schedule* when = nullptr;
  request_stream* stream = nullptr;  ///< In place of `traffic`; for one phase.
  double stream_speed = 0;           ///< Of the stream's own times; 0: `when` holds.
  std::uint64_t requests_max = ~std::uint64_t{0};
  std::int64_t duration_ns = endless_ns;  ///< What is due later is not sent.
  timeline_watcher* watcher = nullptr;
  std::int64_t timeout_ns = 0;  ///< For one answer; also how long the end waits for the last ones.
  double start_unix_s = 0;      ///< When the schedule begins, on the wall clock; 0: at once.

  /// When the last request is due; for a closed loop when the last may be sent.
  [[nodiscard]] std::int64_t ends_ns() const noexcept;
};

/// Which part of the run belongs to one thread: every request whose number is `index` modulo `of`.
struct share {
  unsigned index = 0;
  unsigned of = 1;
};

/// Monotonic nanoseconds, of the clock that every time in a run is taken from.
[[nodiscard]] std::int64_t now_ns() noexcept;

/// Sends what is due and keeps the sockets busy: the connections of one thread and its epoll loop.
///
/// A due request takes a free slot (a connection has as many as the pipeline is deep); connections
/// with free slots take turns. With none free the request waits, and its clock runs. Requests that
/// become due together on one connection leave in one send.
///
/// When the server closes a connection after an answer that announced it, that is counted as a
/// reconnect. The requests behind that answer were never looked at (RFC 9112 section 9.6) and are
/// sent again on the new connection; their due time stays. When a connection ends unannounced or
/// its bytes make no sense, the oldest request in flight fails and those behind it are sent again,
/// once: a request that is lost so twice fails.
///
/// Threads:  everything from one thread; `stop` may be set from anywhere and ends a phase early.
class connections {
 public:
  connections(const endpoint& target, unsigned count, unsigned pipeline, share part,
              const std::atomic<bool>& stop, connection_policy policy = {});
  ~connections();
  connections(const connections&) = delete;
  connections& operator=(const connections&) = delete;

  /// Opens all connections and waits for them, at most `timeout_ns`. Throws base::failure when none
  /// can be opened.
  void open(std::int64_t timeout_ns);

  [[nodiscard]] unsigned open_count() const noexcept;
  [[nodiscard]] bool is_all_open() const noexcept { return open_count() == all_.size(); }
  /// Why open() could not open all of them.
  [[nodiscard]] const std::string& open_failure() const noexcept { return open_failure_; }

  /// Carries one phase out, its schedule starting at `start_ns`. Returns when everything that was
  /// due is answered or given up.
  void run(const load& phase, std::int64_t start_ns, recorder& into);

 private:
  // Which request is next, and when.
  void begin_phase(const load& phase, std::int64_t start_ns, recorder& into);
  void advance();
  void walk();
  [[nodiscard]] request asked(const in_flight& what) const noexcept;
  [[nodiscard]] bool has_next() const noexcept;
  [[nodiscard]] bool is_finished(std::int64_t now) const noexcept;
  [[nodiscard]] bool is_refused() const noexcept;
  void end_phase();
  [[nodiscard]] std::uint64_t outstanding() noexcept;

  // Sending.
  void dispatch(std::int64_t now);
  void fill(connection& c, std::int64_t now);
  void assign_next(connection& c, std::int64_t now);
  void flush(connection& c);
  void offer(connection& c);

  // Receiving.
  void handle(connection& c, std::uint32_t events);
  void receive(connection& c);
  bool parse(connection& c, std::size_t bytes, std::int64_t now);
  void begin_answer(connection& c);
  bool finish_answer(connection& c, std::int64_t now);

  // Opening and losing connections.
  enum class ending { announced, broken, by_us, own_limit };
  void want_connect(connection& c);
  void start_due_connects(std::int64_t now);
  void start_connect(connection& c);
  [[nodiscard]] bool bind_source(connection& c);
  void finish_connect(connection& c);
  void drop(connection& c, ending how, error_kind kind, const std::string& why);
  void fail(const in_flight& lost, error_kind kind, const std::string& why);
  [[nodiscard]] bool is_used_up(const connection& c) const noexcept;
  void retire(connection& c);
  void look_after(std::int64_t now);
  void give_up(error_kind kind, const std::string& why);
  void watch(connection& c, std::uint32_t events);
  void wait(std::int64_t now);

  const endpoint& target_;
  const share share_;
  const unsigned pipeline_;
  connection_policy policy_;
  const std::atomic<bool>& stop_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<connection>> all_;
  std::size_t next_source_ = 0;
  std::int64_t connect_gap_ns_ = 0;
  std::int64_t next_connect_ns_ = 0;
  fixed_queue<connection*> queued_;  // to be connected when their turn comes, each at most once
  fixed_queue<connection*> ready_;   // with a free slot, each at most once: they take turns
  std::vector<connection*> dirty_;   // with bytes to send
  std::vector<char> buffer_;
  std::string open_failure_;

  // The phase at hand.
  const load* phase_ = nullptr;
  recorder* recorder_ = nullptr;
  std::int64_t start_ns_ = 0;
  std::int64_t end_ns_ = 0;  // of the schedule
  std::uint64_t next_index_ = 0;
  std::shared_ptr<const request_block> block_;  // of a stream, with the next request
  std::uint64_t walked_ = 0;                    // up to which request the schedule was walked
  std::int64_t next_due_ns_ = 0;                // relative to the start
  std::uint64_t in_flight_ = 0;  // over all connections, those waiting to be sent again included
  std::int64_t heard_ns_ = 0;    // when bytes came last, or a wait for them began
  std::int64_t looked_ns_ = 0;   // when look_after() ran last
};

}  // namespace tacit::bench
