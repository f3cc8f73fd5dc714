#include <tacit/http/json.hpp>

#include <memory>

namespace tacit::http {
namespace {

// What dump() does, into a string that is there: dump() has one of its own, from the heap.
class appender final : public nlohmann::detail::output_adapter_protocol<char> {
 public:
  explicit appender(std::pmr::string& to) noexcept : to_(to) {}
  void write_character(char c) override { to_.push_back(c); }
  void write_characters(const char* text, std::size_t length) override { to_.append(text, length); }

 private:
  std::pmr::string& to_;
};

template <class Json>
void serialise(std::pmr::string& to, const Json& value) {
  const auto output = std::allocate_shared<appender>(memory::pooled_allocator<appender>(), to);
  nlohmann::detail::serializer<Json> writer(output, ' ', Json::error_handler_t::replace);
  writer.dump(value, false, false, 0);
}

}  // namespace

void append(std::pmr::string& to, const json& value) {
  serialise(to, value);
}

void append(std::pmr::string& to, const nlohmann::json& value) {
  serialise(to, value);
}

}  // namespace tacit::http
