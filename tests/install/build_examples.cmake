# Installs the build in BUILD into a prefix of its own, and builds copies of the examples in SOURCE with
# nothing but that prefix. Run by ctest: cmake -DBUILD=... -DSOURCE=... -DWORK=... -P build_examples.cmake

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
foreach(example IN ITEMS hello pipeline pages)
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
