#include "ledger.h"

#include <filesystem>

#include "atom/atomize.h"
#include "atom/export.h"
#include "atom/identity.h"
#include "core/endian.h"
#include "crypto/sha256.h"
#include "store/catalog.h"
#include "store/fsck.h"
#include "store/packs.h"
#include "store/snapshot.h"

namespace hart::fault {
namespace {

std::string key_of(const std::string& name, std::int64_t version) {
  return name + "@" + std::to_string(version);
}

std::string list(const Holdings& holdings) {
  std::string text;
  for (const auto& [key, content] : holdings)
    text += (text.empty() ? "" : ", ") + key + "=" + std::to_string(content);
  return "{" + text + "}";
}

ByteBuffer read(store::Store& store, const Id& content) {
  const auto atom = store::find_atom(store, content);
  if (!atom) throw Violation{content.text() + " is not held"};
  ByteBuffer bytes;
  atom::read_content(store, *atom, [&](ByteView part) { append(bytes, part); });
  return bytes;
}

void check_contents(store::Store& store, const Ledger& ledger) {
  for (const auto& [key, number] : ledger.acknowledged())
    if (read(store, atom::content_id(ledger.content(number))) != ledger.content(number))
      throw Violation{key + " has other bytes than were added"};
}

/// What a crash left beyond the end that the catalog knows is cut off by the next writer.
void check_pack_end(store::Store& store) {
  store::Statement newest = store.db().prepare(
      "SELECT pack_id, bytes FROM pack WHERE pack_id < ? ORDER BY pack_id DESC LIMIT 1",
      store::Scope::owner);
  if (!newest.with(store::kFirstLinkedPack).step()) return;
  const std::string path = store.packs().path(newest.integer(0));
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  if (bytes != newest.integer(1))
    throw Violation{path + " has " + std::to_string(bytes) + " bytes, the catalog says " +
                    std::to_string(newest.integer(1))};
  const std::string next = store.packs().path(newest.integer(0) + 1);
  if (std::filesystem::exists(next)) throw Violation{next + " is in no catalog"};
}

void check_fsck(store::Store& store) {
  std::string findings;
  store::fsck(store, {}, [&](const store::Finding& finding) {
    findings += "\n  " + finding.where + ": " + finding.what;
  });
  if (!findings.empty()) throw Violation{"fsck finds:" + findings};
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

std::size_t Ledger::number_of(const Id& content) const {
  const auto known = by_hash_.find(to_hex(content.hash));
  if (known == by_hash_.end()) throw Violation{content.text() + " was never added"};
  return known->second;
}

Holdings Ledger::read_holdings(store::Store& store) const {
  Holdings holdings;
  store::for_each_object(store, {}, [&](const store::Object& object) {
    holdings[key_of(object.name, object.version)] = number_of(object.atom);
  });
  for (const store::SavedSnapshot& snapshot : store::snapshots(store))
    for (const store::ObjectVersion& version : store::snapshot_versions(store, snapshot))
      holdings[snapshot.name + " " + version.label()] = number_of(version.atom);
  return holdings;
}

void Ledger::resolve(store::Store& store) {
  Holdings found = read_holdings(store);
  unacknowledged_found_ = found != acknowledged_;
  bool legal = !unacknowledged_found_;
  for (const Holdings& state : in_doubt_) legal = legal || found == state;
  if (!legal)
    throw Violation{"acknowledged were " + list(acknowledged_) + ", the store holds " +
                    list(found)};
  acknowledged_ = std::move(found);
  in_doubt_.clear();
}

void verify(const std::string& directory, Ledger& ledger) {
  store::Store store{{directory, "default", 0, true}};
  ledger.resolve(store);
  add_one_more(store, ledger);
  check_pack_end(store);
  check_contents(store, ledger);
  check_fsck(store);
}

}  // namespace hart::fault
