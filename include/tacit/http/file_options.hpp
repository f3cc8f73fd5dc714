#pragma once

#include <string>

#include <tacit/http/media_type.hpp>

namespace tacit::http {

/// How files are served, from disk or from the binary.
struct file_options {
  /// The route's parameter that names the file: the handler is for patterns as "/static/{path...}".
  std::string parameter = "path";

  /// What a folder answers with, if it has it. Empty: nothing.
  std::string index = "index.html";

  /// The Cache-Control field of what is found, as "public, max-age=31536000, immutable" for files
  /// whose name changes with their content. Empty: clients guess.
  std::string cache_control;

  /// Whether files and folders whose name begins with a dot are served. They are often not meant
  /// for others: .git, .env.
  bool dotfiles = false;

  /// Whether what lies beside a file under its name with .br, .zst or .gz is sent in its stead to
  /// those who accept that coding. Of a type that is not worth compressing nothing is looked for.
  bool twins = true;

  /// Types of extensions that are unknown, or to be others.
  media_types types;
};

}  // namespace tacit::http
