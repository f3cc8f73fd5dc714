#pragma once

#include <tacit/http/response.hpp>
#include <tacit/http/service.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/sched/task.hpp>

#include "http/progress_window.hpp"
#include "http/response_writer.hpp"

namespace tacit::http {

/// Adds the bytes of a file to what waits to be sent; false if it has fewer, or cannot be read.
/// Precondition: there is room.
[[nodiscard]] bool append_extent(output& to, const file_extent& from);

/// Sends the bytes of a file, without copying them where the stream can do that. After each turn of
/// some 256 KiB the other connections of the worker have theirs. Counts what it sends, and notes in
/// `progress` how long it waited for the peer.
///
/// Lifetime: service, stream, file and progress outlive the task.
/// Errors:   errc::end_of_stream if the file has fewer bytes; errc::timed_out if the peer takes
///           less than `progress` asks for; those of the stream.
/// Cancel:   by the coroutine's scope; some of the bytes may have been sent.
sched::task<base::error_code> send_extent(const service& of, io::stream& to, file_extent from,
                                          progress_window& progress);

}  // namespace tacit::http
