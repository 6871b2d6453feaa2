#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "core/error.h"
#include "prov/cypher/scratch_graph.h"
#include "prov/cypher/temporal.h"

namespace hart::prov::exports::test {

/// A fresh directory under the system's temporary one, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    path_ = (std::filesystem::temp_directory_path() / "hart-unit-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr)
      throw Error{Fault::cannot_create, "no scratch directory"};
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// A graph of provenance with one node of each sort, and what a chain must not reach.
struct SampleChain {
  static constexpr const char* kInference = "0192f0c0-a000-7000-8000-00000000000a";

  cypher::ScratchGraph graph;
  cypher::NodeId inference, decision, evidence, atom, component, stranger, earlier,
      earlier_decision, model, alternative;

  SampleChain() {
    const auto time = [](const char* text) {
      return cypher::Value{cypher::parse_temporal(cypher::TemporalKind::datetime, text)};
    };
    inference =
        graph.create_node({"Inference"}, {{"inference_id", kInference},
                                          {"prompt", "what is a <dog>?"},
                                          {"task_type", "generate_text"},
                                          {"timestamp", time("2026-11-22T09:30:00.500000Z")},
                                          {"completed", time("2026-11-22T09:30:02Z")},
                                          {"tokens_in", std::int64_t{7}},
                                          {"tokens_out", std::int64_t{9}},
                                          {"confidence", 0.75},
                                          {"finish_reason", "stop"}});
    decision =
        graph.create_node({"Decision"}, {{"decision_id", "d"}, {"output_text", "an animal"}});
    evidence = graph.create_node(
        {"Evidence"},
        {{"evidence_id", "e"}, {"source", "animals.md"}, {"content", cypher::Value{}}});
    atom = graph.create_node({"Atom"}, {{"atom_id", "sha256:02"}});
    component = graph.create_node({"Atom"}, {{"atom_id", "sha256:03"}});
    model = graph.create_node({"Model"}, {{"model_id", "tree:01"}, {"name", "tiny"}});
    alternative = graph.create_node({"Alternative"},
                                    {{"alternative_id", "l"}, {"description", "a plant"}});
    // A day before in UTC, the same day where it was written.
    earlier =
        graph.create_node({"Inference"}, {{"inference_id", "earlier"},
                                          {"task_type", "generate_text"},
                                          {"timestamp", time("2026-11-22T00:30:00+02:00")},
                                          {"tokens_in", std::int64_t{3}},
                                          {"tokens_out", std::int64_t{4}},
                                          {"finish_reason", "length"}});
    earlier_decision = graph.create_node({"Decision"}, {{"decision_id", "d0"}});
    stranger = graph.create_node({"Inference"}, {{"inference_id", "stranger"}});
    graph.create_edge(inference, decision, "RESULTED_IN", {});
    graph.create_edge(inference, model, "USED_MODEL", {{"contribution_weight", 0.5}});
    graph.create_edge(inference, atom, "USED_ATOM", {{"role", "evidence"}});
    graph.create_edge(inference, earlier, "INFLUENCED_BY", {{"strength", 0.5}});
    graph.create_edge(decision, evidence, "SUPPORTED_BY", {{"strength", 0.75}});
    graph.create_edge(decision, alternative, "CONSIDERED_ALTERNATIVE", {});
    graph.create_edge(evidence, atom, "FROM_ATOM", {});
    graph.create_edge(atom, component, "HAS_COMPONENT", {});
    graph.create_edge(earlier, earlier_decision, "RESULTED_IN", {});
    graph.create_edge(stranger, inference, "INFLUENCED_BY", {});
  }
};

}  // namespace hart::prov::exports::test
