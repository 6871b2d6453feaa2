#include "search/query.h"

#include <array>

namespace hart::search {
namespace {

struct StrategyName {
  Strategy strategy;
  std::string_view name;
};
constexpr std::array<StrategyName, 8> kStrategies{{{Strategy::automatic, "auto"},
                                                   {Strategy::exact, "exact"},
                                                   {Strategy::cells, "cells"},
                                                   {Strategy::spatial, "spatial"},
                                                   {Strategy::hilbert, "hilbert"},
                                                   {Strategy::graph, "graph"},
                                                   {Strategy::text, "text"},
                                                   {Strategy::hybrid, "hybrid"}}};

}  // namespace

std::string_view strategy_name(Strategy strategy) noexcept {
  for (const StrategyName& known : kStrategies)
    if (known.strategy == strategy) return known.name;
  return {};
}

std::optional<Strategy> find_strategy(std::string_view name) noexcept {
  for (const StrategyName& known : kStrategies)
    if (known.name == name) return known.strategy;
  return std::nullopt;
}

}  // namespace hart::search
