#include "ooda/trial.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <tuple>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "search/query_record.h"
#include "search/search.h"

namespace hart::ooda {
namespace {

constexpr double kLeastGain = 0.05;
constexpr double kMostLoss = 0.02;
constexpr std::size_t kResamples = 1000;
/// Short queries are noisy and cheap to repeat: rounds go on until both are reached.
constexpr std::size_t kEnoughRounds = 15;
constexpr double kEnoughSeconds = 2;
/// A query faster than the clock can tell counts as this.
constexpr double kShortestUs = 0.1;

struct Timed {
  search::Result result;
  double us;
};

Timed run_timed(store::Store& store, const search::Query& query) {
  const double started = steady_seconds();
  search::Result result = search::search(store, query);
  return {std::move(result), std::max((steady_seconds() - started) * 1e6, kShortestUs)};
}

bool same_hits(const search::Result& a, const search::Result& b) {
  return std::equal(a.hits.begin(), a.hits.end(), b.hits.begin(), b.hits.end(),
                    [](const search::Hit& x, const search::Hit& y) {
                      return x.atom_id == y.atom_id && x.score == y.score &&
                             x.distance == y.distance;
                    });
}

bool warm_up(store::Store& before, store::Store& after, const std::vector<ReplayItem>& items) {
  bool identical = true;
  for (const ReplayItem& item : items)
    identical =
        same_hits(search::search(before, item.query), search::search(after, item.query)) &&
        identical;
  return identical;
}

void measure_round(store::Store& before, store::Store& after,
                   const std::vector<ReplayItem>& items, std::size_t round,
                   std::vector<learn::PairedSeries>& series) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool before_first = (round + i) % 2 == 0;
    const double first = run_timed(before_first ? before : after, items[i].query).us;
    const double second = run_timed(before_first ? after : before, items[i].query).us;
    series[i].before.push_back(before_first ? first : second);
    series[i].after.push_back(before_first ? second : first);
  }
}

/// Mean over the load of the medians.
double mean_us(const std::vector<learn::PairedSeries>& series,
               std::vector<double> learn::PairedSeries::*side) {
  double sum = 0;
  double weight = 0;
  for (const learn::PairedSeries& item : series) {
    sum += item.weight * learn::median(item.*side);
    weight += item.weight;
  }
  return weight > 0 ? sum / weight : 0;
}

std::vector<ClassGain> class_gains(const std::vector<learn::PairedSeries>& series,
                                   std::uint64_t seed) {
  std::set<std::size_t> classes;
  for (const learn::PairedSeries& item : series) classes.insert(item.stratum);
  std::vector<ClassGain> gains;
  for (const std::size_t query_class : classes) {
    std::vector<learn::PairedSeries> members;
    for (const learn::PairedSeries& item : series)
      if (item.stratum == query_class) members.push_back(item);
    gains.push_back({query_class, mean_us(members, &learn::PairedSeries::before),
                     mean_us(members, &learn::PairedSeries::after),
                     learn::bootstrap_gain(members, kResamples, seed)});
  }
  return gains;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.1f %%", share * 100);
  return text;
}

double rounded(double value) {
  return std::round(value * 1e4) / 1e4;
}

}  // namespace

std::vector<ReplayItem> choose_replay(store::Store& store, const Observation& observation,
                                      std::size_t per_class) {
  std::vector<ReplayItem> items;
  std::vector<std::size_t> chosen(observation.classes.size());
  std::set<std::tuple<std::string, std::string, std::vector<float>>> seen;
  for (std::size_t i = observation.window.size(); i-- > 0;) {
    const QueryRecord& record = observation.window[i].record;
    const std::size_t query_class = observation.class_of[i];
    if (record.operation != "query" || chosen[query_class] == per_class) continue;
    if (!seen.emplace(record.input, dump_json(record.parameters), record.vector).second)
      continue;
    try {
      items.push_back({query_class, 1, search::recorded_query(store, record)});
      ++chosen[query_class];
    } catch (const Error&) {
      // Not a query of this store any more.
    }
  }
  for (ReplayItem& item : items)
    item.weight = static_cast<double>(observation.classes[item.query_class].queries) /
                  static_cast<double>(chosen[item.query_class]);
  return items;
}

Trial compare_stores(store::Store& before, store::Store& after,
                     const std::vector<ReplayItem>& items, const TrialOptions& options) {
  Trial trial;
  trial.queries = items.size();
  std::vector<learn::PairedSeries> series;
  for (const ReplayItem& item : items)
    series.push_back({item.query_class, item.weight, {}, {}});
  trial.identical = warm_up(before, after, items);
  const double started = steady_seconds();
  const auto wanted = [&] {
    const double now = steady_seconds();
    const bool enough = trial.rounds >= kEnoughRounds && now - started >= kEnoughSeconds;
    return trial.rounds < options.rounds && now < options.give_up_s && !enough;
  };
  while (wanted()) {
    if (options.between_rounds) options.between_rounds();
    measure_round(before, after, items, trial.rounds++, series);
  }
  if (trial.rounds == 0) return trial;
  trial.before_us = mean_us(series, &learn::PairedSeries::before);
  trial.after_us = mean_us(series, &learn::PairedSeries::after);
  trial.gain = learn::bootstrap_gain(series, kResamples, options.seed);
  trial.classes = class_gains(series, options.seed);
  return trial;
}

Json Trial::json(const Observation& observation) const {
  Json listed = Json::array();
  for (const ClassGain& gained : classes) {
    const QueryClass& query_class = observation.classes[gained.query_class];
    listed.push_back({{"statement", query_class.statement},
                      {"strategy", query_class.strategy},
                      {"before_us", rounded(gained.before_us)},
                      {"after_us", rounded(gained.after_us)},
                      {"gain", rounded(gained.gain.estimate)},
                      {"gain_lower", rounded(gained.gain.lower)},
                      {"gain_upper", rounded(gained.gain.upper)}});
  }
  return {{"rounds", rounds},
          {"queries", queries},
          {"identical", identical},
          {"classes", std::move(listed)}};
}

Verdict judge(const Trial& trial, bool must_gain) {
  if (trial.queries == 0) return {false, false, "no logged query can be run again"};
  if (!trial.identical) return {false, true, "an answer was another than before"};
  if (trial.rounds < kMinRounds)
    return {false, false,
            "the budget allowed " + std::to_string(trial.rounds) + " rounds of measuring, " +
                std::to_string(kMinRounds) + " are needed"};
  for (const ClassGain& gained : trial.classes)
    if (gained.gain.upper < -kMostLoss)
      return {false, true,
              "a class of queries lost: " + percent(gained.gain.estimate) + ", at best " +
                  percent(gained.gain.upper)};
  const double least = must_gain ? kLeastGain : -kMostLoss;
  const std::string figures =
      "gain " + percent(trial.gain.estimate) + ", lower bound " + percent(trial.gain.lower);
  if (trial.gain.lower < least) return {false, true, figures + ", below " + percent(least)};
  return {true, true, figures};
}

}  // namespace hart::ooda
