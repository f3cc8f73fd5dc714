#include "bench/contenders/sched/cpu_elsewhere.hpp"

#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <string>

namespace tacit::bench::contenders::sched {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

cpu_elsewhere::cpu_elsewhere() : start_(now()) {}

double cpu_elsewhere::share() const {
  const auto end = now();
  const double all = end.all - start_.all;
  const double elsewhere = (end.busy - start_.busy) - (end.children - start_.children);
  return all > 0 ? std::clamp(elsewhere / all, 0.0, 1.0) : 0;
}

cpu_elsewhere::ticks cpu_elsewhere::now() {
  // cpu user nice system idle iowait irq softirq steal
  std::ifstream stat{"/proc/stat"};
  std::string name;
  stat >> name;
  ticks out;
  double ticks_in_state = 0;
  for (int state = 0; state < 8 && stat >> ticks_in_state; ++state) {
    out.all += ticks_in_state;
    if (state != 3 && state != 4) out.busy += ticks_in_state;
  }
  rusage children{};
  ::getrusage(RUSAGE_CHILDREN, &children);
  out.children = (seconds_of(children.ru_utime) + seconds_of(children.ru_stime)) *
                 static_cast<double>(::sysconf(_SC_CLK_TCK));
  return out;
}

}  // namespace tacit::bench::contenders::sched
