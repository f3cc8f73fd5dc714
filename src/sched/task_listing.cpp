#include <tacit/sched/task_listing.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <tacit/base/clock.hpp>
#include <tacit/memory/frame_pool.hpp>

namespace tacit::sched {
namespace {

using memory::frame_note;
using memory::frame_snapshot;

// Who awaits whom, sorted by who awaits.
class await_relation {
 public:
  await_relation() {
    memory::frame_pool::for_each_live(
        [this](const void* frame, std::size_t, const frame_note& note) {
          const void* by = note.awaited_by.load(base::memory_order_relaxed);
          if (by) pairs_.emplace_back(by, frame);
        });
    std::sort(pairs_.begin(), pairs_.end());
  }

  [[nodiscard]] const void* awaited_of(const void* frame) const noexcept {
    const auto found =
        std::lower_bound(pairs_.begin(), pairs_.end(), pair{frame, nullptr}, std::less<>{});
    return found != pairs_.end() && found->first == frame ? found->second : nullptr;
  }

 private:
  using pair = std::pair<const void*, const void*>;
  std::vector<pair> pairs_;
};

task_state state_of(frame_note::state noted, const void* awaits) noexcept {
  switch (noted) {
    case frame_note::state::created:
      return task_state::created;
    case frame_note::state::ready:
      return task_state::ready;
    case frame_note::state::waiting:
      return task_state::waiting;
    case frame_note::state::running:
      break;
  }
  return awaits ? task_state::awaiting : task_state::running;
}

task_info describe(const void* frame, std::size_t bytes, const frame_snapshot& said,
                   const await_relation& relation, base::steady_time now) {
  task_info task;
  task.frame = frame;
  task.frame_bytes = bytes;
  task.awaits = relation.awaited_of(frame);
  task.state = state_of(said.now, task.awaits);
  task.function = said.function;
  task.place = said.place;
  task.awaited_by = said.awaited_by;
  task.request = said.request;
  task.is_root = said.is_root;
  task.name = said.name;
  task.spawned_at = said.spawned_at;
  if (task.state == task_state::waiting) {
    task.waits_on = said.waits_on;
    const base::steady_time since{base::steady_time::duration(said.since)};
    // A thread that blocks knows the time only once somebody has asked it.
    if (said.since != 0) task.waited = std::max(now - since, base::steady_time::duration(0));
  }
  return task;
}

// Every text and place of the program is in it once or a few times, and looked up by address: only
// the groups, of which there are few, are compared by what the texts say.
class grouping {
 public:
  void add(const task_info& task) {
    const key of{task.function.function_name(), static_cast<const void*>(task.waits_on),
                 task.place.file_name(),        task.place.line(),
                 task.function.line(),          task.state};
    merge(groups_[of], {1, task, task.waited, task.waited});
  }

  [[nodiscard]] std::vector<similar_tasks> sorted() const {
    using text_key = std::tuple<std::string_view, std::string_view, std::string_view, unsigned,
                                unsigned, task_state>;
    std::map<text_key, similar_tasks> merged;
    for (const auto& [at, group] : groups_) {
      const task_info& task = group.first;
      const text_key by_text{task.function.function_name(), task.waits_on ? task.waits_on : "",
                             task.place.file_name(),        task.place.line(),
                             task.function.line(),          task.state};
      merge(merged[by_text], group);
    }
    std::vector<similar_tasks> all;
    all.reserve(merged.size());
    for (auto& [at, group] : merged)
      all.push_back(std::move(group));
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    return all;
  }

 private:
  using key = std::tuple<const void*, const void*, const void*, unsigned, unsigned, task_state>;
  struct hash {
    std::size_t operator()(const key& of) const noexcept {
      const auto mix = [](std::size_t sum, std::size_t part) {
        return (sum ^ part) * 0x9e37'79b9'7f4a'7c15U;
      };
      std::size_t sum = mix(0, reinterpret_cast<std::size_t>(std::get<0>(of)));
      sum = mix(sum, reinterpret_cast<std::size_t>(std::get<1>(of)));
      sum = mix(sum, std::get<3>(of));
      return mix(sum, static_cast<std::size_t>(std::get<5>(of))) >> 7;
    }
  };

  static void merge(similar_tasks& into, const similar_tasks& added) {
    if (into.count == 0) into.first = added.first;
    into.count += added.count;
    if (added.longest && (!into.longest || *into.longest < *added.longest)) {
      into.longest = added.longest;
    }
    if (added.shortest && (!into.shortest || *into.shortest > *added.shortest)) {
      into.shortest = added.shortest;
    }
  }

  std::unordered_map<key, similar_tasks, hash> groups_;
};

// Without what is in brackets of one kind, the outermost pair included.
std::string without_brackets(std::string_view text, char opening, char closing) {
  std::string kept;
  int depth = 0;
  for (const char each : text) {
    if (each == opening) ++depth;
    if (depth == 0) kept += each;
    if (each == closing && depth > 0) --depth;
  }
  return kept;
}

void erase_all(std::string& text, std::string_view what) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.erase(at, what.size());
}

// Lambdas have no name, and their angle brackets are not those of a template.
void name_lambdas(std::string& text) {
  for (std::size_t at = text.find("<lambda("); at != std::string::npos;
       at = text.find("<lambda(", at)) {
    std::size_t end = at;
    int depth = 0;
    do {
      if (text[end] == '<') ++depth;
      if (text[end] == '>') --depth;
      ++end;
    } while (end < text.size() && depth > 0);
    text.replace(at, end - at, "lambda");
  }
}

}  // namespace

std::string_view to_string(task_state state) noexcept {
  constexpr std::array<std::string_view, 5> names = {"created", "ready", "running", "awaiting",
                                                     "waiting"};
  return names[static_cast<std::size_t>(state)];
}

task_listing list_tasks(std::size_t tasks_max) {
  const await_relation relation;
  const auto now = std::chrono::steady_clock::now();
  task_listing all;
  grouping groups;
  memory::frame_pool::for_each_live(
      [&](const void* frame, std::size_t bytes, const frame_note& note) {
        const auto said = note.read();
        // Memory that stays without a function is not a coroutine's.
        if (!said || said->function.line() == 0) return;
        const task_info task = describe(frame, bytes, *said, relation, now);
        ++all.total;
        groups.add(task);
        if (all.tasks.size() < tasks_max) all.tasks.push_back(task);
      });
  all.groups = groups.sorted();
  return all;
}

std::string short_name(std::string_view function_name) {
  std::string text(function_name.substr(0, function_name.find(" [with ")));
  name_lambdas(text);
  for (const std::string_view unnamed : {"{anonymous}::", "(anonymous namespace)::"})
    erase_all(text, unnamed);
  text = without_brackets(without_brackets(text, '<', '>'), '(', ')');
  // What is left is "return_type name", maybe with "static" before and "const" behind it.
  for (const std::string_view behind : {" const", " volatile", " &", " &&", " noexcept"}) {
    if (text.ends_with(behind)) text.erase(text.size() - behind.size());
  }
  text.erase(0, text.rfind(' ') + 1);
  if (text.starts_with("tacit::")) text.erase(0, std::string_view("tacit::").size());
  return text;
}

}  // namespace tacit::sched
