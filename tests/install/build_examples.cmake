# Installs the build in BUILD into a prefix of its own, and builds copies of the examples in SOURCE with
# nothing but that prefix. Run by ctest: cmake -DBUILD=... -DSOURCE=... -DWORK=... -DLIBDIR=... -DCXX=... -P build_examples.cmake

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
file(GLOB examples RELATIVE ${SOURCE}/examples ${SOURCE}/examples/*)
foreach(example IN LISTS examples)
  file(COPY ${SOURCE}/examples/${example} DESTINATION ${WORK}/source)
  run(${CMAKE_COMMAND} -G Ninja -S ${WORK}/source/${example} -B ${WORK}/build/${example}
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${WORK}/prefix
    # A package of another installation must not be found by accident.
    -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
  file(STRINGS ${WORK}/build/${example}/CMakeCache.txt found REGEX "^tacit_DIR:")
  if(NOT found MATCHES "=${WORK}/prefix/")
    message(FATAL_ERROR "found another package: ${found}")
  endif()
  run(${CMAKE_COMMAND} --build ${WORK}/build/${example})
endforeach()

# The same without CMake, as other build systems do.
file(MAKE_DIRECTORY ${WORK}/build/pkg-config)
set(ENV{PKG_CONFIG_PATH} ${WORK}/prefix/${LIBDIR}/pkgconfig)
execute_process(COMMAND pkg-config --cflags --libs tacit-sync
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
run(${CXX} -std=c++20 -O2 ${SOURCE}/examples/pipeline/main.cpp -o ${WORK}/build/pkg-config/pipeline ${flags})
