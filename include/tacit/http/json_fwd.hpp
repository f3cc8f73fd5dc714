#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include <tacit/memory/pooled_allocator.hpp>

namespace tacit::http {

/// nlohmann::json over the memory of the thread's pools, so that a value that is built for an
/// answer takes nothing from the heap. Made, read and changed like nlohmann::json, and assignable
/// from it and to it. Complete with <tacit/http/json.hpp>.
using json = nlohmann::basic_json<
    std::map, std::vector,
    std::basic_string<char, std::char_traits<char>, memory::pooled_allocator<char>>, bool,
    std::int64_t, std::uint64_t, double, memory::pooled_allocator>;

}  // namespace tacit::http

/// What nlohmann's destructor keeps its children in while it takes a value apart is a std::vector
/// with the standard allocator, whatever the value's own is.
template <>
class std::allocator<tacit::http::json>
    : public tacit::memory::pooled_allocator<tacit::http::json> {
 public:
  allocator() = default;
  template <class Other>
  allocator(const allocator<Other>&) noexcept {}  // NOLINT(*-explicit-*): rebinding
};
