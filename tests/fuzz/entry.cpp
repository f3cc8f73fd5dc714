// What libFuzzer calls. Compiled once for each target, which TACIT_FUZZ_TARGET names.

#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tacit::fuzz::TACIT_FUZZ_TARGET({data, size});
  return 0;
}
