#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "core/json.h"

namespace hart::search {

/// What a rerank model may look at, of a hit and the query that found it.
enum class RerankFeature : std::size_t {
  cosine,            ///< of the query's vector and the hit's, in [−1, 1]
  spatial_distance,  ///< between their places in the map, in X, Y and Z
  bm25,              ///< of the query's words; 0 for a hit that they did not find
  recency,          ///< 1 / (1 + days by which the newest of all objects is newer than its own)
  reference_count,  ///< log(1 + holders), over the tenant's references to the atom
  importance,       ///< of the tenant's references to the atom, the greatest
};
inline constexpr std::size_t kRerankFeatures = 6;

/// "cosine", "spatial_distance", "bm25", "recency", "reference_count", "importance".
[[nodiscard]] std::string_view rerank_feature_name(RerankFeature feature) noexcept;
[[nodiscard]] std::optional<RerankFeature> find_rerank_feature(std::string_view name) noexcept;

/// A hit's features, by RerankFeature; not a number where a feature is unknown, as the distance
/// is without a map.
struct RerankFeatures {
  std::array<double, kRerankFeatures> values = [] {
    std::array<double, kRerankFeatures> unknown;
    unknown.fill(std::numeric_limits<double>::quiet_NaN());
    return unknown;
  }();

  [[nodiscard]] double& operator[](RerankFeature feature) noexcept {
    return values[static_cast<std::size_t>(feature)];
  }
  [[nodiscard]] double operator[](RerankFeature feature) const noexcept {
    return values[static_cast<std::size_t>(feature)];
  }
};

/// A trained function from a hit's features to a score: the higher the better.
///
/// It is a JSON document. `features` names what it looks at, in its own order, each with the
/// mean and the scale of the training set: a feature x becomes (x − mean) / scale, an unknown
/// one 0. Then either
///
///     "linear": {"weights": [w0, …], "bias": b}                  score = b + Σ wi xi
///     "boosted": {"base": b, "trees": [tree, …]}                 score = b + Σ tree(x)
///
/// where a tree is five arrays of one length, a place for each node, the root first: "feature"
/// (−1: a leaf), "threshold", "left", "right" (further nodes: left where x ≤ threshold) and
/// "value" (of a leaf).
///
///     {"type": "rerank_model", "version": 1,
///      "features": [{"name": "cosine", "mean": 0.31, "scale": 0.12}, …], "linear": {…}}
class RerankModel {
 public:
  /// Throws Error(data) on anything but such a document: an unknown or missing key, a feature
  /// twice, a number that is not finite, a scale that is not above 0, arrays of other lengths,
  /// a node that leads back.
  explicit RerankModel(const Json& document);
  /// Reads a file, and remembers it. Throws Error(no_input), Error(data).
  static std::shared_ptr<const RerankModel> load(const std::string& path);

  [[nodiscard]] double score(const RerankFeatures& features) const noexcept;
  /// Whether it looks at a feature at all.
  [[nodiscard]] bool uses(RerankFeature feature) const noexcept;

  /// The file that it was read from, as given, and its content; empty and zero without one.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const Id& content() const noexcept { return content_; }

 private:
  struct Scaling {
    RerankFeature feature;
    double mean;
    double scale;
  };
  struct Node {
    std::int32_t feature;  ///< place in `scalings_`; −1: a leaf
    std::uint32_t left;
    std::uint32_t right;
    double threshold;
    double value;
  };

  void read_features(const Json& features);
  void read_linear(const Json& linear);
  void read_boosted(const Json& boosted);
  [[nodiscard]] std::vector<Node> read_tree(const Json& tree) const;

  std::vector<Scaling> scalings_;
  std::vector<double> weights_;  ///< linear; empty: boosted
  double base_ = 0;
  std::vector<std::vector<Node>> trees_;
  std::string path_;
  Id content_;
};

}  // namespace hart::search
