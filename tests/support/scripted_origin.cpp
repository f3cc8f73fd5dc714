#include "support/scripted_origin.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "support/patience.hpp"

namespace tacit::support {

conversation::~conversation() {
  ::close(fd_);
}

bool conversation::receive() {
  std::array<char, 65536> chunk;
  const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (got > 0) received_.append(chunk.data(), static_cast<std::size_t>(got));
  return got > 0;
}

std::string conversation::take_request() {
  std::size_t end;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive()) return {};
  }
  end += 4;
  constexpr std::string_view field = "\r\nContent-Length: ";
  if (const auto at = received_.find(field); at < end) {
    end += std::stoul(received_.substr(at + field.size()));
  }
  while (received_.size() < end) {
    if (!receive()) return {};
  }
  std::string request = received_.substr(0, end);
  received_.erase(0, end);
  return request;
}

void conversation::say(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void conversation::say_byte_by_byte(std::string_view text) const {
  for (const char each : text)
    say({&each, 1});
}

void conversation::await_end() {
  while (receive()) {
  }
}

void conversation::reset() const {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  ::connect(fd_, &nobody, sizeof nobody);
}

void conversation::hang_up() const {
  ::shutdown(fd_, SHUT_RDWR);
}

scripted_origin::scripted_origin(std::vector<script> scripts) : scripts_(std::move(scripts)) {
  accepting_ = std::thread([this] { accept(); });
}

scripted_origin::~scripted_origin() {
  listener_.stop();
  accepting_.join();
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    for (const conversation* each : under_way_)
      each->hang_up();
  }
  for (std::thread& each : conversations_)
    each.join();
}

std::string scripted_origin::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(listener_.port()) + std::string(path);
}

void scripted_origin::accept() {
  for (;;) {
    const int fd = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval limit{patience.count(), 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const script& how = scripts_[std::min(accepted_++, scripts_.size() - 1)];
    conversations_.emplace_back([this, fd, &how] { converse(fd, how); });
  }
}

void scripted_origin::converse(int fd, const script& how) {
  conversation with(fd);
  {
    const std::lock_guard lock(mutex_);
    under_way_.push_back(&with);
    if (is_over_) with.hang_up();
  }
  how(with);
  const std::lock_guard lock(mutex_);
  std::erase(under_way_, &with);
}

}  // namespace tacit::support
