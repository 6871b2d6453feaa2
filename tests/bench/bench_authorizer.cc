// What it costs that a tenant's queries go through views and an authorizer: the same queries,
// with the same answers, once as the tools prepare them and once over the tables, the tenant's
// number written into them, on a connection that has no authorizer. JSON lines.
//
// Both are run in turn, in one process, some hundred look-ups at a time inside one snapshot;
// printed are the medians of the rounds in processor time and the median of their ratios.
// Beside it stand what preparing costs, which a tool does once a statement, and the same query
// without any condition on the tenant, which gives wrong answers.

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bill/ledger.h"
#include "bill/schema.h"
#include "core/error.h"
#include "core/json.h"
#include "crypto/sha256.h"
#include "scratch_directory.h"
#include "store/catalog_writer.h"

namespace {

using namespace hart;

/// What a query's parameter is.
enum class Key { none, hash, passage, file };

struct ScopedQuery {
  const char* name;
  Key key;
  std::string scoped;   ///< over views
  std::string plain;    ///< over tables, for tenant 1
  std::string unasked;  ///< for whatever tenant; none where an index begins with the tenant
};

/// That tenant 1 holds an atom and may read it.
std::string held(const std::string& atom_id) {
  return " AND EXISTS (SELECT 1 FROM tenant_atom AS h WHERE h.tenant_id = 1 AND h.atom_id = " +
         atom_id + " AND h.access_level <> 'none') ";
}

constexpr const char* kObjectOfTenant = " AND o.tenant_id = 1 AND o.access_level IS NOT 'none'";

ScopedQuery by_hash() {
  const std::string columns = "SELECT atom_id, form, bytes, value FROM ";
  const std::string where = " WHERE hash = ? AND space = 0";
  return {"atom by its digest", Key::hash, columns + "my_atom" + where,
          columns + "atom AS a" + where + held("a.atom_id"), columns + "atom" + where};
}

ScopedQuery by_number() {
  const std::string columns = "SELECT space, hash, bytes, value FROM ";
  const std::string where = " WHERE atom_id = ?";
  return {"atom by its number", Key::passage, columns + "my_atom" + where,
          columns + "atom AS a" + where + held("a.atom_id"), columns + "atom" + where};
}

ScopedQuery payload() {
  const std::string tables =
      "SELECT p.position, p.extent_offset, p.bytes, e.pack_id, e.pack_offset, e.codec"
      " FROM atom_payload AS p LEFT JOIN extent AS e ON e.extent_id = p.extent_id"
      " WHERE p.atom_id = ?";
  return {"payload of an atom", Key::file,
          "SELECT position, extent_offset, bytes, pack_id, pack_offset, codec"
          " FROM my_atom_payload WHERE atom_id = ? ORDER BY position",
          tables + held("p.atom_id") + "ORDER BY p.position", tables + " ORDER BY p.position"};
}

ScopedQuery object_of_hit() {
  const std::string columns = "SELECT c.position, o.name, o.version FROM ";
  const std::string join =
      " ON o.structure_id = c.parent_atom_id WHERE c.component_atom_id = ?";
  const std::string order = " ORDER BY o.object_id DESC, c.position LIMIT 1";
  const std::string tables = "atom_composition AS c CROSS JOIN tenant_object AS o";
  return {"object of a hit", Key::passage,
          columns + "my_atom_composition AS c CROSS JOIN my_object AS o" + join + order,
          columns + tables + join + kObjectOfTenant + held("c.parent_atom_id") + order, ""};
}

ScopedQuery object_with_atoms() {
  const std::string columns = "SELECT o.name, o.version, a.hash, s.hash FROM ";
  const std::string tables = "tenant_object AS o JOIN atom AS a ON a.atom_id = o.atom_id";
  const std::string left = " LEFT JOIN atom AS s ON s.atom_id = o.structure_id ";
  return {"object with its atoms", Key::file,
          columns +
              "my_object AS o JOIN my_atom AS a ON a.atom_id = o.atom_id"
              " LEFT JOIN my_atom AS s ON s.atom_id = o.structure_id WHERE o.atom_id = ?",
          columns + tables + held("a.atom_id") + left + held("s.atom_id") +
              "WHERE o.atom_id = ?" + kObjectOfTenant,
          ""};
}

ScopedQuery usage_totals() {
  const std::string columns =
      "SELECT p.operation, SUM(r.events), SUM(r.units_micros), SUM(r.amount_micros) FROM ";
  const std::string where = " USING (billing_price_id) WHERE r.hour_us >= 0";
  const std::string tables = "billing_usage_rollup AS r JOIN billing_price AS p";
  const std::string group = " GROUP BY p.operation";
  return {"totals of usage", Key::none,
          columns + "my_billing_usage_rollup AS r JOIN my_billing_price AS p" + where + group,
          columns + tables + where + " AND r.tenant_id = 1 AND p.tenant_id = 1" + group, ""};
}

/// What is looked up: a passage, which is part of a document, and the document's file.
struct Looked {
  Hash256 hash{};
  std::int64_t passage = 0;
  std::int64_t file = 0;
};

double cpu_seconds() {
  std::timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values,
                           values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

/// Documents of ten passages each, of which the tenant holds all.
std::vector<Looked> add_documents(store::Store& store, std::size_t documents) {
  constexpr std::int64_t kPassages = 10;
  std::vector<Looked> looked;
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  const auto put = [&](const std::string& text, store::AtomForm form, IdSpace space) {
    const Hash256 hash = crypto::sha256(as_bytes(text));
    const std::int64_t atom =
        writer.put_atom({space, hash}, form, ByteView{hash}.first(16), text.size());
    return std::pair{hash, atom};
  };
  const auto hold = [&](std::int64_t atom) {
    writer.hold_atom(atom, store::Modality::text, "passage");
  };
  for (std::size_t i = 0; i < documents; ++i) {
    const std::string name = store.tenant_name() + "/" + std::to_string(i);
    const auto [file_hash, file] = put(name, store::AtomForm::descriptor, IdSpace::content);
    writer.put_payload(file, 0, writer.put_extent(file_hash, as_bytes(name), 0), name.size());
    const auto [structure_hash, structure] =
        put(name + "/structure", store::AtomForm::descriptor, IdSpace::structure);
    hold(file);
    hold(structure);
    for (std::int64_t p = 0; p < kPassages; ++p) {
      const auto [hash, passage] =
          put(name + "/" + std::to_string(p), store::AtomForm::inlined, IdSpace::content);
      writer.put_component(structure, p, passage, "", {});
      hold(passage);
      looked.push_back({hash, passage, file});
    }
    store::CatalogWriter::NewObject object;
    object.name = name;
    object.atom_id = file;
    object.structure_id = structure;
    object.kind = "document";
    object.subtype = "plain";
    object.atomizer = "text/1";
    writer.put_object(object);
  }
  transaction.commit();
  return looked;
}

void add_usage(store::Store& store, std::size_t events) {
  bill::LedgerBatch batch{store};
  for (std::size_t i = 0; i < events; ++i) {
    UsageRecord usage;
    usage.source = "bench";
    usage.event_id = store.tenant_name() + "/" + std::to_string(i);
    usage.operation = i % 3 == 0 ? "search" : "generate_text";
    usage.unit = i % 3 == 0 ? "query" : "token";
    usage.units_micros = 1'000'000;
    usage.time = parse_time("2026-11-05") + static_cast<TimeUs>(i) * 600'000'000;
    (void)batch.record(bill::usage_event(usage));
  }
  batch.commit();
}

/// Processor time of one of `count` look-ups, which also counts the rows.
double look_up(store::Statement& statement, const ScopedQuery& query,
               const std::vector<Looked>& looked, std::size_t first, std::size_t count,
               std::size_t& rows) {
  const double begun = cpu_seconds();
  for (std::size_t i = 0; i < count; ++i) {
    const Looked& one = looked[(first + i) % looked.size()];
    if (query.key == Key::none)
      statement.reset();
    else if (query.key == Key::hash)
      statement.with(one.hash);
    else
      statement.with(query.key == Key::file ? one.file : one.passage);
    while (statement.step()) ++rows;
  }
  statement.reset();
  return (cpu_seconds() - begun) / static_cast<double>(count) * 1e6;
}

double prepare_us(store::Connection& db, const std::string& sql, store::Scope scope) {
  constexpr int kTimes = 20;
  const double begun = cpu_seconds();
  for (int i = 0; i < kTimes; ++i) (void)db.prepare(sql, scope);
  return (cpu_seconds() - begun) / kTimes * 1e6;
}

void bench_query(store::Connection& scoped, store::Connection& plain, const ScopedQuery& query,
                 const std::vector<Looked>& looked, std::size_t rounds) {
  const std::size_t count = query.key == Key::none ? 1 : 200;
  const store::Snapshot first{scoped};
  const store::Snapshot second{plain};
  store::Statement views = scoped.prepare(query.scoped);
  store::Statement tables = plain.prepare(query.plain, store::Scope::owner);
  std::optional<store::Statement> unasked;
  if (!query.unasked.empty())
    unasked.emplace(plain.prepare(query.unasked, store::Scope::owner));
  std::vector<double> view_us, table_us, unasked_us, ratios, view_prepare, table_prepare;
  for (auto* figures :
       {&view_us, &table_us, &unasked_us, &ratios, &view_prepare, &table_prepare})
    figures->reserve(rounds);
  std::size_t view_rows = 0, table_rows = 0, any_rows = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::size_t from = round * count;
    // What runs second finds the processor's caches filled: they take turns at that.
    if (round % 2 == 0)
      view_us.push_back(look_up(views, query, looked, from, count, view_rows));
    table_us.push_back(look_up(tables, query, looked, from, count, table_rows));
    if (round % 2 == 1)
      view_us.push_back(look_up(views, query, looked, from, count, view_rows));
    if (unasked) unasked_us.push_back(look_up(*unasked, query, looked, from, count, any_rows));
    ratios.push_back(view_us.back() / table_us.back());
    view_prepare.push_back(prepare_us(scoped, query.scoped, store::Scope::tenant));
    table_prepare.push_back(prepare_us(plain, query.plain, store::Scope::owner));
  }
  if (view_rows != table_rows || view_rows == 0)
    throw Error{Fault::internal, std::string{query.name} + ": the answers differ"};
  Json line{
      {"type", "benchmark"},           {"name", "authorizer"},   {"query", query.name},
      {"lookups", rounds * count},     {"rows", view_rows},      {"views_us", median(view_us)},
      {"tables_us", median(table_us)}, {"ratio", median(ratios)}};
  if (unasked) line["without_tenant_us"] = median(unasked_us);
  line["prepare_views_us"] = median(view_prepare);
  line["prepare_tables_us"] = median(table_prepare);
  std::puts(dump_json(line).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  try {
    const bench::ScratchDirectory scratch;
    const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                     bill::bill_schema()};
    store::Store::create(scratch.store(), modules);
    std::vector<Looked> looked;
    {
      store::Store mine{{scratch.store(), "default", 60'000, true}};
      mine.db().exec("INSERT INTO tenant (name, created_us) VALUES ('other', 1)");
      store::Store theirs{{scratch.store(), "other", 60'000, true}};
      const std::size_t documents = smoke ? 100 : 2'000;
      looked = add_documents(mine, documents);
      add_documents(theirs, documents);
      add_usage(mine, smoke ? 500 : 3'000);
      add_usage(theirs, smoke ? 500 : 3'000);
    }
    std::ranges::shuffle(looked, std::mt19937_64{1});
    store::Store store{{scratch.store(), "default", 60'000, false}};
    store::Connection plain{scratch.store() + "/hart.db", store::Connection::Mode::read_only,
                            0};
    sqlite3_set_authorizer(plain.handle(), nullptr, nullptr);
    for (const ScopedQuery& query : {by_hash(), by_number(), payload(), object_of_hit(),
                                     object_with_atoms(), usage_totals()})
      bench_query(store.db(), plain, query, looked, smoke ? 5 : 201);
  } catch (const hart::Error& error) {
    std::fprintf(stderr, "bench_authorizer: %s\n", error.what());
    return static_cast<int>(error.fault());
  }
  return 0;
}
