# Compiler settings shared by every target, and the functions that declare one.

set(TACIT_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
option(BUILD_SHARED_LIBS "Build the library only, as shared libraries" OFF)
option(TACIT_STATIC "Link the binaries with -static" OFF)
option(TACIT_COVERAGE "Instrument for gcov" OFF)
option(TACIT_MODEL "Build the model tests, and nothing else" OFF)
option(TACIT_FUZZ "Build the fuzz targets with Clang's libFuzzer, and nothing else" OFF)
option(TACIT_WERROR "Treat warnings as errors" ON)
option(TACIT_BUILD_TESTS "Build the tests" ON)
option(TACIT_BUILD_BENCH "Build tacit-bench and the micro benchmarks" ON)

add_library(tacit-flags INTERFACE)
target_compile_features(tacit-flags INTERFACE cxx_std_20)
target_compile_options(tacit-flags INTERFACE
  -Wall -Wextra -Wpedantic -Wold-style-cast -Wcast-qual
  -Woverloaded-virtual -Wnull-dereference
  # Where files are compiled together, names of one are above those of another.
  $<IF:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>,-Wshadow=local,-Wshadow>
  # GCC 12 reports coroutine frames of its own making and moved-from optionals here.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  # GCC 12 sees overlaps in std::string's operator+ that cannot be (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # ... and frees of what is in a variant's other alternative.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-free-nonheap-object>
  $<$<BOOL:${TACIT_WERROR}>:-Werror>
  # What nobody calls is left out of the programs.
  $<$<CONFIG:Release>:-ffunction-sections -fdata-sections>
  $<$<CONFIG:Debug>:-Og -g1>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(tacit-flags INTERFACE -fcoroutines -Wno-null-dereference)
endif()
if(TACIT_SANITIZE)
  # TACIT_OUTSIDE: see tacit_outside.
  set(inside $<NOT:$<BOOL:$<TARGET_PROPERTY:TACIT_OUTSIDE>>>)
  target_compile_options(tacit-flags INTERFACE
    "$<${inside}:-fsanitize=${TACIT_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>")
  if(TACIT_SANITIZE MATCHES "undefined")
    # AddressSanitizer finds what these would, at a quarter less of the time to compile; and the
    # check of vptr needs descriptors, which a test of running out of them does not leave it.
    target_compile_options(tacit-flags INTERFACE -fno-sanitize=vptr,null,object-size,pointer-overflow)
    # A target's own options come before these, and the last one of -fsanitize and -fno-sanitize counts.
    set(unchecked $<TARGET_PROPERTY:TACIT_UNCHECKED>)
    target_compile_options(tacit-flags INTERFACE $<$<BOOL:${unchecked}>:-fno-sanitize=${unchecked}>)
  endif()
  target_link_options(tacit-flags INTERFACE "$<${inside}:-fsanitize=${TACIT_SANITIZE}>")
  if(TACIT_SANITIZE MATCHES "thread")
    # GCC warns that TSan does not see fences; the fences in use are covered by seq_cst accesses.
    target_compile_options(tacit-flags INTERFACE -Wno-tsan)
  endif()
endif()
if(TACIT_COVERAGE)
  target_compile_options(tacit-flags INTERFACE --coverage)
  target_link_options(tacit-flags INTERFACE --coverage)
endif()

# tacit_library(TARGET NAME): names and version of one library, and its place in the installed package.
function(tacit_library target name)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} OUTPUT_NAME tacit_${name}
    VERSION ${PROJECT_VERSION}
    # Below 1.0 a minor version may change the API.
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    # What one layer needs of another one is found beside it.
    INSTALL_RPATH $ORIGIN)
  if(BUILD_SHARED_LIBS)
    # A layer that uses more than it names must not load either.
    target_link_options(${target} PRIVATE LINKER:--no-undefined)
  endif()
  set_property(GLOBAL APPEND PROPERTY TACIT_LAYERS ${target})
endfunction()

# tacit_layer(NAME [SOURCES f...] [DEPENDS layer...] [LIBS target...])
# One library per folder below src/. It sees only the layers it names, so an include that
# goes to the right in the order of the layers fails to link (and `scripts/check` names the line).
function(tacit_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBS" ${ARGN})
  set(target tacit-${name})
  list(TRANSFORM arg_SOURCES PREPEND src/${name}/)
  add_library(${target} ${arg_SOURCES})
  add_library(tacit::${name} ALIAS ${target})
  tacit_library(${target} ${name})
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM arg_DEPENDS PREPEND tacit-)
  target_link_libraries(${target} PUBLIC ${arg_DEPENDS} ${arg_LIBS} PRIVATE $<BUILD_INTERFACE:tacit-flags>)
  target_compile_features(${target} PUBLIC cxx_std_20)
endfunction()

# tacit_compile_together(TARGET): in release, sanitized and shared builds several files make one translation unit, as most of
# their time goes into reading the same headers. The debug build shows that each file stands alone.
function(tacit_compile_together target)
  if(NOT TACIT_SANITIZE AND NOT BUILD_SHARED_LIBS AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
endfunction()

# tacit_trust_alignment(TARGET): the check of every pointer's alignment takes a quarter of the time to compile. It stays in the
# layers that lay out memory, and is left out of those that only get theirs from them.
function(tacit_trust_alignment target)
  set_target_properties(${target} PROPERTIES TACIT_UNCHECKED alignment)
endfunction()

# tacit_binary(NAME SOURCES f... LIBS target...): a program in build/<preset>/bin.
function(tacit_binary name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE tacit-flags ${arg_LIBS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  target_link_options(${name} PRIVATE LINKER:--gc-sections)
  if(TACIT_STATIC)
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/base/static_unwind.cpp)
    target_link_options(${name} PRIVATE -static LINKER:--eh-frame-hdr
      LINKER:--wrap=__register_frame_info LINKER:--wrap=__deregister_frame_info)
  endif()
endfunction()

# tacit_test(NAME SOURCES f... LIBS target... [LABELS l...]): a GoogleTest program. It links only what it names: the test
# of a layer proves that the layer stands without those to its right. A unit test is one entry of ctest per program where it is
# run as a whole (three thousand starts of a process took more than the cases), and one per case in the debug build; what starts
# processes of its own is always one per case.
#
# Of a run's time most goes into compiling tests. So their common headers are precompiled (the debug
# build does without, and shows that each file includes what it uses), and where what is tested lies in
# a library, not in templates, the test's own code is made with less effort: see
# tacit_compile_test_cheaply. ONE_THREAD: what is tested knows no threads, so there is nothing in it for ThreadSanitizer.
# OUTSIDE: what is tested are other programs; see tacit_outside.
function(tacit_test name)
  cmake_parse_arguments(arg "ONE_THREAD;OUTSIDE" "" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE
    ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE tacit-flags ${arg_LIBS} GTest::gtest GTest::gtest_main)
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set(headers tacit-test-headers)
  if(NOT folder MATCHES "^(base|memory|sched|sync)$")
    set(headers tacit-cheap-test-headers)
    tacit_compile_test_cheaply(${name})
  endif()
  if(arg_OUTSIDE)
    tacit_outside(${name})
    if(TACIT_SANITIZE)
      set(headers tacit-outside-test-headers)
    endif()
  endif()
  if(TACIT_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Release")
    if(NOT TACIT_MODEL)  # Its files have names alike, and are few.
      tacit_compile_together(${name})
    endif()
    tacit_precompile_headers(${name} ${headers})
  endif()
  if(arg_ONE_THREAD AND TACIT_SANITIZE MATCHES "thread")
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  if(arg_LABELS STREQUAL "unit" AND (TACIT_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Release"))
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 600)
  else()
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 300)
  endif()
endfunction()

# tacit_outside(TARGET): it talks to programs that are sanitized, and is not so itself: nothing of Tacit's runs in it, it
# would take a tenth of a second to start, and it is started for every case.
function(tacit_outside target)
  set_target_properties(${target} PROPERTIES TACIT_OUTSIDE ON)
endfunction()

# Coroutines that resume each other need tail calls at any level.
function(tacit_compile_test_cheaply name)
  target_compile_options(${name} PRIVATE
    $<$<CONFIG:Release>:-Og -foptimize-sibling-calls>)
  set_target_properties(${name} PROPERTIES TACIT_UNCHECKED undefined)
endfunction()

# The headers that most tests include, compiled once for each set of flags.
function(tacit_precompile_headers name headers)
  if(NOT TARGET ${headers})
    add_library(${headers} OBJECT ${PROJECT_SOURCE_DIR}/tests/support/headers.cpp)
    target_link_libraries(${headers} PRIVATE tacit-flags GTest::gtest)
    target_precompile_headers(${headers} PRIVATE
      <algorithm> <array> <atomic> <charconv> <chrono> <coroutine> <filesystem> <fstream> <functional> <map> <memory>
      <memory_resource> <mutex> <optional> <random> <regex> <set> <sstream> <string> <string_view> <thread> <variant>
      <vector>
      <nlohmann/json.hpp>
      <gtest/gtest.h>)
    if(NOT headers STREQUAL "tacit-test-headers")
      tacit_compile_test_cheaply(${headers})
    endif()
    if(headers STREQUAL "tacit-outside-test-headers")
      tacit_outside(${headers})
    endif()
  endif()
  target_precompile_headers(${name} REUSE_FROM ${headers})
  # For ccache. And GCC takes for the project's own what it has precompiled of the system's headers: then
  # it warns of what they do with a string whose length it does not know.
  target_compile_options(${name} PRIVATE -fpch-preprocess
    -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endfunction()
