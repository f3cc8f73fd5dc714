# tacit_embed(TARGET DIR [NAME symbol] [COMPRESS]): the files below DIR become part of the binary.
#
# TARGET may then `#include <tacit_embedded/NAME.hpp>` and hand `tacit_embedded::NAME` to
# tacit::http::embedded_files. NAME is that of the folder unless given. Names that begin with a dot are
# left out, as are folders of that kind.
#
# COMPRESS adds twins of what gets smaller by a tenth at least: .gz, .br and .zst, of which each needs
# its program (gzip, brotli, zstd) when the target is built. A twin that lies in DIR already is kept.
#
# The bytes go through the assembler's .incbin, so a folder of hundreds of megabytes costs no compile
# time. A file that is added, changed or removed makes the next build embed the folder again.

set(TACIT_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/tacit_embed_generate.cmake)

function(tacit_embed target dir)
  cmake_parse_arguments(PARSE_ARGV 2 arg "COMPRESS" "NAME" "")
  get_filename_component(dir ${dir} ABSOLUTE)
  if(NOT IS_DIRECTORY ${dir})
    message(FATAL_ERROR "tacit_embed: ${dir} is not a folder")
  endif()
  if(NOT arg_NAME)
    get_filename_component(arg_NAME ${dir} NAME)
  endif()
  if(NOT arg_NAME MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    message(FATAL_ERROR "tacit_embed: '${arg_NAME}' is not a name in C++; give another with NAME")
  endif()

  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${dir}/*)
  if(files MATCHES "([^;]*[\"\\$][^;]*)")
    message(FATAL_ERROR "tacit_embed: CMake cannot watch a file with such a name: ${CMAKE_MATCH_1}")
  endif()
  set(tools)
  if(arg_COMPRESS)
    foreach(tool IN ITEMS gzip brotli zstd)
      find_program(TACIT_EMBED_${tool} ${tool})
      if(TACIT_EMBED_${tool})
        list(APPEND tools -D${tool}=${TACIT_EMBED_${tool}})
      else()
        message(STATUS "tacit_embed: no ${tool}, so ${arg_NAME} has no twins of that coding")
      endif()
    endforeach()
  endif()

  set(into ${CMAKE_CURRENT_BINARY_DIR}/tacit_embed/${target})
  set(source ${into}/${arg_NAME}.cpp)
  set(header ${into}/include/tacit_embedded/${arg_NAME}.hpp)
  add_custom_command(OUTPUT ${source} ${header}
    COMMAND ${CMAKE_COMMAND} -DDIR=${dir} -DNAME=${arg_NAME} -DINTO=${into} ${tools} -P ${TACIT_EMBED_SCRIPT}
    DEPENDS ${files} ${TACIT_EMBED_SCRIPT}
    COMMENT "Embedding ${arg_NAME}" VERBATIM)
  # The compiler does not tell what the assembler includes.
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE ${source} ${header})
  target_include_directories(${target} PRIVATE ${into}/include)
endfunction()
