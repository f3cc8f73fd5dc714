#include "bench/sentences.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace tacit::bench {
namespace {

struct standing {
  const competitor* who;
  series figures;
};

std::string amount(column which, const standing& s) {
  const auto* measure = text_of(which).measure;
  return fmt::format("{}{}{}", number(which, s.figures.median()), *measure == 0 ? "" : " ",
                     measure);
}

/// How the best relates to the worst: a factor where there is one.
std::string relation(column which, const standing& best, const standing& worst) {
  const double a = best.figures.median();
  const double b = worst.figures.median();
  if (a <= 0 || b <= 0) {
    return fmt::format("{} against {} of {}", amount(which, best), amount(which, worst),
                       worst.who->name);
  }
  const double share = a / b;
  // "0.00 times" would be no sentence.
  const auto times =
      share >= 0.01 ? fmt::format("{:.2f}", share) : fmt::format("1/{:.0f}", 1 / share);
  return fmt::format("{} times that of {} ({} against {})", times, worst.who->name,
                     amount(which, best), amount(which, worst));
}

bool overlap(const series& a, const series& b) {
  return a.lowest() <= b.highest() && b.lowest() <= a.highest();
}

/// Whether two contenders differ in a column: in a headline by the interval of their paired rounds,
/// of all pairs of contenders at once; elsewhere by their rounds not overlapping.
class judge_of_pairs {
 public:
  judge_of_pairs(const comparison& what, column which)
      : which_{which},
        is_headline_{std::find(headlines.begin(), headlines.end(), which) != headlines.end()} {
    const auto count = std::max<std::size_t>(what.competitors.size(), 2);
    asked_.family = static_cast<unsigned>(headlines.size() * count * (count - 1) / 2);
    asked_.seed = what.seed;
  }

  /// `a` as a multiple of `b`; nullopt where no interval is to be had.
  [[nodiscard]] std::optional<difference> between(const standing& a, const standing& b) const {
    return is_headline_ ? paired_difference(*b.who, *a.who, which_, asked_) : std::nullopt;
  }

  [[nodiscard]] bool differ(const standing& a, const standing& b) const {
    const auto found = between(a, b);
    return found ? found->is_shown() : !overlap(a.figures, b.figures);
  }

 private:
  column which_;
  bool is_headline_;
  confidence asked_;
};

/// What the claim, or that there is none, rests on.
std::string evidence(const std::optional<difference>& found) {
  if (!found) return "their rounds do not overlap";
  return fmt::format("between {:.3g} and {:.3g} times it, by {} pairs", found->low, found->high,
                     found->blocks);
}

/// The best one's name, and of those that its rounds do not tell it apart from.
std::string leaders(const standing& best, const std::vector<standing>& all,
                    const judge_of_pairs& judge) {
  std::string level;
  for (const auto& other : all) {
    if (other.who == best.who || judge.differ(other, best)) continue;
    level += (level.empty() ? "" : " and ") + other.who->name;
  }
  return level.empty() ? best.who->name : fmt::format("{}, level with {},", best.who->name, level);
}

std::vector<standing> standings(const comparison& what, column which) {
  std::vector<standing> out;
  for (const auto& c : what.competitors) {
    auto figures = c.over_rounds(which);
    if (!figures.empty()) out.push_back({&c, std::move(figures)});
  }
  return out;
}

std::string sentence(const comparison& what, column which) {
  const auto& text = text_of(which);
  const auto known = standings(what, which);
  if (known.empty()) return fmt::format("{}: not known for any contender.", text.subject);
  if (known.size() == 1) {
    return fmt::format("{}: {} has {}; nothing to compare it with.", text.subject,
                       known.front().who->name, amount(which, known.front()));
  }
  const auto [low, high] = std::minmax_element(
      known.begin(), known.end(),
      [](const auto& a, const auto& b) { return a.figures.median() < b.figures.median(); });
  const standing& best = text.more_is_better ? *high : *low;
  const standing& worst = text.more_is_better ? *low : *high;
  if (low->figures.lowest() == high->figures.highest()) {
    return fmt::format("{}: the same for all, {}.", text.subject, amount(which, best));
  }
  const char* rank = text.more_is_better ? "has the highest" : "has the lowest";
  if (std::min(best.figures.values.size(), worst.figures.values.size()) < 2) {
    return fmt::format("{}: {} {}, {}, in one round, so no spread is known.", text.subject,
                       best.who->name, rank, relation(which, best, worst));
  }
  const judge_of_pairs judge{what, which};
  const auto found = judge.between(best, worst);
  if (!judge.differ(best, worst)) {
    return fmt::format(
        "{}: no difference shown; {} of {} ({}) and {} ({}) {}.", text.subject,
        found ? "the pairs" : "the rounds", best.who->name, amount(which, best), worst.who->name,
        amount(which, worst),
        found ? fmt::format("allow for {:.3g} to {:.3g} times", found->low, found->high)
              : std::string{"overlap"});
  }
  return fmt::format("{}: {} {}, {}; {}.", text.subject, leaders(best, known, judge), rank,
                     relation(which, best, worst), evidence(found));
}

}  // namespace

std::vector<std::string> sentences(const comparison& what) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < columns; ++i)
    out.push_back(sentence(what, static_cast<column>(i)));
  return out;
}

namespace {

const competitor* find(const comparison& what, const std::string& name) {
  const auto found = std::find_if(what.competitors.begin(), what.competitors.end(),
                                  [&](const auto& c) { return c.name == name; });
  return found == what.competitors.end() ? nullptr : &*found;
}

/// Each round's figure of `a` as a multiple of that of `b`. Empty where a disturbed round is left
/// out on one side: the pairs would be of different rounds.
series paired_ratios(const series& a, const series& b) {
  series ratios;
  if (a.values.size() != b.values.size()) return ratios;
  for (std::size_t i = 0; i < a.values.size(); ++i)
    ratios.values.push_back(a.values[i] / b.values[i]);
  return ratios;
}

}  // namespace

std::vector<std::string> cpu_ratios(const comparison& what) {
  std::vector<std::string> out;
  if (what.competitors.empty()) return out;
  const competitor& first = what.competitors.front();
  for (const auto& c : what.competitors) {
    if (&c == &first) continue;
    const auto ratios = paired_ratios(first.over_rounds(column::cpu), c.over_rounds(column::cpu));
    if (ratios.empty()) continue;
    out.push_back(fmt::format(
        "CPU per request, {} / {}: {:.3f} (median of {} rounds, {:.3f} to {:.3f}).", first.name,
        c.name, ratios.median(), ratios.values.size(), ratios.lowest(), ratios.highest()));
  }
  return out;
}

std::vector<std::string> latency_ratios(const comparison& what) {
  std::vector<std::string> out;
  const competitor* base = find(what, what.latency_reference);
  if (base == nullptr) return out;
  for (const auto& c : what.competitors) {
    if (&c == base) continue;
    for (const auto which : {column::latency_p50, column::latency_p99, column::latency_p99_9}) {
      const auto own = c.over_rounds(which);
      const auto others = base->over_rounds(which);
      const auto ratios = paired_ratios(own, others);
      if (own.empty() || others.empty()) continue;
      out.push_back(fmt::format("{}, {} / {}: {:.1f}, of the medians {} us and {} us",
                                text_of(which).subject, c.name, base->name,
                                own.median() / others.median(), number(which, own.median()),
                                number(which, others.median())));
      out.back() += ratios.empty()
                        ? "; some rounds were left out, so there are no pairs."
                        : fmt::format("; {:.1f} to {:.1f} in {} paired rounds.", ratios.lowest(),
                                      ratios.highest(), ratios.values.size());
    }
  }
  return out;
}

}  // namespace tacit::bench
