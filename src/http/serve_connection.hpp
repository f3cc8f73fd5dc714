#pragma once

#include <tacit/http/service.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

class connection_set;

/// Serves one peer until it leaves, errs, is too slow, or the server drains: read, parse, route,
/// handle, write, repeat. The same code serves both threading modes; only the stream differs.
///
/// Lifetime: service, stream and set outlive the task.
sched::task<> serve_connection(const service& of, io::stream& peer, connection_set& among);

}  // namespace tacit::http
