// fmt's implementation, compiled once for the harness: Debian has no static archive of it, and as
// headers only it is a fifth of what the compiler writes for each file that formats.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
template FMT_API auto dragonbox::to_decimal(float value) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double value) noexcept -> dragonbox::decimal_fp<double>;
template FMT_API auto thousands_sep_impl(locale_ref locale) -> thousands_sep_result<char>;
template FMT_API auto thousands_sep_impl(locale_ref locale) -> thousands_sep_result<wchar_t>;
template FMT_API auto decimal_point_impl(locale_ref locale) -> char;
template FMT_API auto decimal_point_impl(locale_ref locale) -> wchar_t;
template FMT_API std::locale locale_ref::get<std::locale>() const;
}  // namespace detail
FMT_END_NAMESPACE
