#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "export_fixture.h"
#include "fixture.h"
#include "prov/sync/synchronizer.h"

namespace hart::test {

/// A store with receipts, and a graph of what they gave rise to.
class SyncSample {
 public:
  explicit SyncSample(int receipts) : store{scratch_.open()} { add(receipts); }

  void add(int receipts) {
    for (int i = 0; i < receipts; ++i) {
      const std::string id = write_receipt(store);
      const auto inference =
          graph.create_node({"Inference"}, {{"inference_id", id}, {"prompt", "what?"}});
      const auto decision =
          graph.create_node({"Decision"}, {{"decision_id", id + "/decision"}});
      graph.create_edge(inference, decision, "RESULTED_IN", {});
      if (previous_ >= 0) graph.create_edge(inference, previous_, "INFLUENCED_BY", {});
      previous_ = inference;
      inferences.push_back(id);
    }
  }

  std::vector<std::string> inferences;

 private:
  ScratchStore scratch_{prov_modules()};

 public:
  store::Store store;
  prov::cypher::ScratchGraph graph;

 private:
  prov::cypher::NodeId previous_ = -1;
};

/// A target in memory that says what a test tells it to.
class FakeTarget : public prov::SyncTarget {
 public:
  prov::Delivery deliver(const prov::SyncBatch& batch) override {
    ++calls;
    if (unavailable > 0) {
      --unavailable;
      return {prov::Delivery::Outcome::unavailable, "the target is away"};
    }
    if (failures > 0) {
      --failures;
      return {prov::Delivery::Outcome::refused, "the target has a bad moment"};
    }
    for (const std::uint64_t leaf : poison)
      if (leaf >= batch.first && leaf <= batch.last)
        return {prov::Delivery::Outcome::refused, "the target will not have it"};
    for (std::uint64_t leaf = batch.first; leaf <= batch.last; ++leaf) accepted.push_back(leaf);
    payloads += batch.payload;
    return {};
  }

  std::vector<std::uint64_t> poison;
  std::vector<std::uint64_t> accepted;
  std::string payloads;
  int calls = 0;
  int failures = 0;
  int unavailable = 0;
};

/// One run to a target, with what it waited for.
struct SyncRun {
  SyncRun(SyncSample& sample, prov::SyncTarget& to, prov::SyncOptions with = {})
      : encoding{prov::json_lines_encoding("default")},
        state{sample.store, "target"},
        synchronizer{sample.store,
                     sample.graph,
                     *encoding,
                     to,
                     state,
                     with,
                     {[this](double seconds) { waits.push_back(seconds); }, {}, {}}} {}

  std::unique_ptr<prov::SyncEncoding> encoding;
  prov::SyncState state;
  std::vector<double> waits;
  prov::Synchronizer synchronizer;
};

}  // namespace hart::test
