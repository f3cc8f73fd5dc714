#include <tacit/base/error.hpp>

namespace tacit::base {
namespace {

class tacit_category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tacit"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::end_of_stream:
        return "the peer closed the connection";
      case errc::timed_out:
        return "the deadline passed";
      case errc::cancelled:
        return "the operation was cancelled";
      case errc::draining:
        return "the server is draining";
      case errc::closed:
        return "it is closed";
      case errc::would_block:
        return "it would have had to wait";
      case errc::client_gone:
        return "the client has left";
      case errc::too_large:
        return "it is larger than the limit";
      case errc::malformed:
        return "what came is malformed";
      case errc::wrong_use:
        return "the operation does not fit what was done before it";
      case errc::overloaded:
        return "there is too much of it already";
      case errc::incomplete:
        return "the connection ended in the middle of a message";
      case errc::unsupported:
        return "it is not supported";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& category() noexcept {
  static const tacit_category instance;
  return instance;
}

}  // namespace tacit::base
