#include "http/client_exchange.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>

namespace tacit::http {
namespace {

// A server that says nothing but "go on" does not answer.
constexpr int interim_answers_max = 16;

constexpr std::string_view head_end = "\r\n\r\n";

// Whether it may become a status line: what is none is refused before its end is waited for.
bool may_be_head(std::string_view bytes) noexcept {
  constexpr std::string_view begin = "HTTP/1.";
  const std::size_t common = std::min(bytes.size(), begin.size());
  return bytes.substr(0, common) == begin.substr(0, common);
}

bool is_hung_up(const base::error_code& error) noexcept {
  return error == boost::system::errc::broken_pipe ||
         error == boost::system::errc::connection_reset;
}

}  // namespace

client_exchange::client_exchange(client_lease lease, const client_options& options, bool is_head,
                                 base::steady_time deadline, std::pmr::memory_resource& memory)
    : lease_(std::move(lease)),
      options_(options),
      memory_(memory),
      is_head_(is_head),
      deadline_(deadline),
      is_on_reused_(lease_.connection->requests++ != 0) {}

io::stream::duration client_exchange::time_left() const noexcept {
  if (deadline_ == base::steady_time::max()) return io::stream::no_timeout;
  return std::max(deadline_ - sched::this_worker::coarse_now(), io::stream::duration(0));
}

std::string_view client_exchange::received() const noexcept {
  const client_connection& over = *lease_.connection;
  return {over.block.data() + over.begin, over.end - over.begin};
}

sched::task<base::error_code> client_exchange::send(std::string_view head, std::string_view body) {
  const std::size_t all = head.size() + body.size();
  while (sent_bytes_ < all) {
    const std::string_view head_left = head.substr(std::min(sent_bytes_, head.size()));
    const std::string_view body_left =
        body.substr(sent_bytes_ < head.size() ? 0 : sent_bytes_ - head.size());
    const std::array<io::const_buffer, 2> left{
        io::const_buffer(head_left.data(), head_left.size()),
        io::const_buffer(body_left.data(), body_left.size())};
    const auto from = std::span(left).subspan(head_left.empty() ? 1 : 0,
                                              head_left.empty() || body_left.empty() ? 1 : 2);
    io::transfer written = peer().try_write(from);
    if (!written.error && written.bytes == 0) {
      written = co_await peer().write_some(from, time_left());
    }
    sent_bytes_ += written.bytes;
    if (!written.error) continue;
    co_return sent_bytes_ < head.size() || !is_hung_up(written.error) ? written.error
                                                                      : base::error_code{};
  }
  has_sent_all_ = true;
  co_return base::error_code{};
}

// Adds to what was received. What is there moves to the front if it needs room.
sched::task<base::error_code> client_exchange::receive() {
  client_connection& over = *lease_.connection;
  if (!over.block) {
    over.block =
        memory::buffer(std::max(memory::buffer_pool::block_bytes, options_.head_bytes_max));
    over.begin = over.end = 0;
  }
  if (over.begin == over.end) {
    over.begin = over.end = 0;
  } else if (over.end == over.block.size()) {
    if (over.begin == 0) co_return base::errc::too_large;
    std::memmove(over.block.data(), over.block.data() + over.begin, over.end - over.begin);
    over.end -= over.begin;
    over.begin = 0;
  }
  const std::span<char> room(over.block.data() + over.end, over.block.size() - over.end);
  const io::transfer read = co_await peer().read(room, time_left());
  over.end += read.bytes;
  has_heard_ = has_heard_ || read.bytes != 0;
  co_return read.error;
}

// What ends a connection in the middle of an answer.
base::error_code client_exchange::broken(base::error_code by) const noexcept {
  return has_heard_ && by == base::errc::end_of_stream ? base::errc::incomplete : by;
}

sched::task<base::error_code> client_exchange::receive_head(std::pmr::vector<char>& head) {
  for (int interim = 0; interim <= interim_answers_max; ++interim) {
    const base::error_code failed = co_await receive_one_head(head);
    if (failed) co_return failed;
    parser_.emplace(options_, is_head_, memory_);
    if (!parser_->parse_head({head.data(), head.size()})) co_return base::errc::malformed;
    if (parser_->status >= 200) {
      if (parser_->is_complete()) finish();
      co_return base::error_code{};
    }
  }
  co_return base::errc::malformed;
}

sched::task<base::error_code> client_exchange::receive_one_head(std::pmr::vector<char>& head) {
  std::size_t searched = 0;
  for (;;) {
    const std::string_view bytes = received();
    if (!may_be_head(bytes)) co_return base::errc::malformed;
    const std::size_t found = bytes.find(head_end, searched);
    if (found != std::string_view::npos) {
      const std::size_t size = found + head_end.size();
      if (size > options_.head_bytes_max) co_return base::errc::too_large;
      head.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      lease_.connection->begin += size;
      co_return base::error_code{};
    }
    if (bytes.size() >= options_.head_bytes_max) co_return base::errc::too_large;
    searched = bytes.size() - std::min(bytes.size(), head_end.size() - 1);
    const base::error_code failed = co_await receive();
    if (failed) co_return broken(failed);
  }
}

sched::task<body_read> client_exchange::read_piece() {
  using progress = response_parser::progress;
  // A body that comes faster than it is taken leaves its worker to others now and then.
  if (!sched::this_worker::spend_budget()) co_await sched::yield();
  while (!error_ && !is_over_) {
    if (parser_->is_complete()) {
      finish();
      break;
    }
    std::size_t consumed = 0;
    std::string_view piece;
    const progress step = parser_->parse_body(received(), consumed, piece);
    lease_.connection->begin += consumed;
    if (step == progress::failed) {
      fail(base::errc::malformed);
    } else if (!piece.empty()) {
      co_return body_read{{}, piece};
    } else if (step == progress::need_more) {
      const base::error_code failed = co_await receive();
      const bool is_end = failed == base::errc::end_of_stream && parser_->finish();
      if (failed && !is_end) fail(broken(failed));
    }
  }
  co_return body_read{error_, {}};
}

sched::task<io::transfer> client_exchange::read_some(std::span<char> into) {
  if (pending_.empty()) {
    const body_read got = co_await read_piece();
    if (got.error) co_return io::transfer{got.error, 0};
    pending_ = got.bytes;
  }
  const std::size_t bytes = pending_.copy(into.data(), into.size());
  pending_.remove_prefix(bytes);
  co_return io::transfer{{}, bytes};
}

void client_exchange::fail(base::error_code why) noexcept {
  error_ = why;
  lease_ = client_lease();
}

// The answer has come to its end.
void client_exchange::finish() noexcept {
  is_over_ = true;
  client_connection& over = *lease_.connection;
  const bool can_go_on = has_sent_all_ && parser_->keeps_alive() && over.begin == over.end;
  over.block = memory::buffer();
  over.begin = over.end = 0;
  if (can_go_on) {
    lease_.give_back();
  } else {
    lease_ = client_lease();
  }
}

}  // namespace tacit::http
