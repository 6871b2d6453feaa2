#include "crypto/merkle.h"
#include "prov/transparency_log.h"
#include "prov/verify.h"

namespace hart::prov {
namespace {

/// Rebuilds the tree leaf by leaf and compares every inner node that becomes complete.
class LogExamination {
 public:
  explicit LogExamination(store::Store& store)
      : store_{store},
        stored_{store.db().prepare(
            "SELECT hash FROM my_transparency_node WHERE level = ? AND node_index = ?")} {}

  LogVerification run() {
    auto leaves = store_.db().prepare(
        "SELECT leaf_index, hash FROM my_transparency_leaf ORDER BY leaf_index");
    while (leaves.step()) {
      if (static_cast<std::uint64_t>(leaves.integer(0)) != result_.size) {
        problem("leaf " + std::to_string(result_.size) + " is missing");
        return std::move(result_);
      }
      add_leaf(leaves.hash(1));
    }
    result_.root = builder_.root();
    check_counts();
    return std::move(result_);
  }

 private:
  void problem(std::string what) { result_.problems.push_back("log: " + std::move(what)); }

  void add_leaf(const Hash256& leaf) {
    builder_.add_leaf_hash(leaf);
    Hash256 hash = leaf;
    int level = 0;
    for (std::uint64_t at = result_.size; at % 2 == 1; at /= 2) {
      hash = crypto::node_hash(subtrees_.back(), hash);
      subtrees_.pop_back();
      ++level;
      compare(level, at / 2, hash);
    }
    subtrees_.push_back(hash);
    ++result_.size;
  }

  void compare(int level, std::uint64_t index, const Hash256& hash) {
    ++nodes_;
    const std::string name =
        "node " + std::to_string(index) + " of level " + std::to_string(level);
    if (!stored_.with(level, index).step())
      problem(name + " is missing");
    else if (stored_.hash(0) != hash)
      problem(name + " is not the hash of what is below it");
    stored_.reset();
  }

  void check_counts() {
    if (count("SELECT count(*) FROM my_transparency_node") > nodes_)
      problem("there are nodes over leaves that do not exist");
    const std::uint64_t receipts = count("SELECT count(*) FROM my_generation_stream");
    if (receipts != result_.size)
      problem("there are " + std::to_string(receipts) + " receipts and " +
              std::to_string(result_.size) + " leaves");
    if (result_.size == 0) return;
    if (const auto newest = stream_at(store_, result_.size - 1))
      result_.head = newest->receipt_hash;
  }

  std::uint64_t count(const char* sql) {
    auto row = store_.db().prepare(sql);
    return row.step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
  }

  store::Store& store_;
  store::Statement stored_;
  crypto::MerkleBuilder builder_;
  std::vector<Hash256> subtrees_;  ///< roots of complete subtrees, largest first
  std::uint64_t nodes_ = 0;
  LogVerification result_;
};

}  // namespace

LogVerification verify_log(store::Store& store) {
  return LogExamination{store}.run();
}

}  // namespace hart::prov
