#pragma once

#include <memory>
#include <string_view>

namespace tacit::http {

/// Codes a body while it is written, such as a compressor.
///
/// Threads: one at a time. Lifetime: belongs to one answer, through encoder_lease.
class body_encoder {
 public:
  enum class flush {
    none,  ///< Bytes may be kept back, to be coded together with later ones.
    now,   ///< What was taken so far can be decoded from what was given.
    end,   ///< No further input: the coding ends. After it nothing is given.
  };

  /// Takes some of the front of `input`, and gives coded bytes, which are valid until the next
  /// call. Call it with what is left of the input until that is empty and it gives nothing.
  [[nodiscard]] virtual std::string_view encode(std::string_view& input, flush how) = 0;

  /// Ends its use for this answer, whether or not the coding has ended.
  virtual void give_back() noexcept = 0;

 protected:
  ~body_encoder() = default;
};

struct give_back_encoder {
  void operator()(body_encoder* encoder) const noexcept { encoder->give_back(); }
};
using encoder_lease = std::unique_ptr<body_encoder, give_back_encoder>;

}  // namespace tacit::http
