#include "search/rerank.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "core/error.h"
#include "core/mapped_file.h"
#include "crypto/sha256.h"

namespace hart::search {
namespace {

constexpr std::array<std::string_view, kRerankFeatures> kNames{
    "cosine", "spatial_distance", "bm25", "recency", "reference_count", "importance"};
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20U;

[[noreturn]] void refuse(const std::string& what) {
  throw Error{Fault::data, "rerank model: " + what};
}

/// The value under `key` of an object that has exactly `keys`.
void require_keys(const Json& object, const std::string& what,
                  std::initializer_list<const char*> keys) {
  if (!object.is_object()) refuse(what + " is no object");
  for (const char* key : keys)
    if (!object.contains(key)) refuse(what + " has no '" + key + "'");
  if (object.size() != keys.size()) refuse(what + " has a key that is not known");
}

double number(const Json& json, const char* what) {
  if (!json.is_number()) refuse(std::string{what} + " is no number");
  const double value = json.get<double>();
  if (!std::isfinite(value)) refuse(std::string{what} + " is not finite");
  return value;
}

const Json& array(const Json& json, const std::string& what, std::size_t size) {
  if (!json.is_array() || json.size() != size)
    refuse(what + " is no array of " + std::to_string(size));
  return json;
}

std::int64_t whole(const Json& json, const char* what) {
  if (!json.is_number_integer()) refuse(std::string{what} + " is no whole number");
  return json.get<std::int64_t>();
}

}  // namespace

std::string_view rerank_feature_name(RerankFeature feature) noexcept {
  return kNames[static_cast<std::size_t>(feature)];
}

std::optional<RerankFeature> find_rerank_feature(std::string_view name) noexcept {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<RerankFeature>(found - kNames.begin());
}

RerankModel::RerankModel(const Json& document) {
  const bool linear = document.is_object() && document.contains("linear");
  require_keys(document, "the document",
               {"type", "version", "features", linear ? "linear" : "boosted"});
  if (document["type"] != "rerank_model") refuse("the type is not rerank_model");
  if (document["version"] != 1) refuse("the version is not 1");
  read_features(document["features"]);
  if (linear)
    read_linear(document["linear"]);
  else
    read_boosted(document["boosted"]);
}

std::shared_ptr<const RerankModel> RerankModel::load(const std::string& path) {
  const MappedFile file{path};
  if (file.bytes().size() > kMaxFileBytes) refuse(path + " is larger than 64 MiB");
  auto model = std::make_shared<RerankModel>(parse_json(as_text(file.bytes()), path));
  model->path_ = path;
  model->content_ = {IdSpace::content, crypto::sha256(file.bytes())};
  return model;
}

void RerankModel::read_features(const Json& features) {
  if (!features.is_array() || features.empty()) refuse("'features' is no list");
  for (const Json& entry : features) {
    require_keys(entry, "a feature", {"name", "mean", "scale"});
    const auto feature = entry["name"].is_string()
                             ? find_rerank_feature(entry["name"].get<std::string>())
                             : std::nullopt;
    if (!feature) refuse("there is no feature " + dump_json(entry["name"]));
    if (uses(*feature)) refuse("the feature " + dump_json(entry["name"]) + " stands twice");
    const double scale = number(entry["scale"], "a scale");
    if (!(scale > 0)) refuse("a scale is not above 0");
    scalings_.push_back({*feature, number(entry["mean"], "a mean"), scale});
  }
}

void RerankModel::read_linear(const Json& linear) {
  require_keys(linear, "'linear'", {"weights", "bias"});
  for (const Json& weight : array(linear["weights"], "'weights'", scalings_.size()))
    weights_.push_back(number(weight, "a weight"));
  base_ = number(linear["bias"], "the bias");
}

void RerankModel::read_boosted(const Json& boosted) {
  require_keys(boosted, "'boosted'", {"base", "trees"});
  base_ = number(boosted["base"], "the base");
  if (!boosted["trees"].is_array() || boosted["trees"].empty()) refuse("'trees' is no list");
  for (const Json& tree : boosted["trees"]) trees_.push_back(read_tree(tree));
}

std::vector<RerankModel::Node> RerankModel::read_tree(const Json& tree) const {
  require_keys(tree, "a tree", {"feature", "threshold", "left", "right", "value"});
  const std::size_t n = tree["feature"].size();
  if (n == 0) refuse("a tree has no node");
  for (const char* key : {"feature", "threshold", "left", "right", "value"})
    array(tree[key], "'" + std::string{key} + "' of a tree", n);
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t feature = whole(tree["feature"][i], "a node's feature");
    Node node{-1, 0, 0, number(tree["threshold"][i], "a threshold"),
              number(tree["value"][i], "a node's value")};
    if (feature < -1 || feature >= static_cast<std::int64_t>(scalings_.size()))
      refuse("a node looks at feature " + std::to_string(feature));
    node.feature = static_cast<std::int32_t>(feature);
    if (feature >= 0) {
      const std::int64_t left = whole(tree["left"][i], "a node's left");
      const std::int64_t right = whole(tree["right"][i], "a node's right");
      const auto leads_on = [&](std::int64_t to) {
        return to > static_cast<std::int64_t>(i) && to < static_cast<std::int64_t>(n);
      };
      // So no walk through the tree is longer than it has nodes.
      if (!leads_on(left) || !leads_on(right)) refuse("a node does not lead to a further one");
      node.left = static_cast<std::uint32_t>(left);
      node.right = static_cast<std::uint32_t>(right);
    }
    nodes.push_back(node);
  }
  return nodes;
}

double RerankModel::score(const RerankFeatures& features) const noexcept {
  std::array<double, kRerankFeatures> scaled{};
  for (std::size_t i = 0; i < scalings_.size(); ++i) {
    const double value = features[scalings_[i].feature];
    scaled[i] = std::isnan(value) ? 0 : (value - scalings_[i].mean) / scalings_[i].scale;
  }
  double score = base_;
  for (std::size_t i = 0; i < weights_.size(); ++i) score += weights_[i] * scaled[i];
  for (const std::vector<Node>& tree : trees_) {
    std::size_t at = 0;
    while (tree[at].feature >= 0)
      at = scaled[static_cast<std::size_t>(tree[at].feature)] <= tree[at].threshold
               ? tree[at].left
               : tree[at].right;
    score += tree[at].value;
  }
  // Weights that run over and cancel each other leave nothing to order by.
  return std::isnan(score) ? -std::numeric_limits<double>::infinity() : score;
}

bool RerankModel::uses(RerankFeature feature) const noexcept {
  return std::any_of(scalings_.begin(), scalings_.end(),
                     [&](const Scaling& scaling) { return scaling.feature == feature; });
}

}  // namespace hart::search
