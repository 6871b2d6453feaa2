#include "prov/retention.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fixture.h"
#include "prov/explanation.h"
#include "prov/graph/derivation.h"
#include "prov/graph/verify_graph.h"
#include "prov/verify.h"
#include "store/erase.h"

namespace hart::prov {
namespace {

bool any_file_holds(const test::ScratchStore& scratch, const std::string& needle) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator{scratch.directory()}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file{entry.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    if (bytes.find(needle) != std::string::npos) return true;
  }
  return false;
}

/// A receipt that ended at `completed`, asked `prompt`, on the evidence of the fixture.
void write_at(store::Store& store, TimeUs completed, const std::string& prompt,
              std::vector<Evidence> evidence = {}) {
  ReceiptSink sink{store};
  GenerationBegin begin = test::sample_begin();
  begin.started = completed - 1;
  begin.inference = make_uuid7(completed);
  begin.prompt = prompt;
  begin.evidence = std::move(evidence);
  sink.begin(begin);
  sink.token(test::sample_token(2, -0.5f));
  GenerationEnd end = test::sample_end();
  end.completed = completed;
  end.output = "the answer to " + prompt;
  static_cast<void>(sink.end(end));
}

bool sound(store::Store& store) {
  bool ok = verify_log(store).problems.empty();
  for_each_stream(store, [&](const GenerationStream& stream) {
    ok = ok && verify_stream(store, stream).problems.empty();
  });
  return ok;
}

Explanation explained(store::Store& store, std::uint64_t leaf) {
  return explain(store, *stream_at(store, leaf));
}

TEST_CASE("retention: what ended before goes from every file, what ended then or later stays") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  write_at(store, 1'000, "oldsecretprompt", {test::sample_evidence("oldsecretfact", 1)});
  write_at(store, 2'000, "atthelimit");
  write_at(store, 3'000, "youngprompt");
  const ErasedOpenings planned = erase_openings_before(store, 2'000, true);
  CHECK(planned.receipts == 1);
  CHECK(any_file_holds(scratch, "oldsecretprompt"));
  const ErasedOpenings erased = erase_openings_before(store, 2'000, false);
  CHECK(erased.openings == planned.openings);
  CHECK(erased.bytes == planned.bytes);
  CHECK(erased.remains == "");
  CHECK_FALSE(any_file_holds(scratch, "oldsecret"));
  CHECK(any_file_holds(scratch, "atthelimit"));
  CHECK(sound(store));
  // Tenant, model name, prompt, evidence, tokens, output.
  CHECK(erased.openings == 7);
  CHECK(explained(store, 0).erased == 7);
  CHECK(explained(store, 1).erased == 0);
  CHECK(erase_openings_before(store, 2'000, false).receipts == 0);
}

TEST_CASE("retention: another tenant's openings are another's") {
  const test::ScratchStore scratch{test::prov_modules()};
  scratch.add_tenant("other");
  store::Store other = scratch.open("other");
  write_at(other, 1'000, "theirprompt");
  store::Store store = scratch.open();
  write_at(store, 1'000, "myprompt");
  CHECK(erase_openings_before(store, INT64_MAX, false).receipts == 1);
  CHECK(explained(other, 0).prompt == "theirprompt");
}

TEST_CASE("erasure: evidence of erased atoms goes, with what was generated from it") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  const Evidence secret = test::sample_evidence("secretfact", 0.5);
  const Evidence kept = test::sample_evidence("keptfact", 0.5);
  write_at(store, 1'000, "firstprompt", {kept, secret});
  write_at(store, 2'000, "quoting secretfact", {secret});
  write_at(store, 3'000, "otherprompt", {kept});
  write_at(store, 4'000, "bareprompt");
  const Id ids[] = {secret.atom};
  CHECK(derive_graph(store) == 4);
  {
    store::WriteTransaction transaction{store};
    // Evidence, tokens and output; the second time the prompt too.
    CHECK(erase_provenance(store, {false, ids, {}}) == 3 + 4);
    transaction.commit();
  }
  CHECK(sound(store));
  // The graph knew of it too.
  CHECK(verify_graph(store).empty());
  CHECK(derive_graph(store) == 4);
  CHECK(verify_graph(store).empty());
  const Explanation first = explained(store, 0);
  CHECK(first.prompt == "firstprompt");
  REQUIRE(first.evidence.size() == 1);
  CHECK(first.evidence[0].evidence.text == "keptfact");
  CHECK_FALSE(first.output.has_value());
  CHECK_FALSE(explained(store, 1).prompt.has_value());
  CHECK(explained(store, 2).erased == 0);
  CHECK(explained(store, 3).erased == 0);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM atom_provenance"
                                 " WHERE role = 1") == 2);
}

TEST_CASE("erasure: an object's name and a model's name are content too") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  Evidence named = test::sample_evidence("somefact", 1);
  named.name = "secretname.md";
  write_at(store, 1'000, "firstprompt", {named});
  write_at(store, 2'000, "secondprompt", {test::sample_evidence("keptfact", 1)});
  const std::string names[] = {"a.md", "secretname.md"};
  const Id model = explained(store, 0).stream.model.value();
  {
    store::WriteTransaction transaction{store};
    CHECK(erase_provenance(store, {false, {}, names}) == 3);
    CHECK(erase_provenance(store, {false, {&model, 1}, {}}) == 2);
    transaction.commit();
  }
  CHECK(sound(store));
  CHECK_FALSE(explained(store, 0).output.has_value());
  CHECK(explained(store, 1).output.has_value());
  CHECK_FALSE(explained(store, 1).model_name.has_value());
}

TEST_CASE("erasure: a tenant's erasure leaves none of its prompts in any file") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  write_at(store, 1'000, "secretprompt", {test::sample_evidence("secretfact", 1)});
  store::EraseOptions options;
  options.modules = test::prov_modules();
  const store::Erased erased = store::erase_tenant(store, options);
  CHECK(erased.openings == 7);
  CHECK(erased.remains == "");
  CHECK_FALSE(any_file_holds(scratch, "secretprompt"));
  CHECK_FALSE(any_file_holds(scratch, "secretfact"));
  CHECK(sound(store));
}

}  // namespace
}  // namespace hart::prov
