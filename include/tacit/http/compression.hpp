#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <tacit/http/middleware.hpp>

namespace tacit::http {

struct compression_options {
  /// Smaller bodies are sent as they are: they fit a packet or two anyway.
  std::size_t bytes_min = 1024;

  /// So are larger ones that lie in memory as a whole, since compressing keeps the worker: some 10
  /// ms for this many. Streamed bodies are compressed piece by piece, whatever their length.
  std::size_t bytes_max = 512 * 1024;

  /// What is worth compressing: a type, a beginning that ends in '/', or an ending that begins with
  /// '+'. Images, films and archives are compressed already.
  std::vector<std::string> content_types = {"text/",
                                            "application/json",
                                            "application/javascript",
                                            "application/xml",
                                            "application/wasm",
                                            "image/svg+xml",
                                            "+json",
                                            "+xml"};

  /// About where more effort begins to cost more time than it saves bytes. 0 leaves a coding out.
  int gzip_level = 5;      ///< 1 to 9.
  int brotli_quality = 4;  ///< 1 to 11; from 5 on much slower.
  int zstd_level = 3;      ///< 1 to 19.

  /// Compressors in use at the same time; further answers are sent as they are. Each holds 0.3 to 2
  /// MB while it is in use.
  std::size_t compressors_max = 256;

  friend bool operator==(const compression_options&, const compression_options&) = default;
};

/// Compresses answers as the request's Accept-Encoding prefers: gzip, brotli, zstd. Of those that
/// are as welcome as each other the one that costs least time is taken: zstd, brotli, gzip.
///
/// Left alone are answers without content, to HEAD, partial ones, those that have a
/// Content-Encoding or `Cache-Control: no-transform`, and bodies that come from a body_source. A
/// strong ETag becomes a weak one. An answer that mixes secrets with what a peer has sent should
/// have no-transform: its length would tell about the secret (the BREACH attack).
///
/// Throws std::invalid_argument for a level that does not exist.
[[nodiscard]] middleware compression(const compression_options& with = {});

}  // namespace tacit::http
