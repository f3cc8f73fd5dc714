#include "server/task_report.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "http/request_label.hpp"

namespace tacit::server {
namespace {

using nlohmann::json;
using sched::task_info;
using sched::task_listing;
using sched::task_state;

// Far more than a program has places at which it waits.
constexpr std::size_t groups_max = 1'000;
constexpr int awaiters_max = 32;

double to_ms(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

std::string duration_to_text(std::chrono::nanoseconds time) {
  char text[32];
  const double ms = to_ms(time);
  std::snprintf(text, sizeof text, ms < 1000 ? "%.1f ms" : "%.1f s", ms < 1000 ? ms : ms / 1000);
  return text;
}

std::string id_of(const void* frame) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%zx", reinterpret_cast<std::size_t>(frame));
  return text;
}

std::string place_of(const base::source_place& place) {
  return std::string(sched::file_of(place)) + ":" + std::to_string(place.line());
}

std::string function_of(const task_info& task) {
  return sched::short_name(task.function.function_name());
}

std::string request_of(const task_info& task) {
  const auto found = http::request_label::find(task.request);
  return found ? found->to_string() : "ended";
}

// The coroutines that are listed one by one, by their frames.
class index {
 public:
  explicit index(const task_listing& listing) {
    for (const task_info& each : listing.tasks)
      by_frame_.emplace(each.frame, &each);
  }

  [[nodiscard]] const task_info* find(const void* frame) const {
    const auto found = by_frame_.find(frame);
    return found == by_frame_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<const void*, const task_info*> by_frame_;
};

// "read", or of a coroutine that is awaited which function it is.
std::string awaited(const task_info& task, const index& known) {
  if (task.state == task_state::waiting) return task.waits_on ? task.waits_on : "";
  if (task.state != task_state::awaiting) return "";
  const task_info* found = known.find(task.awaits);
  return found ? function_of(*found) : "a coroutine";
}

json one_to_json(const task_info& task, const index& known) {
  json out = {{"id", id_of(task.frame)},
              {"function", function_of(task)},
              {"name", task.name ? json(task.name) : json(nullptr)},
              {"state", sched::to_string(task.state)},
              {"frame_bytes", task.frame_bytes}};
  if (task.state == task_state::waiting || task.state == task_state::awaiting) {
    out["waits_on"] = awaited(task, known);
  }
  if (task.place.line() != 0) out["place"] = place_of(task.place);
  if (task.waited) out["waiting_ms"] = to_ms(*task.waited);
  if (task.awaits) out["awaits"] = id_of(task.awaits);
  if (task.awaited_by) out["awaited_by"] = id_of(task.awaited_by);
  if (task.request != 0) out["request"] = request_of(task);
  if (task.is_root) out["spawned_at"] = place_of(task.spawned_at);
  return out;
}

json group_to_json(const sched::similar_tasks& group, const index& known) {
  json out = {{"count", group.count},
              {"function", function_of(group.first)},
              {"state", sched::to_string(group.first.state)}};
  if (group.first.state == task_state::waiting || group.first.state == task_state::awaiting) {
    out["waits_on"] = awaited(group.first, known);
  }
  if (group.first.place.line() != 0) out["place"] = place_of(group.first.place);
  if (group.longest) out["longest_waiting_ms"] = to_ms(*group.longest);
  return out;
}

std::string line_of(const task_info& task) {
  std::string line = "    " + function_of(task);
  if (task.place.line() != 0) line += " at " + place_of(task.place);
  if (task.name) line += " (" + std::string(task.name) + ")";
  if (task.is_root && task.spawned_at.line() != 0) {
    line += ", spawned at " + place_of(task.spawned_at);
  }
  return line + "\n";
}

std::string head_of(const sched::similar_tasks& group, const index& known) {
  std::string head =
      std::to_string(group.count) + " " + std::string(sched::to_string(group.first.state));
  if (const std::string what = awaited(group.first, known); !what.empty()) head += ": " + what;
  if (group.longest) {
    head += ", for " + duration_to_text(*group.shortest);
    if (group.count > 1) head += " to " + duration_to_text(*group.longest);
  }
  return head + "\n";
}

std::string group_to_text(const sched::similar_tasks& group, const index& known) {
  std::string text = head_of(group, known) + line_of(group.first);
  const task_info* awaiter = known.find(group.first.awaited_by);
  for (int i = 0; awaiter && i < awaiters_max; ++i) {
    text += line_of(*awaiter);
    awaiter = known.find(awaiter->awaited_by);
  }
  if (group.first.request != 0) text += "    request: " + request_of(group.first) + "\n";
  return text;
}

}  // namespace

json to_json(const task_listing& listing) {
  const index known(listing);
  json out = {{"total", listing.total}, {"listed", listing.tasks.size()}};
  auto& groups = out["groups"] = json::array();
  for (std::size_t i = 0; i < std::min(groups_max, listing.groups.size()); ++i)
    groups.push_back(group_to_json(listing.groups[i], known));
  auto& tasks = out["tasks"] = json::array();
  for (const task_info& each : listing.tasks)
    tasks.push_back(one_to_json(each, known));
  return out;
}

std::string to_text(const task_listing& listing) {
  const index known(listing);
  std::string text = std::to_string(listing.total) + " live coroutines in " +
                     std::to_string(listing.groups.size()) + " groups\n";
  for (std::size_t i = 0; i < std::min(groups_max, listing.groups.size()); ++i)
    text += "\n" + group_to_text(listing.groups[i], known);
  return text;
}

}  // namespace tacit::server
