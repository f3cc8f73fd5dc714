#include "io/socket_set.hpp"

#include <sys/epoll.h>

#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

#include <tacit/base/error.hpp>

namespace tacit::io {
namespace {

constexpr std::uint32_t readable = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t ends = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

[[noreturn]] void fail(const char* what) {
  throw boost::system::system_error(errno, boost::system::system_category(), what);
}

}  // namespace

socket_set::socket_set() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) fail("epoll_create1");
}

socket_set::place& socket_set::add(int socket, user& of) {
  place* taken = nullptr;
  {
    const std::lock_guard guard(lock_);
    if (!free_) grow();
    taken = std::exchange(free_, free_->next);
  }
  taken->reading.reset();
  taken->writing.reset();
  taken->of = &of;
  epoll_event wanted{};
  wanted.events = readable;
  wanted.data.ptr = taken;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &wanted) != 0) {
    const int why = errno;
    remove(*taken);
    errno = why;
    fail("epoll_ctl");
  }
  return *taken;
}

void socket_set::grow() {
  auto chunk = std::make_unique<place[]>(chunk_places);
  place* const first = chunk.get();
  chunks_.push_back(std::move(chunk));
  for (std::size_t i = chunk_places; i-- > 0;) {
    first[i].next = free_;
    free_ = &first[i];
  }
}

void socket_set::remove(place& from) noexcept {
  const std::lock_guard guard(lock_);
  from.next = free_;
  free_ = &from;
}

void socket_set::tell_again(int socket, place& in) noexcept {
  epoll_event wanted{};
  wanted.events = readable | EPOLLOUT;
  wanted.data.ptr = &in;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket, &wanted);
}

// A user that was told may be gone, and its place another's: then that one is told for nothing.
std::size_t socket_set::take() noexcept {
  std::array<epoll_event, batch_max> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), batch_max, 0);
  std::size_t told = 0;
  for (int i = 0; i < count; ++i) {
    auto& at = *static_cast<place*>(events[static_cast<std::size_t>(i)].data.ptr);
    const std::uint32_t seen = events[static_cast<std::size_t>(i)].events;
    if ((seen & (EPOLLIN | ends)) != 0 && at.reading.tell((seen & ends) != 0)) {
      at.of->on_readable();
      ++told;
    }
    if ((seen & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && at.writing.tell()) {
      at.of->on_writable();
      ++told;
    }
  }
  return told;
}

}  // namespace tacit::io
