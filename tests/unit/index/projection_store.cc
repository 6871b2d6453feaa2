#include "index/projection_store.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "geometry/hilbert.h"
#include "geometry/spatialite_blob.h"
#include "store/hiding.h"
#include "store_fixture.h"

namespace {

using hart::Error;
using hart::geometry::PointZM;
using hart::geometry::Projection;
using namespace hart::index;

TEST_CASE("projection: each fit is stored as the next version, the newest is current") {
  StoreFixture fixture;
  CHECK_FALSE(current_projection(fixture.store(), fixture.model()).has_value());
  fixture.put(random_vectors(100, 1));
  const auto pca = fit_projection(fixture.store(), fixture.model(), {});
  const auto landmark =
      fit_projection(fixture.store(), fixture.model(), {Projection::Kind::landmark});
  CHECK(pca.version == 1);
  CHECK(landmark.version == 2);
  CHECK(pca.fitted_on == 100);
  CHECK(pca.rank_correlation > 0);
  const auto current = current_projection(fixture.store(), fixture.model());
  REQUIRE(current.has_value());
  CHECK(current->version == 2);
  CHECK(current->projection == landmark.projection);
  const auto first = projection_version(fixture.store(), fixture.model(), 1);
  REQUIRE(first.has_value());
  CHECK(first->projection == pca.projection);
  CHECK(first->rank_correlation == pca.rank_correlation);
  CHECK_FALSE(projection_version(fixture.store(), fixture.model(), 3).has_value());
}

TEST_CASE("projection: fitting moves every vector to its place, in space and on the curve") {
  StoreFixture fixture;
  const auto vectors = random_vectors(40, 2);
  fixture.put(vectors);
  const auto fitted = fit_projection(fixture.store(), fixture.model(), {});
  auto rows = fixture.store().db().prepare(
      "SELECT spatial_key, hilbert_index FROM my_atom_embedding ORDER BY atom_embedding_id");
  std::size_t row = 0;
  for (; rows.step(); ++row) {
    const PointZM point = hart::geometry::decode_point(rows.blob(0));
    PointZM expected = place_of(fitted.projection, vectors[row]);
    expected.m = 0;
    CHECK(point == expected);
    CHECK(rows.integer(1) == static_cast<std::int64_t>(hart::geometry::hilbert_index(
                                 hart::geometry::cell_of_point(Projection::box(), expected))));
  }
  CHECK(row == 40);
}

/// Hides the atom from the tenant, or shows it again.
void set_hidden(hart::store::Store& store, std::int64_t atom_id, bool hidden) {
  hart::store::WriteTransaction transaction{store};
  hart::store::Hiding hiding{store};
  if (hidden)
    hiding.add_holder(atom_id, hart::store::Modality::text);
  else
    hiding.drop_holder(atom_id, hart::store::Modality::text);
  using Outcome = hart::store::Hiding::Outcome;
  REQUIRE(hiding.settle(atom_id, hart::store::Modality::text) ==
          (hidden ? Outcome::hidden : Outcome::shown));
  transaction.commit();
}

TEST_CASE("projection: what was hidden when it was fitted comes back to its place in it") {
  StoreFixture fixture;
  auto& store = fixture.store();
  const auto vectors = random_vectors(40, 2);
  const auto atoms = fixture.put(vectors);
  set_hidden(store, atoms[0], true);  // before there is any map
  CHECK(fit_projection(store, fixture.model(), {}).fitted_on == 39);
  set_hidden(store, atoms[1], true);
  const auto fitted = fit_projection(store, fixture.model(), {Projection::Kind::landmark});
  CHECK(fitted.fitted_on == 38);
  for (const std::size_t i : {0, 1}) {
    set_hidden(store, atoms[i], false);
    auto row = store.db().prepare(
        "SELECT e.spatial_key, e.hilbert_index, t.spatial_key FROM my_atom_embedding AS e"
        " JOIN my_tenant_atom AS t ON t.atom_id = e.atom_id WHERE e.atom_id = ?");
    REQUIRE(row.with(atoms[i]).step());
    const PointZM expected = place_of(fitted.projection, vectors[i]);
    CHECK(hart::geometry::decode_point(row.blob(0)) == expected);
    CHECK(row.integer(1) == static_cast<std::int64_t>(hart::geometry::hilbert_index(
                                hart::geometry::cell_of_point(Projection::box(), expected))));
    const PointZM key = hart::geometry::decode_point(row.blob(2));
    CHECK(key.x == expected.x);
    CHECK(key.y == expected.y);
  }
}

TEST_CASE("projection: a hidden reference to what is seen gets its key, too") {
  StoreFixture fixture;
  auto& store = fixture.store();
  const auto atoms = fixture.put(random_vectors(3, 2));
  {
    hart::store::WriteTransaction transaction{store};
    store.db().exec(
        "INSERT INTO tenant_atom (tenant_id, atom_id, modality, subtype, holders,"
        " access_level, importance, created_us) VALUES (1, " +
        std::to_string(atoms[0]) + ", 0, 'word', 1, 'none', 0.5, 1)");
    transaction.commit();
  }
  (void)fit_projection(store, fixture.model(), {});
  CHECK(store.db().query_integer(
            "SELECT COUNT(*) FROM tenant_atom WHERE spatial_key IS NULL") == 0);
  // But its importance does not show.
  auto row = store.db().prepare("SELECT spatial_key FROM my_atom_embedding WHERE atom_id = ?");
  REQUIRE(row.with(atoms[0]).step());
  CHECK(hart::geometry::decode_point(row.blob(0)).m == 0);
}

TEST_CASE("projection: the same vectors and seed give the same projection") {
  StoreFixture fixture;
  fixture.put(random_vectors(300, 3));
  FitOptions options;
  options.sample = 50;
  options.seed = 9;
  const auto first = fit_projection(fixture.store(), fixture.model(), options);
  const auto second = fit_projection(fixture.store(), fixture.model(), options);
  CHECK(first.fitted_on == 50);
  CHECK(first.projection == second.projection);
  options.seed = 10;
  CHECK_FALSE(fit_projection(fixture.store(), fixture.model(), options).projection ==
              first.projection);
}

TEST_CASE("projection: a vector's length does not change its place") {
  StoreFixture fixture;
  const auto vectors = random_vectors(40, 4);
  fixture.put(vectors);
  const auto fitted = fit_projection(fixture.store(), fixture.model(), {});
  std::vector<float> twice = vectors[0];
  for (float& x : twice) x *= 2;  // exact in binary
  const PointZM a = place_of(fitted.projection, vectors[0]);
  const PointZM b = place_of(fitted.projection, twice);
  CHECK(a.x == doctest::Approx(b.x).epsilon(1e-6));
  CHECK(a.z == doctest::Approx(b.z).epsilon(1e-6));
  CHECK_NOTHROW((void)place_of(fitted.projection, std::vector<float>(StoreFixture::kDim)));
}

TEST_CASE("projection: fewer than two vectors that are not zero cannot be fitted") {
  StoreFixture fixture;
  CHECK_THROWS_AS((void)fit_projection(fixture.store(), fixture.model(), {}), Error);
  std::vector<std::vector<float>> vectors(5, std::vector<float>(StoreFixture::kDim));
  vectors[0][0] = 1;
  fixture.put(vectors);
  CHECK_THROWS_WITH_AS((void)fit_projection(fixture.store(), fixture.model(), {}),
                       "a projection needs two vectors of test-vectors or more, there are 1",
                       Error);
  CHECK_FALSE(current_projection(fixture.store(), fixture.model()).has_value());
}

TEST_CASE("projection: a trilateration is stored with its landmarks and its figures") {
  StoreFixture fixture;
  const auto vectors = random_vectors(200, 5);
  fixture.put(vectors);
  FitOptions options;
  options.kind = Projection::Kind::trilateration;
  options.landmarks = 9;
  const auto fitted = fit_projection(fixture.store(), fixture.model(), options);
  const auto stored = current_projection(fixture.store(), fixture.model());
  REQUIRE(stored.has_value());
  CHECK(stored->projection == fitted.projection);
  CHECK(stored->projection.landmark_count() == 9);
  REQUIRE(stored->stress.has_value());
  CHECK(*stored->stress == *fitted.stress);
  CHECK(*stored->stress > 0);
  CHECK(*stored->stress < 1);
  CHECK(current_projection_version(fixture.store(), fixture.model()) == 1);
  const PointZM place = place_of(fitted.projection, vectors[3]);
  auto row = fixture.store().db().prepare(
      "SELECT spatial_key FROM my_atom_embedding ORDER BY atom_embedding_id LIMIT 1 OFFSET 3");
  REQUIRE(row.step());
  CHECK(hart::geometry::decode_point(row.blob(0)) == place);
}

/// Vectors that vary along `axis` and the two after it, and hardly elsewhere.
std::vector<std::vector<float>> vectors_along(std::size_t axis, std::size_t n,
                                              std::uint64_t seed) {
  auto vectors = random_vectors(n, seed);
  for (auto& vector : vectors)
    for (std::size_t i = 0; i < vector.size(); ++i)
      if (i < axis || i > axis + 2) vector[i] *= 0.01F;
  return vectors;
}

TEST_CASE("drift: vectors like those of the fit show none, vectors along other axes much") {
  StoreFixture fixture;
  fixture.put(vectors_along(0, 300, 6), "old");
  const auto fitted = fit_projection(fixture.store(), fixture.model(), {});
  CHECK(fitted.rank_correlation > 0.95);
  CHECK(measure_drift(fixture.store(), fixture.model(), fitted).newer == 0);

  fixture.put(vectors_along(0, kMinDriftVectors - 1, 7), "few");
  const Drift few = measure_drift(fixture.store(), fixture.model(), fitted);
  CHECK(few.newer == kMinDriftVectors - 1);
  CHECK_FALSE(few.drift.has_value());

  fixture.put(vectors_along(0, 100, 8), "alike");
  const Drift alike = measure_drift(fixture.store(), fixture.model(), fitted);
  CHECK(alike.newer == kMinDriftVectors + 99);
  REQUIRE(alike.drift.has_value());
  CHECK(std::abs(*alike.drift) < 0.05);
  CHECK(*alike.drift == doctest::Approx(fitted.rank_correlation - *alike.rank_correlation));

  fixture.put(vectors_along(8, 600, 9), "other");
  const Drift other = measure_drift(fixture.store(), fixture.model(), fitted);
  REQUIRE(other.drift.has_value());
  CHECK(*other.drift > 0.2);

  const auto again = fit_projection(fixture.store(), fixture.model(), {});
  CHECK(measure_drift(fixture.store(), fixture.model(), again).newer == 0);
}

TEST_CASE("Hilbert correlation: high where three axes hold all, lower where they do not") {
  StoreFixture fixture;
  CHECK_FALSE(hilbert_correlation(fixture.store(), fixture.model(), 1).has_value());
  fixture.put(vectors_along(0, 300, 10));
  CHECK_FALSE(hilbert_correlation(fixture.store(), fixture.model(), 1).has_value());
  (void)fit_projection(fixture.store(), fixture.model(), {});
  const auto flat = hilbert_correlation(fixture.store(), fixture.model(), 1);
  REQUIRE(flat.has_value());
  CHECK(*flat > 0.4);
  CHECK(hilbert_correlation(fixture.store(), fixture.model(), 1) == flat);

  StoreFixture full;
  full.put(random_vectors(300, 10));
  (void)fit_projection(full.store(), full.model(), {});
  CHECK(*hilbert_correlation(full.store(), full.model(), 1) < *flat - 0.1);
}

}  // namespace
