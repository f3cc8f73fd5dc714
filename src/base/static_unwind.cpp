// Linked into static programs only, in the place of two functions of libgcc.
//
// A static program's start file (crtbeginT.o) registers the unwind tables by hand. The first
// exception then sorts all of them: some 3 ms in which its thread answers nobody, for memory that
// stays, taken under a lock. The linker can leave a sorted index instead (--eh-frame-hdr, as in any
// dynamic program), and libgcc looks there as long as nothing is registered.

extern "C" {

// The names that --wrap gives.
// NOLINTBEGIN(bugprone-reserved-identifier)
void __wrap___register_frame_info(const void* /*tables*/, void* /*object*/) noexcept {}

void* __wrap___deregister_frame_info(const void* /*tables*/) noexcept {
  return nullptr;
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
