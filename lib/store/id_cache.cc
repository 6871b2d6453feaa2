#include "store/id_cache.h"

namespace hart::store {
namespace {

/// At about 4 KiB each. Beyond, all are forgotten rather than the oldest: a store as large has
/// hits so far apart that few would be found again.
constexpr std::size_t kMaxBlocks = 16'384;

}  // namespace

IdCache::IdCache(Store& store, bool many)
    : many_{many},
      // In the order in which both tables lie, as `my_atom` would not be read. An atom that is
      // held with several modalities comes several times.
      select_{store.db().prepare(
          "SELECT atom.atom_id, atom.space, atom.hash"
          " FROM my_tenant_atom AS held CROSS JOIN atom ON atom.atom_id = held.atom_id"
          " WHERE held.atom_id BETWEEN ?1 AND ?2",
          Scope::owner)},
      data_version_{store.db().prepare("PRAGMA data_version", Scope::owner)} {}

void IdCache::begin_snapshot() {
  data_version_.reset();
  const std::int64_t version = data_version_.step() ? data_version_.integer(0) : 0;
  data_version_.reset();
  if (version != version_) forget();
  version_ = version;
}

const Id* IdCache::find(std::int64_t atom_id) {
  if (atom_id < 0) return nullptr;
  const auto number = static_cast<std::size_t>(atom_id / kBlock);
  const auto place = static_cast<std::size_t>(atom_id % kBlock);
  if (!many_) forget();
  const bool known = number < blocks_.size() && blocks_[number];
  const Block& block = known ? *blocks_[number] : load(number, atom_id);
  return block.held[place] ? &block.ids[place] : nullptr;
}

void IdCache::forget() {
  blocks_.clear();
  loaded_ = 0;
}

IdCache::Block& IdCache::load(std::size_t number, std::int64_t atom_id) {
  if (loaded_ == kMaxBlocks) forget();
  auto block = std::make_unique<Block>();
  const std::int64_t begin = static_cast<std::int64_t>(number) * kBlock;
  if (many_)
    select_.with(begin, begin + kBlock - 1);
  else
    select_.with(atom_id, atom_id);
  while (select_.step()) {
    const auto place = static_cast<std::size_t>(select_.integer(0) - begin);
    block->ids[place] = {static_cast<IdSpace>(select_.integer(1)), select_.hash(2)};
    block->held.set(place);
  }
  select_.reset();
  if (number >= blocks_.size()) blocks_.resize(number + 1);
  blocks_[number] = std::move(block);
  ++loaded_;
  return *blocks_[number];
}

}  // namespace hart::store
