#include "sched/stack_symbols.hpp"

#include <cxxabi.h>
#include <link.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

// GCC's own library reads the tables, also in a static program and without dlopen. It comes with
// GCC on Debian; where it does not, addresses are named by module alone.
#ifdef TACIT_LIBBACKTRACE
#include <backtrace.h>
#endif

namespace tacit::sched {
namespace {

std::string hex(std::uintptr_t value) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string_view without_folder(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

#ifdef TACIT_LIBBACKTRACE

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : name;
}

// GCC calls the body of a coroutine `f(f(int)::_Z1fi.Frame*) [clone .actor]`: the name is in there.
std::string readable(const std::string& name) {
  const std::size_t frame = name.find(".Frame");
  const std::size_t coroutine = name.rfind("_Z", frame);
  if (frame == std::string::npos || coroutine == std::string::npos) return demangled(name);
  return demangled(name.substr(coroutine, frame - coroutine));
}

void on_error(void*, const char*, int) {}

backtrace_state* tables() {
  static backtrace_state* const made = backtrace_create_state(nullptr, 1, on_error, nullptr);
  return made;
}

void on_symbol(void* into, std::uintptr_t address, const char* name, std::uintptr_t start,
               std::uintptr_t) {
  if (name) *static_cast<std::string*>(into) = readable(name) + "+" + hex(address - start);
}

// Called for each function that is inlined at the address, innermost first: its line is wanted.
int on_line(void* into, std::uintptr_t, const char* file, int line, const char*) {
  if (!file) return 0;
  *static_cast<std::string*>(into) =
      " (" + std::string(without_folder(file)) + ":" + std::to_string(line) + ")";
  return 1;
}

std::string symbol_at(std::uintptr_t address) {
  if (!tables()) return {};
  std::string name;
  backtrace_syminfo(tables(), address, on_symbol, on_error, &name);
  if (name.empty()) return name;
  std::string line;
  backtrace_pcinfo(tables(), address, on_line, on_error, &line);
  return name + line;
}

#else

std::string symbol_at(std::uintptr_t) {
  return {};
}

#endif

struct module_search {
  std::uintptr_t address;
  std::string found;
};

int on_module(dl_phdr_info* module, std::size_t, void* into) {
  module_search& search = *static_cast<module_search*>(into);
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = module->dlpi_phdr[i];
    const std::uintptr_t start = module->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || search.address < start ||
        search.address - start >= segment.p_memsz)
      continue;
    // The program itself has no name here.
    const std::string_view name = without_folder(module->dlpi_name ? module->dlpi_name : "");
    search.found = std::string(name.empty() ? program_invocation_short_name : name) + "+" +
                   hex(search.address - module->dlpi_addr);
    return 1;
  }
  return 0;
}

}  // namespace

std::string describe_address(std::uintptr_t address) {
  if (std::string symbol = symbol_at(address); !symbol.empty()) return symbol;
  module_search search{address, {}};
  dl_iterate_phdr(on_module, &search);
  return search.found.empty() ? hex(address) : search.found;
}

}  // namespace tacit::sched
