# Writes the source and header that tacit_embed() adds to a target. Run when it is built:
# cmake -DDIR=... -DNAME=... -DINTO=... [-Dgzip=...] [-Dbrotli=...] [-Dzstd=...] -P tacit_embed_generate.cmake

# Not worth a try: what is compressed already, and twins.
set(compressed "\\.(br|gz|zst|zip|bz2|xz|png|apng|jpe?g|gif|webp|avif|jxl|woff2?|mp3|mp4|m4a|m4v|mov|mkv|webm|weba|og[agv]|opus|flac|aac|pdf|epub)$")
set(twins ${INTO}/${NAME}.twins)

# make_twin(PATH SUFFIX COMMAND...): leaves the twin in ${twins}, and its path in `made`, if it is worth it.
function(make_twin path suffix)
  set(twin ${twins}/${path}${suffix})
  set(made "" PARENT_SCOPE)
  if(EXISTS ${DIR}/${path}${suffix})
    return()
  endif()
  get_filename_component(folder ${twin} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${ARGN} INPUT_FILE ${DIR}/${path} OUTPUT_FILE ${twin} COMMAND_ERROR_IS_FATAL ANY)
  file(SIZE ${DIR}/${path} before)
  file(SIZE ${twin} after)
  math(EXPR after "10 * ${after}")
  math(EXPR before "9 * ${before}")
  if(after LESS_EQUAL before)
    set(made ${path}${suffix} PARENT_SCOPE)
  else()
    file(REMOVE ${twin})
  endif()
endfunction()

file(REMOVE_RECURSE ${twins})
file(GLOB_RECURSE paths RELATIVE ${DIR} ${DIR}/*)
list(FILTER paths EXCLUDE REGEX "(^|/)\\.")
set(all ${paths})
foreach(path IN LISTS paths)
  if(path MATCHES "${compressed}")
    continue()
  endif()
  if(gzip)
    make_twin(${path} .gz ${gzip} -9nc)
    list(APPEND all ${made})
  endif()
  if(brotli)
    make_twin(${path} .br ${brotli} -c -q 11)
    list(APPEND all ${made})
  endif()
  if(zstd)
    make_twin(${path} .zst ${zstd} -q -c -19)
    list(APPEND all ${made})
  endif()
endforeach()
# By bytes, as the search at run time compares.
list(SORT all COMPARE STRING CASE SENSITIVE)

set(offset 0)
set(count 0)
set(index "")
set(assembly "")
foreach(path IN LISTS all)
  set(file ${DIR}/${path})
  if(EXISTS ${twins}/${path})
    set(file ${twins}/${path})
  endif()
  file(SIZE ${file} size)
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  string(APPEND assembly "    \".incbin \\\"${file}\\\"\\n\"\n")
  string(APPEND index
    "    {\"${path}\", R\"(\"${hash}\")\", {tacit_embedded_${NAME}_bytes + ${offset}, ${size}}},\n")
  math(EXPR offset "${offset} + ${size}")
  math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "tacit_embed: ${DIR} has no files")
endif()
math(EXPR total "${offset} + 1")

file(WRITE ${INTO}/include/tacit_embedded/${NAME}.hpp
"// Made by tacit_embed from ${DIR}.
#pragma once

#include <tacit/http/embedded_files.hpp>

namespace tacit_embedded {
extern const tacit::http::embedded_tree ${NAME};
}
")
file(WRITE ${INTO}/${NAME}.cpp
"// Made by tacit_embed from ${DIR}.
#include <tacit_embedded/${NAME}.hpp>

// One byte more than the files have, so that the last may be empty.
asm(\".pushsection .rodata\\n\"
    \".balign 64\\n\"
    \".global tacit_embedded_${NAME}_bytes\\n\"
    \".hidden tacit_embedded_${NAME}_bytes\\n\"
    \"tacit_embedded_${NAME}_bytes:\\n\"
${assembly}    \".byte 0\\n\"
    \".popsection\\n\");
extern \"C\" __attribute__((visibility(\"hidden\"))) const char tacit_embedded_${NAME}_bytes[${total}];

namespace tacit_embedded {
namespace {
constexpr tacit::http::embedded_file ${NAME}_files[] = {
${index}};
}  // namespace
constexpr tacit::http::embedded_tree ${NAME}{${NAME}_files};
}  // namespace tacit_embedded
")
