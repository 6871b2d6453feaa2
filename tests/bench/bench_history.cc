// Reads at an instant of the past, out of a history of ten million versions: 100 000 names with
// 100 versions each over a year, about 1 000 of them alive at any time. Prints JSON lines.

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "core/clock.h"
#include "crypto/sha256.h"
#include "store/catalog_writer.h"

namespace {

using namespace hart;

constexpr TimeUs kStart = 1'700'000'000'000'000;
constexpr TimeUs kYear = TimeUs{365} * 86'400 * 1'000'000;
constexpr std::size_t kAlive = 1'000;
constexpr std::size_t kAtoms = 10'000;
constexpr std::size_t kBatch = 200'000;

/// Version v of name n began at step v * names + n of `steps`, and lived for kAlive steps.
struct Shape {
  std::size_t names;
  std::size_t versions;

  [[nodiscard]] std::size_t rows() const { return names * versions; }
  [[nodiscard]] TimeUs at(std::size_t step) const {
    return kStart +
           static_cast<TimeUs>(static_cast<double>(step) / static_cast<double>(rows()) * kYear);
  }
  [[nodiscard]] std::string name(std::size_t step) const {
    return "models/family-" + std::to_string(step % names) + ".gguf";
  }
};

std::vector<Id> put_atoms(store::Store& store) {
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  std::vector<Id> atoms(kAtoms);
  for (std::size_t i = 0; i < kAtoms; ++i) {
    atoms[i].hash = crypto::sha256(as_bytes(std::to_string(i)));
    writer.hold_atom(
        writer.put_atom(atoms[i], store::AtomForm::descriptor, ByteBuffer(40), 100),
        store::Modality::model, "file");
  }
  store.db().exec("UPDATE tenant_atom SET created_us = " + std::to_string(kStart));
  transaction.commit();
  return atoms;
}

/// Takes the history's indexes away and makes them anew at the end: filling ten million rows in
/// the order of time would touch every page of the index of names a hundred times.
class BulkFill {
 public:
  explicit BulkFill(store::Connection& db) : db_{db} {
    store::Statement find = db.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name = 'tenant_object_history'",
        store::Scope::owner);
    std::vector<std::string> names;
    while (find.step()) {
      names.emplace_back(find.text(0));
      indexes_.emplace_back(find.text(1));
    }
    find.reset();
    for (const std::string& name : names) db.exec("DROP INDEX " + name);
  }
  void finish() {
    for (const std::string& sql : indexes_) db_.exec(sql);
  }

 private:
  store::Connection& db_;
  std::vector<std::string> indexes_;
};

void put_history(store::Store& store, const Shape& shape, const std::vector<Id>& atoms) {
  BulkFill fill{store.db()};
  for (std::size_t step = 0; step < shape.rows();) {
    store::WriteTransaction transaction{store};
    store::Statement insert = store.db().prepare(
        "INSERT INTO tenant_object_history (tenant_id, object_id, name, version, atom_hash,"
        " atom_space, kind, modality, subtype, atomizer, source_uri, created_us, valid_to_us)"
        " VALUES (1, ?, ?, ?, ?, 0, 'model', 6, 'gguf', 'model/1', '/models/a.gguf', ?, ?)",
        store::Scope::owner);
    for (std::size_t end = std::min(shape.rows(), step + kBatch); step < end; ++step)
      insert.run(static_cast<std::int64_t>(step + 1), shape.name(step),
                 static_cast<std::int64_t>(step / shape.names + 1), atoms[step % kAtoms].hash,
                 shape.at(step), shape.at(step + kAlive));
    transaction.commit();
  }
  fill.finish();
}

void print(const char* what, const Shape& shape, std::size_t found,
           std::vector<double> milliseconds) {
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf(
      "{\"type\":\"bench\",\"what\":\"%s\",\"history_rows\":%zu,\"found\":%zu,"
      "\"median_ms\":%.3f,\"worst_ms\":%.3f}\n",
      what, shape.rows(), found, milliseconds[milliseconds.size() / 2], milliseconds.back());
  std::fflush(stdout);
}

template <typename Read> double milliseconds(const Read& read) {
  const double start = steady_seconds();
  read();
  return (steady_seconds() - start) * 1e3;
}

void plans(store::Store& store) {
  for (const char* sql :
       {"SELECT o.object_id, a.hash, s.hash FROM my_object AS o JOIN my_atom AS a"
        " ON a.atom_id = o.atom_id LEFT JOIN my_atom AS s ON s.atom_id = o.structure_id"
        " WHERE o.name = ? ORDER BY o.version DESC LIMIT 1",
        "SELECT o.object_id, a.hash, s.hash FROM my_object AS o JOIN my_atom AS a"
        " ON a.atom_id = o.atom_id LEFT JOIN my_atom AS s ON s.atom_id = o.structure_id"
        " ORDER BY o.object_id LIMIT 10"}) {
    store::Statement plan =
        store.db().prepare(std::string{"EXPLAIN QUERY PLAN "} + sql, store::Scope::owner);
    while (plan.step())
      std::fprintf(stderr, "%lld %lld %s\n", static_cast<long long>(plan.integer(0)),
                   static_cast<long long>(plan.integer(1)), std::string{plan.text(3)}.c_str());
  }
}

/// Each time another instant, and a store that was opened for it: what a command does.
void measure(const std::string& directory, const Shape& shape, bool explain) {
  std::mt19937_64 random{1};
  std::vector<double> open_ms, name_ms, list_ms, digest_ms;
  std::size_t named = 0, listed = 0, shown = 0;
  for (int round = 0; round < 21; ++round) {
    const std::size_t step = kAlive + random() % (shape.rows() - 2 * kAlive);
    const TimeUs time = shape.at(step) + 1;
    std::optional<store::Store> store;
    open_ms.push_back(milliseconds([&] {
      store.emplace(store::OpenOptions{directory, "default", 1'000, false, time});
    }));
    if (explain && round == 0) plans(*store);
    store::Object object;
    name_ms.push_back(milliseconds([&] {
      object = store::resolve_object(*store, shape.name(step - random() % (kAlive - 2)));
    }));
    ++named;
    list_ms.push_back(milliseconds(
        [&] { store::for_each_object(*store, {}, [&](const store::Object&) { ++listed; }); }));
    digest_ms.push_back(milliseconds([&] {
      (void)store::resolve_object(*store, object.atom.text());
      ++shown;
    }));
  }
  print("open as of", shape, 0, open_ms);
  print("resolve by name as of", shape, named, name_ms);
  print("list as of", shape, listed / list_ms.size(), list_ms);
  print("resolve by id as of", shape, shown, digest_ms);
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  const bool explain = argc > 1 && std::strcmp(argv[argc - 1], "--explain") == 0;
  const Shape shape = smoke ? Shape{2'000, 10} : Shape{100'000, 100};
  std::string parent = (std::filesystem::temp_directory_path() / "hart-bench-XXXXXX").string();
  if (::mkdtemp(parent.data()) == nullptr) return 1;
  const std::string directory = parent + "/bench.hart";
  const store::SchemaModule modules[] = {store::catalog_schema()};
  store::Store::create(directory, modules);
  {
    store::Store store{{directory, "default", 30'000, true}};
    const std::vector<Id> atoms = put_atoms(store);
    const double start = steady_seconds();
    put_history(store, shape, atoms);
    const double seconds = steady_seconds() - start;
    std::printf(
        "{\"type\":\"bench\",\"what\":\"history rows\",\"n\":%zu,\"rows_per_s\":%.0f}\n",
        shape.rows(), static_cast<double>(shape.rows()) / seconds);
  }
  measure(directory, shape, explain);
  std::filesystem::remove_all(parent);
}
