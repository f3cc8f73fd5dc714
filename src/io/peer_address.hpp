#pragma once

#include <array>
#include <string_view>

#include <tacit/io/stream.hpp>

namespace tacit::io {

/// Room for the longest address as text.
using address_text = std::array<char, 48>;

/// The peer's IP address, without the port, in `room`; empty if it has none. IPv4 addresses that an
/// IPv6 socket maps are written as IPv4. Asks the system each time.
[[nodiscard]] std::string_view peer_address(const stream& of, address_text& room) noexcept;

}  // namespace tacit::io
