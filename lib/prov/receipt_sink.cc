#include "prov/receipt_sink.h"

#include "core/endian.h"
#include "core/error.h"
#include "prov/content.h"
#include "store/query_log.h"

namespace hart::prov {
namespace {

template <typename T> ByteBuffer encoded(T value) {
  ByteBuffer bytes;
  append_le(bytes, value);
  return bytes;
}

ByteBuffer encoded_id(const Id& id) {
  ByteBuffer bytes = encoded(static_cast<std::uint8_t>(id.space));
  append(bytes, id.hash);
  return bytes;
}

}  // namespace

ReceiptSink::ReceiptSink(store::Store& store) : store_{store} {
  if (!store.writable())
    throw Error{Fault::usage, "receipts need a store that is open for writing"};
}

ReceiptSink::Running& ReceiptSink::running() {
  if (!running_) throw Error{Fault::usage, "receipt: no generation has begun"};
  return *running_;
}

void ReceiptSink::begin(const GenerationBegin& begin) {
  Running& running = running_.emplace(Running{begin, {}, {}, 0, 0});
  if (running.begin.started == 0) running.begin.started = store_.now();
  if (running.begin.inference == Uuid{}) running.begin.inference = make_uuid7(begin.started);

  ReceiptBuilder& builder = running.builder;
  builder.add(Tag::inference, running.begin.inference);
  builder.commit(Tag::tenant, store_.tenant_name());
  builder.add(Tag::started, encoded(running.begin.started));
  builder.add(Tag::operation, begin.operation);
  builder.add(Tag::model, encoded_id(begin.model));
  builder.commit(Tag::model_name, begin.model_name);
  builder.add(Tag::parameters, dump_json(begin.parameters));
  builder.add(Tag::seed, encoded(begin.seed));
  builder.commit(Tag::prompt, begin.prompt);
  for (const Evidence& evidence : begin.evidence)
    builder.commit(Tag::evidence, encode_evidence(evidence));
}

void ReceiptSink::token(const GeneratedToken& token) {
  Running& now = running();
  append_token(now.run, token);
  ++now.run_tokens;
  if (now.run_tokens == kTokensPerRun) close_run(now);
}

void ReceiptSink::close_run(Running& running) {
  if (running.run_tokens == 0) return;
  ByteBuffer prefix = encoded(running.tokens);
  append_le(prefix, running.run_tokens);
  running.builder.commit(Tag::tokens, std::move(running.run), prefix);
  running.tokens += running.run_tokens;
  running.run_tokens = 0;
  running.run.clear();
}

std::string ReceiptSink::end(const GenerationEnd& end) {
  Running now = std::move(running());
  running_.reset();
  GenerationEnd ended = end;
  if (ended.completed == 0) ended.completed = store_.now();

  close_run(now);
  now.builder.commit(Tag::output, ended.output);
  now.builder.add(Tag::completed, encoded(ended.completed));
  now.builder.add(Tag::finish_reason, ended.finish_reason);
  ByteBuffer usage = encoded(ended.tokens_in);
  append_le(usage, ended.tokens_out);
  now.builder.add(Tag::usage, usage);

  PendingReceipt receipt{now.begin, std::move(ended), std::move(now.builder)};
  // The previous receipt is known only under the write lock.
  store::WriteTransaction transaction{store_};
  if (!writer_) writer_.emplace(store_);
  writer_->write({&receipt, 1});
  transaction.commit();
  return uuid_text(now.begin.inference);
}

void ReceiptSink::query(const QueryRecord& record) {
  store::log_query(store_, record);
}

}  // namespace hart::prov
