#include "search/rerank_features.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "geometry/spatialite_blob.h"
#include "index/exact.h"
#include "index/projection_store.h"
#include "store/catalog.h"

namespace hart::search {
namespace {

constexpr double kMicrosecondsADay = 86'400e6;

/// Looks up the features of one hit after the other.
class FeatureReader {
 public:
  FeatureReader(store::Store& store, const Query& query, std::span<const FusedAtom> words)
      : store_{store},
        query_{query},
        place_of_hit_{store.db().prepare("SELECT spatial_key FROM my_atom_embedding"
                                         " WHERE embedding_model_id = ?1 AND atom_id = ?2")},
        reference_{store.db().prepare("SELECT sum(holders), max(importance)"
                                      " FROM my_tenant_atom WHERE atom_id = ?1")} {
    for (const FusedAtom& word : words) bm25_.emplace(word.atom_id, word.score);
    if (uses(RerankFeature::spatial_distance)) find_place();
    if (uses(RerankFeature::recency)) find_newest();
  }

  RerankFeatures read(const Hit& hit) {
    RerankFeatures features;
    if (has_vector() && uses(RerankFeature::cosine))
      features[RerankFeature::cosine] = cosine(hit);
    if (place_) features[RerankFeature::spatial_distance] = spatial_distance(hit);
    if (!query_.text.empty()) {
      const auto found = bm25_.find(hit.atom_id);
      features[RerankFeature::bm25] = found == bm25_.end() ? 0 : found->second;
    }
    if (uses(RerankFeature::recency)) features[RerankFeature::recency] = recency(hit);
    if (uses(RerankFeature::reference_count) || uses(RerankFeature::importance))
      read_reference(hit, features);
    return features;
  }

 private:
  [[nodiscard]] bool uses(RerankFeature feature) const {
    return !query_.rerank || query_.rerank->uses(feature);
  }
  [[nodiscard]] bool has_vector() const { return query_.model && !query_.vector.empty(); }

  void find_place() {
    if (!has_vector()) return;
    const auto projection = index::current_projection(store_, *query_.model);
    if (projection) place_ = index::place_of(projection->projection, query_.vector);
  }

  void find_newest() {
    auto newest = store_.db().prepare("SELECT max(created_us) FROM my_object");
    if (newest.step() && !newest.is_null(0)) newest_ = newest.integer(0);
  }

  double cosine(const Hit& hit) {
    if (hit.distance && query_.metric == index::Metric::cosine) return 1 - *hit.distance;
    const std::vector<float> vector = index::stored_vector(store_, *query_.model, hit.atom_id);
    if (vector.empty()) return std::nan("");
    return 1 - index::DistanceFrom{index::Metric::cosine, query_.vector}(vector);
  }

  double spatial_distance(const Hit& hit) {
    place_of_hit_.with(query_.model->embedding_model_id, hit.atom_id);
    if (!place_of_hit_.step() || place_of_hit_.is_null(0)) return std::nan("");
    const geometry::PointZM at = geometry::decode_point(place_of_hit_.blob(0));
    return std::hypot(at.x - place_->x, at.y - place_->y, at.z - place_->z);
  }

  double recency(const Hit& hit) {
    const auto place = store::find_occurrence(store_, hit.atom_id);
    if (!place || !newest_) return std::nan("");
    return 1 / (1 + static_cast<double>(*newest_ - place->object.created) / kMicrosecondsADay);
  }

  void read_reference(const Hit& hit, RerankFeatures& features) {
    if (!reference_.with(hit.atom_id).step() || reference_.is_null(0)) return;
    features[RerankFeature::reference_count] = std::log1p(reference_.real(0));
    if (!reference_.is_null(1)) features[RerankFeature::importance] = reference_.real(1);
  }

  store::Store& store_;
  const Query& query_;
  store::Statement place_of_hit_;
  store::Statement reference_;
  std::unordered_map<std::int64_t, double> bm25_;
  std::optional<geometry::PointZM> place_;
  std::optional<TimeUs> newest_;
};

}  // namespace

std::vector<RerankFeatures> rerank_features(store::Store& store, const Query& query,
                                            std::span<const Hit> hits,
                                            std::span<const FusedAtom> words) {
  FeatureReader reader{store, query, words};
  std::vector<RerankFeatures> features;
  features.reserve(hits.size());
  for (const Hit& hit : hits) features.push_back(reader.read(hit));
  return features;
}

void rerank_hits(store::Store& store, const Query& query, std::span<const FusedAtom> words,
                 std::vector<Hit>& hits) {
  const auto features = rerank_features(store, query, hits, words);
  for (std::size_t i = 0; i < hits.size(); ++i)
    hits[i].score = query.rerank->score(features[i]);
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    return a.score != b.score ? a.score > b.score : a.atom_id < b.atom_id;
  });
}

}  // namespace hart::search
