#include "infer/model_parts.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "atom/export.h"
#include "atom/identity.h"
#include "atom/model_catalog.h"
#include "atom/model_view.h"
#include "core/error.h"
#include "core/json.h"
#include "core/mapped_file.h"
#include "crypto/sha256.h"
#include "formats/model_folder.h"
#include "nn/tokenizer_json.h"

namespace hart::infer {
namespace {

/// Gives a file that stands beside the weights, or nothing.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

class TensorRootBuilder {
 public:
  void add(const Id& tensor) {
    const auto space = static_cast<std::uint8_t>(tensor.space);
    ByteBuffer leaf{space};
    leaf.insert(leaf.end(), tensor.hash.begin(), tensor.hash.end());
    tree_.add_leaf_hash(crypto::leaf_hash(leaf));
    ++count_;
  }
  [[nodiscard]] TensorRoot finish() { return {count_, tree_.root()}; }

 private:
  crypto::MerkleBuilder tree_;
  std::uint32_t count_ = 0;
};

/// The model's identity, as ingest would compute it: every tensor's blocks are hashed.
ModelParts::Identity model_identity(const atom::ModelView& view,
                                    std::span<const ByteView> files) {
  atom::NamedTensorsBuilder model{view.canonical_metadata};
  TensorRootBuilder root;
  for (const atom::ModelTensor& tensor : view.tensors) {
    crypto::MerkleBuilder blocks;
    const ByteView bytes = files[tensor.file].subspan(tensor.offset, tensor.bytes);
    for (std::size_t at = 0; at < bytes.size(); at += crypto::kBlockBytes)
      blocks.add_leaf_hash(crypto::leaf_hash(
          bytes.subspan(at, std::min(crypto::kBlockBytes, bytes.size() - at))));
    const Id id = atom::structure_id(
        atom::describe_tensor(tensor.dtype, tensor.shape, tensor.bytes, blocks));
    model.add(tensor.name, id);
    root.add(id);
  }
  return {atom::structure_id(model.describe()), root.finish()};
}

/// Over the ids that the catalog has, in the order of the model.
TensorRoot stored_tensor_root(store::Store& store, const atom::StoredModel& model) {
  TensorRootBuilder root;
  for (const atom::StoredTensor& tensor : model.tensors) {
    const auto atom = store::atom_by_id(store, tensor.atom_id);
    if (!atom) throw Error{Fault::data, "the tensor " + tensor.name + " is not in the store"};
    root.add(atom->id);
  }
  return root.finish();
}

/// Runs `load` with `name` before the messages of what it throws.
template <typename Load> void named(const std::string& name, Load load) {
  try {
    load();
  } catch (const Error& error) {
    throw Error{error.fault(), name + ": " + error.what()};
  }
}

void take_gguf(ModelParts& parts, ByteView header, std::uint64_t file_bytes) {
  parts.header = formats::parse_gguf(header, file_bytes);
  parts.tokenizer = nn::make_tokenizer(parts.header);
  parts.chat_template = parts.header.get_string("tokenizer.chat_template", "");
}

/// The default of a folder's templates: newer ones have a file of their own.
std::string read_chat_template(const ReadFile& read, const std::string& tokenizer_config) {
  if (auto text = read("chat_template.jinja")) return *std::move(text);
  if (tokenizer_config.empty()) return "";
  const Json config = parse_json(tokenizer_config, "tokenizer_config.json");
  if (!config.is_object() || !config.contains("chat_template")) return "";
  const Json& templates = config["chat_template"];
  if (templates.is_string()) return templates.get<std::string>();
  // Several, by name.
  for (const Json& entry : templates)
    if (entry.is_object() && entry.contains("name") && entry["name"] == "default" &&
        entry.contains("template") && entry["template"].is_string())
      return entry["template"].get<std::string>();
  return "";
}

/// What a Hugging Face folder says besides its weights, which `parts.tensors` has already.
void take_hugging_face(ModelParts& parts, const ReadFile& read) {
  const auto config = read("config.json");
  if (!config) throw Error{Fault::data, "has no config.json, which tells how it runs"};
  const std::string tokenizer_config = read("tokenizer_config.json").value_or("");
  const auto tokenizer = read("tokenizer.json");
  if (!tokenizer)
    throw Error{Fault::data, "has no tokenizer.json, the one tokenizer file read"};
  parts.tokenizer =
      nn::make_tokenizer_from_json(as_bytes(*tokenizer), as_bytes(tokenizer_config));
  parts.hugging_face.emplace(*config, "config.json",
                             [&parts](std::string_view name) { return parts.find(name); });
  parts.embedding = nn::read_embedding_settings(read("modules.json").value_or(""),
                                                read("1_Pooling/config.json").value_or(""),
                                                read("sentence_bert_config.json").value_or(""));
  parts.chat_template = read_chat_template(read, tokenizer_config);
  parts.settings = crypto::sha256_concat({crypto::sha256(as_bytes(*config)),
                                          crypto::sha256(as_bytes(*tokenizer)),
                                          crypto::sha256(as_bytes(tokenizer_config))});
}

std::string base_name(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return std::filesystem::path{path}.filename().string();
}

}  // namespace

const ModelParts::Identity& ModelParts::identity() {
  if (!identity_) identity_ = compute_identity();
  return *identity_;
}

const Id& ModelParts::id() {
  return identity().id;
}

const TensorRoot& ModelParts::tensor_root() {
  if (!identity().tensors) identity_->tensors = compute_tensor_root();
  return *identity_->tensors;
}

std::optional<tensor::TensorView> ModelParts::find(std::string_view tensor) const {
  const auto found = tensors.find(std::string{tensor});
  if (found == tensors.end()) return std::nullopt;
  return found->second.view;
}

nn::ModelSource ModelParts::source() const {
  if (hugging_face) return hugging_face->source();
  nn::ModelSource source{header, [this](std::string_view tensor) { return find(tensor); }};
  source.layout = [this](std::string_view tensor) {
    const auto found = tensors.find(std::string{tensor});
    return found == tensors.end() ? tensor::RowLayout::rows : found->second.layout;
  };
  return source;
}

std::unique_ptr<ModelParts> open_gguf(const std::string& path) {
  auto parts = std::make_unique<ModelParts>();
  const auto file = std::make_shared<MappedFile>(path);
  parts->storage = file;
  parts->name = base_name(path);
  const ByteView bytes = file->bytes();
  named(path, [&] { take_gguf(*parts, bytes, bytes.size()); });
  const formats::GgufHeader& header = parts->header;
  for (const formats::GgufTensor& tensor : header.tensors)
    parts->tensors.try_emplace(
        std::string{tensor.name},
        tensor::WeightMatrix{
            {tensor.dtype, tensor.shape,
             bytes.subspan(header.data_offset + tensor.offset, tensor.bytes)}});
  parts->compute_identity = [bytes, &header] {
    const ByteView files[] = {bytes};
    return model_identity(atom::view_model(formats::FileFormat::gguf,
                                           bytes.first(header.header_bytes), bytes.size()),
                          files);
  };
  return parts;
}

std::unique_ptr<ModelParts> open_folder(const std::string& path) {
  auto parts = std::make_unique<ModelParts>();
  const formats::ModelFolder folder = formats::read_model_folder(path);
  if (folder.format != formats::WeightFormat::safetensors)
    throw Error{Fault::data, path + ": a split GGUF; add it to a store, or give its one file"};
  const auto files = std::make_shared<std::vector<MappedFile>>();
  for (const formats::FolderFile& file : folder.files)
    files->emplace_back(path + "/" + file.path);
  parts->storage = files;
  parts->name = base_name(path);
  for (const formats::FolderTensor& tensor : folder.tensors)
    parts->tensors.try_emplace(
        tensor.name, tensor::WeightMatrix{
                         {tensor.dtype, tensor.shape,
                          (*files)[tensor.file].bytes().subspan(tensor.offset, tensor.bytes)}});
  const ReadFile read = [&](const std::string& name) -> std::optional<std::string> {
    for (std::size_t i = 0; i < folder.files.size(); ++i)
      if (folder.files[i].path == name) {
        const ByteView bytes = (*files)[i].bytes();
        return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
      }
    return std::nullopt;
  };
  named(path, [&] { take_hugging_face(*parts, read); });
  parts->compute_identity = [folder, files] {
    std::vector<ByteView> views;
    views.reserve(files->size());
    for (const MappedFile& file : *files) views.push_back(file.bytes());
    return model_identity(atom::view_folder(folder, views), views);
  };
  return parts;
}

std::unique_ptr<ModelParts> open_stored(store::Store& store, const std::string& reference) {
  auto parts = std::make_unique<ModelParts>();
  const auto stored = std::make_shared<atom::StoredModel>(
      atom::open_model(store, reference, atom::TensorForm::runnable));
  parts->storage = stored;
  parts->name = stored->object.name;
  parts->compute_identity = [stored] {
    return ModelParts::Identity{*stored->object.structure, std::nullopt};
  };
  parts->compute_tensor_root = [&store, stored] { return stored_tensor_root(store, *stored); };
  for (const atom::StoredTensor& tensor : stored->tensors)
    parts->tensors.try_emplace(tensor.name,
                               tensor::WeightMatrix{{static_cast<tensor::DType>(tensor.dtype),
                                                     tensor.shape, tensor.bytes.bytes()},
                                                    tensor.layout});
  if (stored->format == "gguf") {
    named(reference, [&] { take_gguf(*parts, stored->header, stored->file_bytes); });
    return parts;
  }
  std::map<std::string, store::Atom> files;
  const auto folder = store::atom_by_id(store, stored->object.atom_id);
  if (folder && atom::is_folder(*folder))
    store::for_each_component(store, folder->atom_id, [&](const store::Component& component) {
      files.emplace(component.name, component.atom);
    });
  const ReadFile read = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = files.find(name);
    if (found == files.end()) return std::nullopt;
    std::string text;
    atom::read_content(store, found->second, [&](ByteView part) {
      text.append(reinterpret_cast<const char*>(part.data()), part.size());
    });
    return text;
  };
  named(reference, [&] { take_hugging_face(*parts, read); });
  return parts;
}

}  // namespace hart::infer
