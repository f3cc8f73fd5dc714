#include <tacit/io/awaitable.hpp>

namespace tacit::io {

std::exception_ptr detail::explain(std::exception_ptr thrown,
                                   const base::error_code& cause) noexcept {
  if (!cause) return thrown;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::operation_aborted) return thrown;
    return std::make_exception_ptr(boost::system::system_error(cause));
  } catch (...) {
    return thrown;
  }
}

}  // namespace tacit::io
