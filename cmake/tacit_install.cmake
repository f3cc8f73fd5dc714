# `cmake --install`: the two programs, and the library for find_package(tacit).
#
# tacit::tacit is the whole server; tacit::base, tacit::sched, ... are its layers.

include(CMakePackageConfigHelpers)

get_property(tacit_exported GLOBAL PROPERTY TACIT_LAYERS)
foreach(target IN ITEMS tacit-boost tacit-histogram tacit-all)
  if(TARGET ${target})
    list(APPEND tacit_exported ${target})
  endif()
endforeach()
list(REMOVE_DUPLICATES tacit_exported)

install(TARGETS ${tacit_exported} EXPORT tacit-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/tacit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
foreach(program IN ITEMS tacit tacit-bench)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

set(tacit_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tacit)
install(EXPORT tacit-targets NAMESPACE tacit:: DESTINATION ${tacit_config_dir})
configure_package_config_file(cmake/tacit-config.cmake.in ${PROJECT_BINARY_DIR}/tacit-config.cmake
  INSTALL_DESTINATION ${tacit_config_dir} NO_SET_AND_CHECK_MACRO)
# Below 1.0 a minor version may change the API.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tacit-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tacit-config.cmake ${PROJECT_BINARY_DIR}/tacit-config-version.cmake
  cmake/tacit_embed.cmake cmake/tacit_embed_generate.cmake
  DESTINATION ${tacit_config_dir})
