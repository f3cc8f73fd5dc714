# Manual pages, units, and the Debian package that `cpack` makes of them and the two programs.
#
#   cmake --build build/release && cpack --config build/release/CPackConfig.cmake -B build/release

if(NOT TARGET tacit OR NOT TARGET tacit-bench)
  return()
endif()

# Whoever hands packages on says who they are: cmake -D CPACK_DEBIAN_PACKAGE_MAINTAINER="Name <address>".
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Tacit developers <tacit@localhost>" CACHE STRING "Maintainer of the package")

# The programs say themselves what they know. Where they cannot be run, there are no pages.
find_program(TACIT_GZIP gzip)
if(TACIT_GZIP AND NOT CMAKE_CROSSCOMPILING)
  # tacit_manual(PAGE PROGRAM COMMAND...): a compressed page in build/<preset>/man.
  function(tacit_manual page program)
    set(file ${PROJECT_BINARY_DIR}/man/${page}.gz)
    add_custom_command(OUTPUT ${file}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
      COMMAND sh -c "${ARGN} | ${TACIT_GZIP} -9n >${file}"
      DEPENDS ${program} ${PROJECT_SOURCE_DIR}/packaging/man-page VERBATIM)
    set_property(GLOBAL APPEND PROPERTY TACIT_MANUALS ${file})
    string(REGEX MATCH "[0-9]$" section ${page})
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT programs
      # A build of the programs alone can be installed, too; the package is checked to have them.
      OPTIONAL)
  endfunction()
  tacit_manual(tacit.1 tacit
    "${PROJECT_SOURCE_DIR}/packaging/man-page $<TARGET_FILE:tacit> '.BR tacit.json (5), tacit\\-bench (1)'")
  tacit_manual(tacit-bench.1 tacit-bench
    "${PROJECT_SOURCE_DIR}/packaging/man-page $<TARGET_FILE:tacit-bench> '.BR tacit (1)'")
  tacit_manual(tacit.json.5 tacit "$<TARGET_FILE:tacit> config reference --man")
  # Debian wants both, compressed without a time stamp.
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/man/changelog.Debian @ONLY CONTENT
"tacit (@PROJECT_VERSION@-1) unstable; urgency=medium

  * Version @PROJECT_VERSION@; changelog.gz says what is new.

 -- @CPACK_DEBIAN_PACKAGE_MAINTAINER@  Thu, 01 Jan 1970 00:00:00 +0000
")
  foreach(log IN ITEMS changelog.Debian changelog)
    set(file ${PROJECT_BINARY_DIR}/man/${log}.gz)
    set(from ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
    if(log STREQUAL "changelog.Debian")
      set(from ${PROJECT_BINARY_DIR}/man/changelog.Debian)
    endif()
    add_custom_command(OUTPUT ${file} COMMAND sh -c "${TACIT_GZIP} -9nc ${from} >${file}" DEPENDS ${from} VERBATIM)
    set_property(GLOBAL APPEND PROPERTY TACIT_MANUALS ${file})
    install(FILES ${file} DESTINATION /usr/share/doc/tacit COMPONENT system EXCLUDE_FROM_ALL)
  endforeach()
  get_property(manuals GLOBAL PROPERTY TACIT_MANUALS)
  add_custom_target(tacit-manuals ALL DEPENDS ${manuals})
endif()

# What belongs to a system rather than to a prefix: only in the package.
install(FILES packaging/tacit.json DESTINATION /etc/tacit COMPONENT system EXCLUDE_FROM_ALL)
install(FILES packaging/systemd/tacit.service packaging/systemd/tacit.socket
  DESTINATION /lib/systemd/system COMPONENT system EXCLUDE_FROM_ALL)
install(FILES docs/tacit.schema.json docs/configuration.md docs/operating.md packaging/debian/copyright
  DESTINATION /usr/share/doc/tacit COMPONENT system EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tacit)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL programs system)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_NAME tacit)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "HTTP server and HTTP load-test harness
 tacit serves HTTP/1.1 with coroutines on few threads; tacit-bench loads HTTP
 servers and counts latency from the time at which each request was due.
 Both are static programs without dependencies.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/packaging/debian/conffiles ${PROJECT_SOURCE_DIR}/packaging/debian/postinst
  ${PROJECT_SOURCE_DIR}/packaging/debian/prerm ${PROJECT_SOURCE_DIR}/packaging/debian/postrm)
include(CPack)
