# `cmake --install`: the two programs, and the library for find_package(tacit) and pkg-config.
#
# tacit::tacit is the whole server; tacit::base, tacit::sched, ... are its layers. A static and a shared build
# may be installed into one prefix. Components: programs, library (what a program needs at run time), development.

include(CMakePackageConfigHelpers)

set(tacit_kind static)
if(BUILD_SHARED_LIBS)
  set(tacit_kind shared)
endif()

get_property(tacit_exported GLOBAL PROPERTY TACIT_LAYERS)
list(APPEND tacit_exported tacit-all)
install(TARGETS ${tacit_exported} EXPORT tacit-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/tacit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")
foreach(program IN ITEMS tacit tacit-bench)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  endif()
endforeach()

set(tacit_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tacit)
install(EXPORT tacit-targets FILE tacit-${tacit_kind}-targets.cmake NAMESPACE tacit::
  DESTINATION ${tacit_config_dir} COMPONENT development)
configure_package_config_file(cmake/tacit-config.cmake.in ${PROJECT_BINARY_DIR}/tacit-config.cmake
  INSTALL_DESTINATION ${tacit_config_dir} NO_SET_AND_CHECK_MACRO)
# Below 1.0 a minor version may change the API.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tacit-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tacit-config.cmake ${PROJECT_BINARY_DIR}/tacit-config-version.cmake
  cmake/tacit_embed.cmake cmake/tacit_embed_generate.cmake
  DESTINATION ${tacit_config_dir} COMPONENT development)

# tacit_pkg_config(FILE TEXT...): a .pc file of these lines.
function(tacit_pkg_config file description)
  list(JOIN ARGN "\n" lines)
  file(RELATIVE_PATH prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/pkgconfig/${file}.pc @ONLY CONTENT
"prefix=\${pcfiledir}/${prefix}
includedir=\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}

Name: ${file}
Description: ${description}
Version: ${PROJECT_VERSION}
${lines}
")
endfunction()

# Made from what the targets say of themselves, so that there is no second list to keep.
function(tacit_pkg_config_of_layer target)
  get_target_property(name ${target} OUTPUT_NAME)
  get_target_property(needs ${target} LINK_LIBRARIES)
  get_target_property(definitions ${target} INTERFACE_COMPILE_DEFINITIONS)
  set(requires)
  set(libs -L\${pcfiledir}/.. -l${name})
  foreach(need IN LISTS needs)
    if(need MATCHES "^tacit-(.+)$" AND NOT need STREQUAL "tacit-flags")
      list(APPEND requires tacit-${CMAKE_MATCH_1})
    elseif(need STREQUAL "Threads::Threads")
      list(APPEND libs -pthread)
    elseif(need MATCHES "^[a-z]+$")
      list(APPEND libs -l${need})
    endif()
  endforeach()
  set(flags -I\${includedir} -pthread)
  if(definitions)
    list(TRANSFORM definitions PREPEND -D)
    list(APPEND flags ${definitions})
  endif()
  list(JOIN libs " " libs)
  list(JOIN flags " " flags)
  list(JOIN requires " " requires)
  tacit_pkg_config(${target} "${PROJECT_DESCRIPTION}: ${target}"
    "Requires: ${requires}" "Libs: ${libs}" "Cflags: ${flags}")
endfunction()

set(tacit_layers_only ${tacit_exported})
list(REMOVE_ITEM tacit_layers_only tacit-all tacit-accounting)
foreach(layer IN LISTS tacit_layers_only)
  tacit_pkg_config_of_layer(${layer})
endforeach()
tacit_pkg_config(tacit "${PROJECT_DESCRIPTION}" "Requires: tacit-server")
install(DIRECTORY ${PROJECT_BINARY_DIR}/pkgconfig DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)

if(BUILD_SHARED_LIBS)
  return()
endif()
include(tacit_package)
