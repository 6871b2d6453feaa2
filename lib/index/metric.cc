#include "index/metric.h"

#include <array>

#include "tensor/vector.h"

namespace hart::index {
namespace {

struct MetricName {
  Metric metric;
  std::string_view name;
};
constexpr std::array<MetricName, 3> kMetrics{
    {{Metric::cosine, "cosine"}, {Metric::l2, "l2"}, {Metric::dot, "dot"}}};

}  // namespace

std::string_view metric_name(Metric metric) noexcept {
  for (const MetricName& known : kMetrics)
    if (known.metric == metric) return known.name;
  return {};
}

std::optional<Metric> find_metric(std::string_view name) noexcept {
  for (const MetricName& known : kMetrics)
    if (known.name == name) return known.metric;
  return std::nullopt;
}

double similarity(Metric metric, double distance) noexcept {
  switch (metric) {
    case Metric::cosine:
      return 1 - distance;
    case Metric::l2:
      return 1 / (1 + distance);
    case Metric::dot:
      return -distance;
  }
  return 0;
}

DistanceFrom::DistanceFrom(Metric metric, std::span<const float> query) noexcept
    : metric_{metric}, query_{query}, query_norm_{tensor::norm(query)} {}

double DistanceFrom::operator()(std::span<const float> row) const noexcept {
  if (metric_ == Metric::l2) return of_figure(tensor::squared_l2(row, query_), 0);
  const float row_norm = metric_ == Metric::cosine ? tensor::norm(row) : 0;
  return of_figure(tensor::dot(row, query_), row_norm);
}

}  // namespace hart::index
