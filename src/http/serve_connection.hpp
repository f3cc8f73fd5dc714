#pragma once

#include <tacit/http/service.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/sched/task.hpp>

#include "http/connection_set.hpp"
#include "http/request_label.hpp"
#include "io/late_read.hpp"

namespace tacit::http {

/// What stays of a connection while it sleeps. Lifetime: as long as the connection; outlived by
/// stream and set.
class connection_record {
 public:
  connection_record(connection_set& among, io::stream& peer)
      : set(among), entry(among, peer, &label) {}

  connection_set& set;
  request_label label;  // Before the entry, which shows it to others.
  connection_set::entry entry;
};

/// Serves one peer until it leaves, errs, is too slow, or the server drains: read, parse, route,
/// handle, write, repeat. The same code serves both threading modes; only the stream differs.
///
/// Lifetime: service, stream and set outlive the task.
sched::task<> serve_connection(const service& of, io::stream& peer, connection_set& among);

/// The same, with a record of the caller's.
sched::task<> serve_connection(const service& of, io::stream& peer, connection_record& record);

/// As serve_connection(), but returns true once no request has come for `patience`: then the
/// connection is asleep. It holds no memory but the record and the stream, of which `arrivals` is a
/// part. When that tells its listener, it is to be served again.
///
/// While it is served and waits for a request it holds neither read block nor arena.
sched::task<bool> serve_until_idle(const service& of, io::stream& peer, io::late_reader& arrivals,
                                   connection_record& record, io::stream::duration patience);

}  // namespace tacit::http
