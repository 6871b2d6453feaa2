#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/json.h"
#include "core/mapped_file.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"

namespace hart::crypto {
namespace {

/// A digest of a vector. Some vectors put a short word where any digest would do and ask only
/// whether it equals another: its SHA-256 stands for it. An empty string is no digest.
std::optional<Hash256> digest_of(const Json& value) {
  const ByteBuffer bytes = from_base64(value.get<std::string>());
  if (bytes.empty()) return std::nullopt;
  if (bytes.size() != 32) return sha256(bytes);
  Hash256 digest;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

std::optional<MerkleProof> proof_of(const Json& value) {
  MerkleProof proof;
  if (value.is_null()) return proof;
  for (const Json& element : value) {
    const auto digest = digest_of(element);
    if (!digest) return std::nullopt;
    proof.push_back(*digest);
  }
  return proof;
}

bool accepted(const std::string& kind, const Json& vector) {
  const auto number = [&](const char* key) { return vector.at(key).get<std::uint64_t>(); };
  const bool of_leaf = vector.contains("leafHash");
  const auto first = digest_of(vector.at(of_leaf ? "leafHash" : "root1"));
  const auto root = digest_of(vector.at(of_leaf ? "root" : "root2"));
  const auto proof = proof_of(vector.at("proof"));
  if (!first || !root || !proof) return false;
  if (kind == "inclusion")
    return verify_inclusion(number("leafIdx"), number("treeSize"), *first, *proof, *root);
  if (kind == "consistency")
    return verify_consistency(number("size1"), number("size2"), *first, *root, *proof);
  if (kind == "subtreeinclusion")
    return verify_subtree_inclusion(number("leafIdx"), number("start"), number("end"), *first,
                                    *proof, *root);
  return verify_subtree_consistency(number("start"), number("end"), number("size"), *first,
                                    *root, *proof);
}

TEST_CASE("merkle: the public proof vectors are judged as published, all 518 of them") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path{HART_SHARED_DATA} / "merkle";
  if (!fs::is_directory(folder)) {
    MESSAGE("skipped: no public vectors at " << folder.string());
    return;
  }
  int refused = 0;
  int total = 0;
  for (const char* const kind :
       {"inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"})
    for (const auto& entry : fs::recursive_directory_iterator{folder / kind}) {
      if (entry.path().extension() != ".json") continue;
      CAPTURE(entry.path().string());
      const MappedFile file{entry.path().string()};
      const Json vector = parse_json(as_text(file.bytes()), entry.path().string());
      const bool expected = !vector.at("wantErr").get<bool>();
      CHECK(accepted(kind, vector) == expected);
      refused += !expected;
      ++total;
    }
  CHECK(total == 518);
  CHECK(refused == 482);
}

}  // namespace
}  // namespace hart::crypto
