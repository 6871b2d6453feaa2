#include "store/id_cache.h"

#include <bitset>

namespace hart::store {
namespace {

/// At about 4 KiB each. Beyond, all are forgotten rather than the oldest: a store as large has
/// hits so far apart that few would be found again.
constexpr std::size_t kMaxBlocks = 16'384;

}  // namespace

IdCache::IdCache(Store& store, bool many)
    : many_{many},
      // Apart, so that both tables are read in the order in which they lie.
      held_{store.db().prepare(
          "SELECT atom_id FROM my_tenant_atom WHERE atom_id BETWEEN ?1 AND ?2")},
      select_{store.db().prepare(
          "SELECT atom_id, space, hash FROM atom WHERE atom_id BETWEEN ?1 AND ?2",
          Scope::owner)},
      data_version_{store.db().prepare("PRAGMA data_version", Scope::owner)} {}

bool IdCache::begin_snapshot() {
  data_version_.reset();
  const std::int64_t version = data_version_.step() ? data_version_.integer(0) : 0;
  data_version_.reset();
  if (version == version_) return false;
  blocks_.clear();
  version_ = version;
  return true;
}

const Id* IdCache::find(std::int64_t atom_id) {
  if (atom_id < 0) return nullptr;
  const std::int64_t number = atom_id / kBlock;
  const auto place = static_cast<std::size_t>(atom_id % kBlock);
  if (!many_) blocks_.clear();
  const auto known = blocks_.find(number);
  const Block& block = known != blocks_.end() ? *known->second : load(number, atom_id);
  return block[place] ? &*block[place] : nullptr;
}

IdCache::Block& IdCache::load(std::int64_t number, std::int64_t atom_id) {
  if (blocks_.size() >= kMaxBlocks) blocks_.clear();
  auto block = std::make_unique<Block>();
  const std::int64_t begin = number * kBlock;
  const std::int64_t first = many_ ? begin : atom_id;
  const std::int64_t last = many_ ? begin + kBlock - 1 : atom_id;
  std::bitset<kBlock> held;
  held_.with(first, last);
  while (held_.step()) held.set(static_cast<std::size_t>(held_.integer(0) - begin));
  held_.reset();
  select_.with(first, last);
  while (select_.step()) {
    const auto place = static_cast<std::size_t>(select_.integer(0) - begin);
    if (held[place])
      (*block)[place] = Id{static_cast<IdSpace>(select_.integer(1)), select_.hash(2)};
  }
  select_.reset();
  return *blocks_.emplace(number, std::move(block)).first->second;
}

}  // namespace hart::store
