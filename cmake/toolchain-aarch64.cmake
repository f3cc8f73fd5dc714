# Cross-compiles for arm64 with Debian's g++-aarch64-linux-gnu. scripts/build-arm64 puts the arm64 archives where this looks.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# What the build tree itself runs, such as the listing of test cases.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)

# Libraries are of this root, then of the compiler; never the host's. Headers without code of the machine's (Boost,
# nlohmann_json, CLI11, spdlog) are the host's: Debian's cross compiler looks in /usr/include last.
get_filename_component(tacit_build_dir ${CMAKE_CURRENT_LIST_DIR}/../build ABSOLUTE)
set(TACIT_ARM64_ROOT ${tacit_build_dir}/sysroot-arm64 CACHE PATH "Where Debian's arm64 packages were unpacked")
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${TACIT_ARM64_ROOT} /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_CXX_FLAGS_INIT "-isystem ${TACIT_ARM64_ROOT}/usr/include/aarch64-linux-gnu")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-L${TACIT_ARM64_ROOT}/usr/lib/aarch64-linux-gnu")
