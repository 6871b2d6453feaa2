#include "replay.h"

#include <algorithm>
#include <memory>

#include "atom/export.h"
#include "core/error.h"
#include "infer/generate.h"
#include "infer/generation_report.h"
#include "infer/parse_parameters.h"
#include "nn/grammar.h"
#include "nn/grammar_constraint.h"
#include "store/catalog.h"

namespace hart::cli {
namespace {

/// The one operation that leaves something that can be generated again.
constexpr const char* kGenerateText = "generate_text";

/// `name@version` of the tenant's object with this structure; of several the one that has the
/// name. Nothing when there is none.
std::optional<std::string> find_structure(store::Store& store, const Id& structure,
                                          const std::optional<std::string>& name) {
  std::optional<std::string> found;
  bool named = false;
  store::ObjectFilter filter;
  filter.kind = "model";
  store::for_each_object(store, filter, [&](const store::Object& object) {
    if (object.structure != structure || (named && object.name != name)) return;
    named = object.name == name;
    found = object.name + "@" + std::to_string(object.version);
  });
  return found;
}

/// What computes otherwise here than it did then: the comparison is made all the same.
std::vector<std::string> engine_notes(const std::optional<Engine>& then) {
  if (!then) return {"the receipt does not say which engine and processor computed it"};
  const Engine now = infer::transformer_engine();
  std::vector<std::string> notes;
  const auto note = [&](const char* what, const std::string& before, const std::string& after) {
    if (before != after)
      notes.push_back(std::string{what} + " was " + before + ", here it is " + after);
  };
  note("the engine's version", then->version, now.version);
  note("the path through the processor", then->kernels, now.kernels);
  note("the device", then->device, now.device);
  return notes;
}

/// Alternatives are told as many as there were; they change no token.
std::uint32_t most_alternatives(const prov::RecordedGeneration& recorded) {
  std::size_t most = 0;
  for (const auto& token : recorded.tokens)
    if (token) most = std::max(most, token->alternatives.size());
  return static_cast<std::uint32_t>(most);
}

}  // namespace

/// A grammar at work on a vocabulary.
struct Replayer::Grammar {
  Grammar(const std::string& text, const nn::Tokenizer& tokenizer)
      : grammar{nn::parse_gbnf(text)}, trie{tokenizer}, constraint{grammar, trie} {}
  nn::Grammar grammar;
  nn::TokenTrie trie;
  nn::GrammarConstraint constraint;
};

void Replayer::find_model(const prov::RecordedGeneration& recorded, Replay& replay) {
  const Id& id = recorded.receipt.models.front().id;
  if (model_ && model_->id() == id) return;
  model_.reset();
  const auto reference = find_structure(store_, id, recorded.model_name);
  if (!reference) {
    replay.missing.push_back("the model " + recorded.model_name.value_or("(name erased)") +
                             " " + id.text() +
                             ": the store does not hold it; it was removed, or it ran from a "
                             "file outside the store");
    return;
  }
  try {
    model_ = infer::RunnableModel::from_store(store_, *reference);
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    replay.missing.push_back("the model cannot be run: " + std::string{error.what()});
  }
}

/// A receipt names a grammar by the hash of its text, which is the id of a file that holds it.
std::optional<std::string> Replayer::grammar_text(const Id& id) {
  const auto atom = store::find_atom(store_, id);
  if (!atom) return std::nullopt;
  std::string text;
  atom::read_content(store_, *atom, [&](ByteView part) { text += as_text(part); });
  return text;
}

void Replayer::run(const prov::RecordedGeneration& recorded, Replay& replay) {
  infer::RecordedRequest parsed;
  try {
    parsed = infer::parse_generation_parameters(recorded.receipt.parameters);
  } catch (const Error& error) {
    replay.missing.emplace_back(error.what());
    return;
  }
  infer::GenerateRequest& request = parsed.request;
  std::unique_ptr<Grammar> grammar;
  if (parsed.grammar) {
    const auto text = grammar_text(*parsed.grammar);
    if (!text) {
      replay.missing.push_back(
          "the grammar " + parsed.grammar->text() +
          ": the receipt holds its hash alone, and the store no such file");
      return;
    }
    grammar = std::make_unique<Grammar>(*text, model_->tokenizer());
    request.grammar = &grammar->constraint;
    request.grammar_text = *text;
  }
  request.prompt = *recorded.prompt;
  request.evidence = prov::evidence_of(recorded);
  request.sampling.seed = recorded.receipt.seed.value_or(0);
  request.sampling.alternatives = most_alternatives(recorded);
  request.threads = threads_;
  prov::ReplaySink sink;
  static_cast<void>(infer::generate(*model_, request, {&sink, nullptr},
                                    [this](const infer::TokenEvent&) { step_(); }));
  replay.comparison = prov::compare_replay(recorded, sink);
}

bool is_generation(const prov::GenerationStream& stream) {
  return stream.operation == kGenerateText;
}

Replay Replayer::replay(const prov::GenerationStream& stream) {
  Replay replay;
  if (!is_generation(stream)) {
    replay.missing.push_back("operation " + stream.operation + " is not replayed, only " +
                             kGenerateText);
    return replay;
  }
  const prov::RecordedGeneration recorded = prov::open_generation(store_, stream);
  const prov::Receipt& receipt = recorded.receipt;
  replay.missing = prov::erased_inputs(recorded);
  if (receipt.engine && receipt.engine->name != infer::transformer_engine().name)
    replay.missing.push_back("what the engine " + receipt.engine->name +
                             " answered is not replayed");
  else if (receipt.models.size() != 1)
    replay.missing.push_back("what " + std::to_string(receipt.models.size()) +
                             " models did together is not replayed");
  else if (!receipt.reasoning.empty())
    replay.missing.push_back("the mode of reasoning " + receipt.reasoning + " is not replayed");
  else
    find_model(recorded, replay);
  replay.notes = engine_notes(receipt.engine);
  if (replay.was_run()) run(recorded, replay);
  return replay;
}

}  // namespace hart::cli
