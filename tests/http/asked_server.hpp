#pragma once

#include <string>
#include <string_view>

#include <tacit/http/route_group.hpp>

#include "http/served.hpp"

namespace tacit::support {

/// What a peer got: the head with its line ends, and the body.
struct answer_text {
  std::string head;
  std::string body;

  [[nodiscard]] std::string status() const { return head.substr(9, 3); }

  /// The values of all fields of that name, joined by "|"; "-" if there is none.
  [[nodiscard]] std::string field(const std::string& name) const {
    const std::string start = "\r\n" + name + ": ";
    std::string values;
    bool is_there = false;
    for (auto at = head.find(start); at != std::string::npos; at = head.find(start, at + 1)) {
      const auto begin = at + start.size();
      values += (is_there ? "|" : "") + head.substr(begin, head.find("\r\n", begin) - begin);
      is_there = true;
    }
    return is_there ? values : "-";
  }
};

/// A service whose routes a test adds, and puts something around.
struct asked_server {
  served server;
  http::route_group routes{server.service.router};

  explicit asked_server(memory::mode memory = memory::mode::arena) : server(memory) {}

  /// `fields` are lines, each with its line end.
  answer_text ask(const std::string& line, const std::string& fields = {}) {
    const std::string text =
        server.answers_to({line + " HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n"});
    const auto end = text.find("\r\n\r\n");
    return {text.substr(0, end + 2), text.substr(end + 4)};
  }
};

}  // namespace tacit::support
