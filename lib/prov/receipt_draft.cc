#include "prov/receipt_draft.h"

#include <utility>

#include "core/endian.h"
#include "core/error.h"

namespace hart::prov {
namespace {

template <typename T> ByteBuffer little_endian(T value) {
  ByteBuffer bytes;
  append_le(bytes, value);
  return bytes;
}

void append_text(ByteBuffer& out, std::string_view text) {
  if (text.size() > UINT32_MAX) throw Error{Fault::data, "receipt: a text passes 4 GiB"};
  append_le(out, static_cast<std::uint32_t>(text.size()));
  append(out, as_bytes(text));
}

ByteBuffer encoded_engine(const Engine& engine) {
  ByteBuffer out;
  for (const std::string* part :
       {&engine.name, &engine.version, &engine.kernels, &engine.device})
    append_text(out, *part);
  return out;
}

}  // namespace

ReceiptDraft::ReceiptDraft(const GenerationBegin& begin, std::string_view tenant,
                           std::string_view actor, const VectorDigest& vector)
    : reasoning_{begin.reasoning} {
  pending_.inference = begin.inference;
  pending_.operation = begin.operation;
  pending_.started = begin.started;
  ReceiptBuilder& builder = pending_.builder;
  builder.add(Tag::inference, begin.inference);
  builder.commit(Tag::tenant, tenant);
  if (!actor.empty()) builder.commit(Tag::actor, actor);
  builder.add(Tag::started, little_endian(begin.started));
  builder.add(Tag::operation, begin.operation);
  if (!begin.engine.name.empty()) builder.add(Tag::engine, encoded_engine(begin.engine));
  add_models(begin.models);
  for (const SubjectAtom& subject : begin.subjects)
    builder.commit(Tag::subject, encode_subject(subject));
  builder.add(Tag::parameters, dump_json(begin.parameters));
  if (begin.seed) builder.add(Tag::seed, little_endian(*begin.seed));
  add_question(begin, vector);
}

void ReceiptDraft::add_models(const std::vector<UsedModel>& models) {
  for (const UsedModel& model : models) {
    ByteBuffer value = little_endian(static_cast<std::uint8_t>(model.id.space));
    append(value, model.id.hash);
    append_le(value, model.weight);
    append_le(value, model.tensors);
    append(value, model.tensor_root);
    const ByteView name = as_bytes(model.name);
    pending_.builder.commit(Tag::used_model, {name.begin(), name.end()}, value);
  }
  if (!models.empty()) pending_.model = models.front().id;
}

void ReceiptDraft::add_question(const GenerationBegin& begin, const VectorDigest& vector) {
  ReceiptBuilder& builder = pending_.builder;
  if (begin.prompt) builder.commit(Tag::prompt, *begin.prompt);
  if (vector.dims > 0) builder.commit(Tag::vector, encode_vector(vector));
  for (const Evidence& evidence : begin.evidence)
    builder.commit(Tag::evidence, encode_evidence(evidence));
}

void ReceiptDraft::query(const AnsweredQuery& query) {
  if (answering_) throw Error{Fault::usage, "receipt: a query after the answer has begun"};
  pending_.builder.commit(Tag::query, encode_query(query));
}

void ReceiptDraft::begin_answer() {
  if (std::exchange(answering_, true) || reasoning_.empty()) return;
  pending_.builder.add(Tag::reasoning, reasoning_);
}

void ReceiptDraft::token(const GeneratedToken& token) {
  begin_answer();
  append_token(run_, token);
  ++run_tokens_;
  if (run_tokens_ == kTokensPerRun) close_run();
}

void ReceiptDraft::close_run() {
  if (run_tokens_ == 0) return;
  ByteBuffer prefix = little_endian(tokens_);
  append_le(prefix, run_tokens_);
  pending_.builder.commit(Tag::tokens, std::exchange(run_, {}), prefix);
  tokens_ += std::exchange(run_tokens_, 0);
}

PendingReceipt ReceiptDraft::finish(const GenerationEnd& end) {
  begin_answer();
  close_run();
  ReceiptBuilder& builder = pending_.builder;
  for (const ReasoningStep& step : steps_) {
    ByteBuffer prefix;
    append_text(prefix, step.kind);
    append_le(prefix, step.weight);
    const ByteView text = as_bytes(step.text);
    builder.commit(Tag::step, {text.begin(), text.end()}, prefix);
  }
  if (end.output) builder.commit(Tag::output, *end.output);
  builder.add(Tag::completed, little_endian(end.completed));
  builder.add(Tag::finish_reason, end.finish_reason);
  ByteBuffer usage = little_endian(end.tokens_in);
  append_le(usage, end.tokens_out);
  builder.add(Tag::usage, usage);
  for (const UsageSegment& used : end.usage) {
    ByteBuffer value;
    append_text(value, used.operation);
    append_text(value, used.unit);
    append_le(value, used.units_micros);
    builder.add(Tag::charge, value);
  }
  pending_.completed = end.completed;
  pending_.tokens_in = end.tokens_in;
  pending_.tokens_out = end.tokens_out;
  pending_.finish_reason = end.finish_reason;
  return std::move(pending_);
}

}  // namespace hart::prov
