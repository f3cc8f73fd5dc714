#pragma once

#include <memory_resource>
#include <nlohmann/json.hpp>
#include <string>

#include <tacit/http/json_fwd.hpp>

namespace tacit::http {

/// Appends the value as text without white space. Bytes that are no UTF-8 become U+FFFD.
void append(std::pmr::string& to, const json& value);
void append(std::pmr::string& to, const nlohmann::json& value);

}  // namespace tacit::http
