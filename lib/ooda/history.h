#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/uuid.h"
#include "store/store.h"

namespace hart::ooda {

/// How an action stands.
enum class Decision {
  acting,       ///< begun; found later, it was interrupted
  adopted,      ///< done, measured and kept
  rejected,     ///< tried on a copy and not found good: the store was never touched
  rolled_back,  ///< done and undone
};
[[nodiscard]] std::string_view decision_name(Decision decision) noexcept;

/// One action of the loop, and what came of it.
struct Improvement {
  std::int64_t number = 0;  ///< the tenant's first is 1
  Uuid cycle{};
  std::string hypothesis_type;
  Json action = Json::object();
  Json inverse = Json::object();
  std::string risk;
  double predicted_gain = 0;        ///< relative
  std::optional<double> before_us;  ///< mean over the load of the queries' median latencies
  std::optional<double> after_us;
  std::optional<double> gain;        ///< relative, measured
  std::optional<double> gain_lower;  ///< its one-sided 95 % lower bound
  Json measured = Json::object();    ///< rounds, queries, and the figures of each class
  Decision decision = Decision::acting;
  std::string reason;
  std::int64_t evidence_query_id = 0;  ///< the newest logged query that it was based on
  TimeUs created = 0;
  std::optional<TimeUs> completed;
};

/// Writes a new improvement down and gives it its number and time.
void record_improvement(store::Store& store, Improvement& improvement);
/// Writes what has become of it: everything but what identifies it.
void update_improvement(store::Store& store, Improvement& improvement);

/// The acting tenant's improvements, oldest first; the newest `limit` (0: all).
[[nodiscard]] std::vector<Improvement> improvements(store::Store& store,
                                                    std::int64_t limit = 0);
[[nodiscard]] std::optional<Improvement> find_improvement(store::Store& store,
                                                          std::int64_t number);

}  // namespace hart::ooda
