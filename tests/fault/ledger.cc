#include "ledger.h"

#include <filesystem>

#include "atom/atomize.h"
#include "atom/export.h"
#include "core/endian.h"
#include "crypto/sha256.h"
#include "store/catalog.h"
#include "store/packs.h"

namespace hart::fault {
namespace {

std::string key_of(const std::string& name, std::int64_t version) {
  return name + "@" + std::to_string(version);
}

std::string to_string(const Holdings& holdings) {
  std::string text;
  for (const auto& [key, content] : holdings)
    text += (text.empty() ? "" : ", ") + key + "=" + std::to_string(content);
  return "{" + text + "}";
}

void check_answer(store::Store& store, const std::string& pragma, const std::string& expected) {
  store::Statement check = store.db().prepare("PRAGMA " + pragma, store::Scope::owner);
  const std::string answer = check.step() ? std::string{check.text(0)} : "";
  if (answer != expected) throw Violation{pragma + ": " + answer};
}

void check_contents(store::Store& store, const Ledger& ledger) {
  for (const auto& [key, number] : ledger.acknowledged()) {
    const store::Object object = store::resolve_object(store, key);
    ByteBuffer bytes;
    atom::read_content(store, *store::atom_by_id(store, object.atom_id),
                       [&](ByteView part) { append(bytes, part); });
    if (bytes != ledger.content(number))
      throw Violation{key + " has other bytes than were added"};
  }
}

void check_pack_sizes(store::Store& store) {
  store::Statement packs =
      store.db().prepare("SELECT pack_id, bytes FROM pack", store::Scope::owner);
  while (packs.step()) {
    const std::string path = store.packs().path(packs.integer(0));
    const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
    if (bytes != packs.integer(1))
      throw Violation{path + " has " + std::to_string(bytes) + " bytes, the catalog says " +
                      std::to_string(packs.integer(1))};
  }
}

void add_one_more(store::Store& store, Ledger& ledger) {
  const std::string text = "one more, after " + std::to_string(ledger.keep({})) + " contents\n";
  const ByteView bytes = as_bytes(text);
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  atom::AtomizeOptions options;
  options.name = "after";
  const atom::Atomized added = atom::atomize(store, writer, bytes, options, {});
  Holdings after = ledger.acknowledged();
  after[key_of(added.name, added.version)] = ledger.keep({bytes.begin(), bytes.end()});
  ledger.commit(transaction, std::move(after));
}

}  // namespace

std::size_t Ledger::keep(ByteBuffer content) {
  const auto [entry, fresh] =
      by_hash_.try_emplace(to_hex(crypto::sha256(content)), contents_.size());
  if (fresh) contents_.push_back(std::move(content));
  return entry->second;
}

void Ledger::commit(store::WriteTransaction& transaction, Holdings after) {
  in_doubt_.push_back(after);
  transaction.commit();
  acknowledged_ = std::move(after);
  in_doubt_.clear();
}

Holdings Ledger::read_holdings(store::Store& store) const {
  Holdings holdings;
  store::for_each_object(store, {}, [&](const store::Object& object) {
    const std::string key = key_of(object.name, object.version);
    const auto known = by_hash_.find(to_hex(object.atom.hash));
    if (known == by_hash_.end()) throw Violation{key + " was never added"};
    holdings[key] = known->second;
  });
  return holdings;
}

void Ledger::resolve(store::Store& store) {
  Holdings found = read_holdings(store);
  unacknowledged_found_ = found != acknowledged_;
  bool legal = !unacknowledged_found_;
  for (const Holdings& state : in_doubt_) legal = legal || found == state;
  if (!legal)
    throw Violation{"acknowledged were " + to_string(acknowledged_) + ", the store holds " +
                    to_string(found)};
  acknowledged_ = std::move(found);
  in_doubt_.clear();
}

void verify(const std::string& directory, Ledger& ledger) {
  store::Store store{{directory, "default", 0, true}};
  check_answer(store, "integrity_check", "ok");
  check_answer(store, "foreign_key_check", "");
  ledger.resolve(store);
  add_one_more(store, ledger);
  check_pack_sizes(store);
  check_contents(store, ledger);
}

}  // namespace hart::fault
