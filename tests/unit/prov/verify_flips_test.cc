#include <doctest/doctest.h>
#include <sqlite3.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "crypto/signed_note.h"
#include "fixture.h"
#include "prov/checkpoint_store.h"
#include "prov/graph/derivation.h"
#include "prov/graph/verify_graph.h"
#include "prov/receipt_signature.h"
#include "prov/verify.h"

namespace hart::prov {
namespace {

const std::vector<std::string> kFlippedTables{
    "generation_stream",  "generation_stream_opening", "atom_provenance",
    "transparency_tile",  "transparency_checkpoint",   "receipt_signature",
    "provenance_summary", "provenance_influence",      "provenance_entity"};

/// Tables of which the store knows how many rows there must be. A signature or a checkpoint
/// that is gone leaves no trace: that one was made, only who has a copy knows, or `--key`
/// demands.
const std::vector<std::string> kCountedTables{"generation_stream", "generation_stream_opening",
                                              "atom_provenance", "transparency_tile"};

/// Columns in which a change means nothing.
const std::set<std::string> kMeaningless{
    // The number of a row that nothing refers to.
    "transparency_tile.transparency_tile_id",
    // The same but for modes of reasoning, whose receipts then name no mode.
    "provenance_entity.provenance_entity_id",
};

/// Whether `verify --all` would find fault with the store, or could not read it.
bool is_refused(store::Store& store) {
  try {
    if (!verify_log(store).problems.empty()) return true;
    bool found = false;
    for_each_stream(store, [&](const GenerationStream& stream) {
      found = found || !verify_stream(store, stream).problems.empty();
    });
    return found || !verify_graph(store).empty();
  } catch (const Error&) {
    return true;
  }
}

/// Two receipts with every kind of segment, a checkpoint and a signature.
void fill(store::Store& store) {
  ReceiptSink sink{store};
  for (int i = 0; i < 2; ++i) {
    GenerationBegin begin;
    begin.started = 1'700'000'000'000'000;
    begin.operation = "generate_text";
    begin.engine = {"transformer", "1", "scalar", "cpu"};
    begin.models = {{{IdSpace::structure, crypto::sha256(as_bytes("m"))}, "m", 0.5}};
    begin.subjects = {{{IdSpace::content, crypto::sha256(as_bytes("s"))}, "input", 1, "s"}};
    begin.seed = 7;
    begin.prompt = "p";
    begin.evidence = {test::sample_evidence("e", 0.25)};
    begin.reasoning = "cot";
    sink.begin(begin);
    sink.token(test::sample_token(1, -1));
    sink.step({"thought", "t", 1});
    static_cast<void>(sink.end(test::sample_end()));
  }
  const crypto::NoteSigner signer{"a.example", crypto::Ed25519PrivateKey::generate()};
  static_cast<void>(sign_checkpoint(store, signer, "a.example/log"));
  store::WriteTransaction transaction{store};
  sign_receipt(store, 1, stream_at(store, 1)->receipt_hash, signer);
  derive_graph_within(store);
  transaction.commit();
}

/// The store's file in the hands of somebody who is not bound by the library: no triggers, no
/// checks, no references.
class RawStore {
 public:
  explicit RawStore(const std::string& directory) {
    REQUIRE(sqlite3_open((directory + "/hart.db").c_str(), &db_) == SQLITE_OK);
    run("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;"
        "PRAGMA synchronous = OFF");
    for (const std::string& trigger : texts("SELECT name FROM sqlite_schema"
                                            " WHERE type = 'trigger'"))
      run("DROP TRIGGER " + trigger);
  }
  ~RawStore() { sqlite3_close(db_); }
  RawStore(const RawStore&) = delete;
  RawStore& operator=(const RawStore&) = delete;

  void run(const std::string& sql) {
    REQUIRE(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  std::vector<std::string> texts(const std::string& sql) {
    std::vector<std::string> found;
    Rows rows{db_, sql};
    while (sqlite3_step(rows.statement) == SQLITE_ROW)
      found.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(rows.statement, 0)));
    return found;
  }

  /// Changes one bit of each byte of every value, one after the other, and puts it back.
  /// Returns "table.column byte n" for each change that `is_found` does not see.
  template <typename Found>
  std::vector<std::string> flip_all(const std::string& table, const Found& is_found) {
    std::vector<std::string> unseen;
    const auto keys =
        texts("SELECT group_concat(name) FROM pragma_table_info('" + table + "') WHERE pk > 0");
    for (const std::string& column :
         texts("SELECT name FROM pragma_table_info('" + table + "')")) {
      if (kMeaningless.contains(table + "." + column)) continue;
      const std::size_t rows = texts("SELECT 1 FROM " + table).size();
      for (std::size_t row = 0; row < rows; ++row)
        flip_value(table, column, keys.front(), row, is_found, unseen);
    }
    return unseen;
  }

  [[nodiscard]] std::size_t flips() const noexcept { return flips_; }

 private:
  struct Rows {
    Rows(sqlite3* db, const std::string& sql) {
      REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    }
    ~Rows() { sqlite3_finalize(statement); }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    sqlite3_stmt* statement = nullptr;
  };

  /// A value as SQLite has it, and its bytes.
  struct Value {
    int type = SQLITE_NULL;
    std::string bytes;
  };

  static Value value_of(sqlite3_stmt* row, int column) {
    Value value{sqlite3_column_type(row, column), {}};
    if (value.type == SQLITE_INTEGER) {
      const std::int64_t number = sqlite3_column_int64(row, column);
      value.bytes.assign(reinterpret_cast<const char*>(&number), sizeof number);
    } else if (value.type == SQLITE_FLOAT) {
      const double number = sqlite3_column_double(row, column);
      value.bytes.assign(reinterpret_cast<const char*>(&number), sizeof number);
    } else {
      const void* bytes = sqlite3_column_blob(row, column);
      value.bytes.assign(static_cast<const char*>(bytes),
                         static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
    }
    return value;
  }

  static void bind(sqlite3_stmt* statement, int index, const Value& value) {
    const auto size = static_cast<int>(value.bytes.size());
    if (value.type == SQLITE_INTEGER) {
      std::int64_t number = 0;
      std::memcpy(&number, value.bytes.data(), sizeof number);
      sqlite3_bind_int64(statement, index, number);
    } else if (value.type == SQLITE_FLOAT) {
      double number = 0;
      std::memcpy(&number, value.bytes.data(), sizeof number);
      sqlite3_bind_double(statement, index, number);
    } else if (value.type == SQLITE_TEXT) {
      sqlite3_bind_text(statement, index, value.bytes.data(), size, SQLITE_TRANSIENT);
    } else {
      sqlite3_bind_blob(statement, index, value.bytes.data(), size, SQLITE_TRANSIENT);
    }
  }

  /// Sets the column of the row that has `was` there and the key `key`.
  bool update(const std::string& table, const std::string& column, const std::string& keys,
              const std::vector<Value>& key, const Value& to) {
    Rows set{db_, "UPDATE " + table + " SET " + column + " = ? WHERE (" + keys + ") = (" + [&] {
               std::string places = "?";
               for (std::size_t i = 1; i < key.size(); ++i) places += ", ?";
               return places;
             }() + ")"};
    bind(set.statement, 1, to);
    for (std::size_t i = 0; i < key.size(); ++i)
      bind(set.statement, static_cast<int>(i) + 2, key[i]);
    return sqlite3_step(set.statement) == SQLITE_DONE && sqlite3_changes(db_) == 1;
  }

  template <typename Found>
  void flip_value(const std::string& table, const std::string& column, const std::string& keys,
                  std::size_t row, const Found& is_found, std::vector<std::string>& unseen) {
    std::vector<Value> key;
    std::vector<std::string> key_columns;
    Value value;
    {
      Rows rows{db_, "SELECT " + column + ", " + keys + " FROM " + table + " ORDER BY " + keys +
                         " LIMIT 1 OFFSET " + std::to_string(row)};
      REQUIRE(sqlite3_step(rows.statement) == SQLITE_ROW);
      value = value_of(rows.statement, 0);
      for (int i = 1; i < sqlite3_column_count(rows.statement); ++i) {
        key.push_back(value_of(rows.statement, i));
        key_columns.emplace_back(sqlite3_column_name(rows.statement, i));
      }
    }
    if (value.type == SQLITE_NULL) return;
    for (std::size_t i = 0; i < value.bytes.size(); ++i) {
      Value flipped = value;
      flipped.bytes[i] = static_cast<char>(flipped.bytes[i] ^ (1 << i % 7));
      if (value.type == SQLITE_FLOAT && std::isnan(double_of(flipped))) continue;
      // A value that another row has already is refused by SQLite itself.
      if (!update(table, column, keys, key, flipped)) continue;
      ++flips_;
      if (!is_found()) unseen.push_back(table + "." + column + " byte " + std::to_string(i));
      std::vector<Value> moved = key;
      for (std::size_t part = 0; part < key.size(); ++part)
        if (key_columns[part] == column) moved[part] = flipped;
      REQUIRE(update(table, column, keys, moved, value));
    }
  }

  static double double_of(const Value& value) {
    double number = 0;
    std::memcpy(&number, value.bytes.data(), sizeof number);
    return number;
  }

  sqlite3* db_ = nullptr;
  std::size_t flips_ = 0;
};

TEST_CASE("verify: a changed bit in any byte of any row is found") {
  const test::ScratchStore scratch{test::prov_modules()};
  {
    store::Store store = scratch.open();
    fill(store);
  }
  RawStore raw{scratch.directory()};
  store::Store store = scratch.open("default", false);
  REQUIRE_FALSE(is_refused(store));
  for (const std::string& table : kFlippedTables) {
    CAPTURE(table);
    REQUIRE_FALSE(raw.texts("SELECT 1 FROM " + table).empty());
    const auto unseen = raw.flip_all(table, [&] { return is_refused(store); });
    for (const std::string& place : unseen) FAIL_CHECK(place);
    // All was put back.
    REQUIRE_FALSE(is_refused(store));
  }
  CHECK(raw.flips() > 3000);
}

/// Every value of the tables, read row by row.
std::vector<std::string> contents(const std::string& directory) {
  sqlite3* db = nullptr;
  std::vector<std::string> all;
  if (sqlite3_open((directory + "/hart.db").c_str(), &db) == SQLITE_OK)
    for (const std::string& table : kFlippedTables) {
      sqlite3_stmt* rows = nullptr;
      const std::string sql = "SELECT * FROM " + table + " NOT INDEXED";
      if (sqlite3_prepare_v2(db, sql.c_str(), -1, &rows, nullptr) != SQLITE_OK) {
        all.push_back(table + " cannot be read");
        continue;
      }
      while (sqlite3_step(rows) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(rows); ++i) {
          const auto* bytes = static_cast<const char*>(sqlite3_column_blob(rows, i));
          all.emplace_back(bytes == nullptr ? "" : bytes,
                           static_cast<std::size_t>(sqlite3_column_bytes(rows, i)));
        }
      sqlite3_finalize(rows);
    }
  sqlite3_close(db);
  return all;
}

TEST_CASE("verify: a changed byte of the file is found, unless no row reads otherwise") {
  const test::ScratchStore scratch{test::prov_modules()};
  {
    store::Store store = scratch.open();
    fill(store);
  }
  const std::string path = scratch.directory() + "/hart.db";
  std::vector<std::size_t> pages;
  {
    RawStore raw{scratch.directory()};
    for (const std::string& table : kCountedTables)
      for (const std::string& page :
           raw.texts("SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'"))
        pages.push_back(std::stoul(page));
    raw.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  std::ifstream file{path, std::ios::binary};
  const std::string original{std::istreambuf_iterator<char>{file}, {}};
  const std::vector<std::string> rows = contents(scratch.directory());
  constexpr std::size_t kPageBytes = 16'384;
  // The head of a page and its rows, which lie at its end: a sample of them.
  std::size_t changed = 0;
  for (const std::size_t page : pages)
    for (std::size_t at = 0; at < kPageBytes; at += at < 64 ? 3 : 211) {
      const std::size_t offset = (page - 1) * kPageBytes + at;
      std::string bytes = original;
      bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
      std::ofstream{path, std::ios::binary} << bytes;
      CAPTURE(page);
      CAPTURE(at);
      bool refused = true;
      try {
        store::Store store = scratch.open("default", false);
        refused = is_refused(store);
      } catch (const Error&) {
        // The store does not even open.
      }
      if (!refused) CHECK(contents(scratch.directory()) == rows);
      changed += refused;
    }
  CHECK(changed > 20);
}

}  // namespace
}  // namespace hart::prov
