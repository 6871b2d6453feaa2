#include "atom/verify_structure.h"

#include <algorithm>
#include <optional>

#include "atom/identity.h"
#include "atom/model_catalog.h"
#include "atom/model_digest.h"
#include "atom/model_view.h"
#include "atom/payload_reader.h"
#include "core/error.h"
#include "core/json.h"
#include "crypto/sha256.h"
#include "store/catalog.h"
#include "store/extent_reader.h"
#include "store/id_set.h"
#include "store/tenant.h"
#include "store/withheld_view.h"

namespace hart::atom {
namespace {

class StructureVerifier {
 public:
  StructureVerifier(store::Store& store, const VerifyOptions& options,
                    const store::FindingVisitor& visit)
      : store_{store}, options_{options}, visit_{visit} {}

  /// What the acting tenant holds and no tenant before did.
  void run(const std::string& tenant);
  [[nodiscard]] const VerifiedStructures& result() const noexcept { return result_; }

 private:
  /// What is wrong with it; empty when nothing is.
  [[nodiscard]] std::string problem_of(const store::Atom& atom);
  [[nodiscard]] std::string problem_of_content(const store::Atom& atom);
  [[nodiscard]] std::string problem_of_tensor(const store::Atom& atom);
  [[nodiscard]] std::string problem_of_model(const store::Atom& atom);
  [[nodiscard]] std::optional<Hash256> root_of_segments(std::int64_t tensor_atom_id);
  [[nodiscard]] Hash256 root_of_bytes(std::int64_t tensor_atom_id);
  [[nodiscard]] Descriptor describe_children(const store::Atom& atom, Kind kind);
  [[nodiscard]] Descriptor describe_model(const store::Atom& atom, ByteView metadata);
  /// The canonical metadata of the files that the model may have been read from.
  [[nodiscard]] std::vector<ByteBuffer> metadata_of(const store::Atom& model);

  store::Store& store_;
  const VerifyOptions& options_;
  const store::FindingVisitor& visit_;
  store::IdSet seen_;
  VerifiedStructures result_;
};

constexpr const char* kAnotherId = "what it is made of has another id";

std::string compare(const Descriptor& descriptor, const store::Atom& atom) {
  return structure_id(descriptor) == atom.id ? "" : kAnotherId;
}

std::string StructureVerifier::problem_of_content(const store::Atom& atom) {
  crypto::Sha256 hash;
  const std::uint64_t bytes =
      read_payload(store_, atom.atom_id, {false, options_.threads}, [&](ByteView part) {
        hash.update(part);
        if (options_.progress) options_.progress(part.size());
      });
  return bytes == atom.bytes && hash.finish() == atom.id.hash
             ? ""
             : "its bytes do not have this digest";
}

/// Segments are whole subtrees of the tensor's tree, so that their roots make up its root. None
/// when the tensor is stored in another way.
std::optional<Hash256> StructureVerifier::root_of_segments(std::int64_t tensor_atom_id) {
  store::Statement parts =
      store_.db().prepare(std::string{"SELECT extent_offset, bytes, "} + store::kExtentColumns +
                          " FROM my_atom_payload WHERE atom_id = ? ORDER BY position");
  parts.with(tensor_atom_id);
  crypto::MerkleBuilder segments;
  std::optional<Hash256> whole;
  bool last = false;
  while (parts.step()) {
    const auto bytes = static_cast<std::uint64_t>(parts.integer(1));
    if (last) return std::nullopt;
    last = bytes != kSegmentBytes;
    if (parts.is_null(2)) {
      whole = crypto::block_root(ByteBuffer(bytes));
    } else {
      const store::ExtentRecord extent = store::read_extent(parts, 2);
      if (extent.hash_kind != store::HashKind::blocks || parts.integer(0) != 0 ||
          extent.decoded_bytes != bytes)
        return std::nullopt;
      whole = extent.hash;
    }
    // What is longer than a segment can only stand alone.
    if (bytes > kSegmentBytes && segments.size() > 0) return std::nullopt;
    segments.add_leaf_hash(*whole);
  }
  if (!whole) return std::nullopt;
  return segments.root();
}

Hash256 StructureVerifier::root_of_bytes(std::int64_t tensor_atom_id) {
  crypto::MerkleBuilder blocks;
  ByteBuffer rest;
  read_payload(store_, tensor_atom_id, {false, options_.threads}, [&](ByteView part) {
    if (options_.progress) options_.progress(part.size());
    rest.insert(rest.end(), part.begin(), part.end());
    std::size_t at = 0;
    for (; rest.size() - at >= crypto::kBlockBytes; at += crypto::kBlockBytes)
      blocks.add_leaf_hash(crypto::leaf_hash(ByteView{rest}.subspan(at, crypto::kBlockBytes)));
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(at));
  });
  if (!rest.empty()) blocks.add_leaf_hash(crypto::leaf_hash(rest));
  return blocks.root();
}

std::string StructureVerifier::problem_of_tensor(const store::Atom& atom) {
  store::Statement row = store_.db().prepare(
      "SELECT dtype, shape FROM my_tensor_atom WHERE tensor_atom_id = ? LIMIT 1");
  if (!row.with(atom.atom_id).step()) return "no model says what its type and shape are";
  const auto dtype = static_cast<tensor::DType>(row.integer(0));
  const auto shape = parse_json(row.text(1), "stored shape").get<std::vector<std::uint64_t>>();
  row.reset();
  std::optional<Hash256> root;
  if (atom.bytes > 0) root = root_of_segments(atom.atom_id);
  if (!root) root = root_of_bytes(atom.atom_id);
  return compare(describe_tensor(dtype, shape, atom.bytes, *root), atom);
}

Descriptor StructureVerifier::describe_children(const store::Atom& atom, Kind kind) {
  CompositeBuilder composite{kind};
  NamedTensorsBuilder layer;
  FolderBuilder folder;
  store::for_each_component(store_, atom.atom_id, [&](const store::Component& child) {
    if (kind == Kind::layer) {
      layer.add(child.name, child.atom.id);
    } else if (kind == Kind::folder) {
      folder.add(child.name, child.atom.id.hash);
    } else {
      composite.add(child.atom.id);
    }
  });
  if (kind == Kind::layer) return layer.describe();
  return kind == Kind::folder ? folder.describe() : composite.describe();
}

std::vector<ByteBuffer> StructureVerifier::metadata_of(const store::Atom& model) {
  store::Statement objects = store_.db().prepare(
      "SELECT atom_id FROM my_object WHERE structure_id = ?1"
      " UNION SELECT atom_id FROM my_snapshot_object WHERE structure_id = ?1 LIMIT 1");
  std::vector<store::Atom> files;
  if (!objects.with(model.atom_id).step()) return {};
  const auto file = store::atom_by_id(store_, objects.integer(0));
  objects.reset();
  if (!file) return {};
  if (is_folder(*file)) {
    store::for_each_component(store_, file->atom_id, [&](const store::Component& child) {
      files.push_back(child.atom);
    });
  } else {
    files.push_back(*file);
  }
  std::vector<ByteBuffer> metadata;
  for (const store::Atom& part : files) {
    const ByteBuffer header = read_model_header(store_, part);
    const auto format = formats::detect(
        ByteView{header}.first(std::min(header.size(), formats::kDetectBytes)), part.bytes);
    if (format == formats::FileFormat::gguf || format == formats::FileFormat::safetensors)
      metadata.push_back(view_model(format, header, part.bytes).canonical_metadata);
  }
  return metadata;
}

Descriptor StructureVerifier::describe_model(const store::Atom& atom, ByteView metadata) {
  NamedTensorsBuilder builder{metadata};
  store::Statement tensors = store_.db().prepare(
      "SELECT t.name, a.space, a.hash FROM my_tensor_atom AS t"
      " JOIN my_atom AS a ON a.atom_id = t.tensor_atom_id"
      " WHERE t.model_atom_id = ? ORDER BY t.position");
  tensors.with(atom.atom_id);
  while (tensors.step())
    builder.add(tensors.text(0), Id{static_cast<IdSpace>(tensors.integer(1)), tensors.hash(2)});
  return builder.describe();
}

std::string StructureVerifier::problem_of_model(const store::Atom& atom) {
  const std::vector<ByteBuffer> metadata = metadata_of(atom);
  if (metadata.empty()) return "no file says what its metadata are";
  const bool found =
      std::any_of(metadata.begin(), metadata.end(), [&](const ByteBuffer& entries) {
        return structure_id(describe_model(atom, entries)) == atom.id;
      });
  return found ? "" : kAnotherId;
}

std::string StructureVerifier::problem_of(const store::Atom& atom) {
  const Descriptor descriptor = decode_descriptor(atom.value);
  switch (descriptor.kind) {
    case Kind::content:
      return problem_of_content(atom);
    case Kind::tensor:
      return problem_of_tensor(atom);
    case Kind::model:
      return problem_of_model(atom);
    case Kind::layer:
    case Kind::paragraph:
    case Kind::document:
    case Kind::folder:
      return compare(describe_children(atom, descriptor.kind), atom);
  }
  return "it is of an unknown kind";
}

void StructureVerifier::run(const std::string& tenant) {
  const store::Snapshot snapshot{store_.db()};
  store::Statement held = store_.db().prepare(
      "SELECT DISTINCT a.atom_id FROM my_tenant_atom AS h JOIN my_atom AS a"
      " ON a.atom_id = h.atom_id WHERE a.form = 1 ORDER BY a.atom_id");
  while (held.step()) {
    if (!seen_.insert(held.integer(0))) continue;
    const auto atom = store::atom_by_id(store_, held.integer(0));
    if (!atom) continue;
    ++result_.atoms;
    std::string problem;
    try {
      problem = problem_of(*atom);
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      problem = error.what();
    }
    if (problem.empty()) continue;
    ++result_.findings;
    visit_({problem, "tenant " + tenant + ", atom " + atom->id.text(), false});
  }
}

}  // namespace

VerifiedStructures verify_structures(store::Store& store, const VerifyOptions& options,
                                     const store::FindingVisitor& visit) {
  const store::WithheldView withheld{store.db()};
  StructureVerifier verifier{store, options, visit};
  for (const store::Tenant& tenant : store::tenants(store)) {
    const store::ActingTenant acting{store.db(), tenant.tenant_id};
    verifier.run(tenant.name);
  }
  return verifier.result();
}

}  // namespace hart::atom
