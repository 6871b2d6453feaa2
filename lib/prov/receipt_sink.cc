#include "prov/receipt_sink.h"

#include "core/endian.h"
#include "core/error.h"
#include "crypto/merkle.h"
#include "prov/content.h"
#include "prov/stream.h"
#include "prov/transparency_log.h"
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

  // The previous receipt is known only under the write lock.
  store::WriteTransaction transaction{store_};
  auto last = store_.db().prepare(
      "SELECT receipt_hash FROM my_generation_stream ORDER BY leaf_index DESC LIMIT 1");
  const Hash256 previous = last.step() ? last.hash(0) : Hash256{};
  last.reset();
  const ReceiptBuilder::Finished finished = now.builder.finish(previous);
  const std::int64_t stream = insert_stream(now, ended, finished, previous);
  insert_openings(stream, finished.openings);
  insert_provenance(stream, now.begin);
  transaction.commit();
  return uuid_text(now.begin.inference);
}

std::int64_t ReceiptSink::insert_stream(const Running& running, const GenerationEnd& end,
                                        const ReceiptBuilder::Finished& finished,
                                        const Hash256& previous) {
  store::Connection& db = store_.db();
  const GenerationBegin& begin = running.begin;
  auto known = db.prepare("SELECT 1 FROM my_generation_stream WHERE uuid = ?");
  if (known.with(ByteView{begin.inference}).step())
    throw Error{Fault::usage,
                "generation " + uuid_text(begin.inference) + " has a receipt already"};
  known.reset();

  const std::uint64_t leaf_index =
      TransparencyLog{store_}.append(crypto::leaf_hash(finished.hash));
  db.prepare(
        "INSERT INTO generation_stream (tenant_id, leaf_index, uuid, operation, model_space,"
        " model_hash, started_us, completed_us, tokens_in, tokens_out, finish_reason, receipt,"
        " receipt_hash, previous_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        store::Scope::owner)
      .run(store_.tenant_id(), leaf_index, ByteView{begin.inference}, begin.operation,
           static_cast<int>(begin.model.space), begin.model.hash, begin.started, end.completed,
           end.tokens_in, end.tokens_out, end.finish_reason, finished.bytes, finished.hash,
           previous);
  return db.last_insert_id();
}

void ReceiptSink::insert_openings(std::int64_t stream, const std::vector<Opening>& openings) {
  auto insert = store_.db().prepare(
      "INSERT INTO generation_stream_opening (generation_stream_id, position, tenant_id, salt,"
      " content) VALUES (?, ?, ?, ?, ?)",
      store::Scope::owner);
  for (const Opening& opening : openings)
    insert.run(stream, static_cast<std::int64_t>(opening.position), store_.tenant_id(),
               opening.salt, opening.content);
}

void ReceiptSink::insert_provenance(std::int64_t stream, const GenerationBegin& begin) {
  auto insert = store_.db().prepare(
      "INSERT INTO atom_provenance (generation_stream_id, provenance_type, sequence, tenant_id,"
      " atom_space, atom_hash, weight) VALUES (?, ?, ?, ?, ?, ?, ?)",
      store::Scope::owner);
  const auto add = [&](const char* type, std::int64_t sequence, const Id& atom, double weight) {
    insert.run(stream, type, sequence, store_.tenant_id(), static_cast<int>(atom.space),
               atom.hash, weight);
  };
  add("model", 0, begin.model, 1.0);
  std::int64_t sequence = 0;
  for (const Evidence& evidence : begin.evidence)
    add("evidence", sequence++, evidence.atom, evidence.weight);
}

void ReceiptSink::query(const QueryRecord& record) {
  store::log_query(store_, record);
}

}  // namespace hart::prov
