#pragma once

namespace tacit::bench::contenders::sched {

/// How busy the machine was with other things than this program's children, since this was made.
/// A child counts once it has been waited for.
class cpu_elsewhere {
 public:
  cpu_elsewhere();

  /// As a share of all CPUs; 0 where /proc/stat cannot be read.
  [[nodiscard]] double share() const;

 private:
  struct ticks {
    double all = 0;
    double busy = 0;
    double children = 0;
  };
  static ticks now();

  ticks start_;
};

}  // namespace tacit::bench::contenders::sched
