#include "formats/model_folder.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "core/checked.h"
#include "core/json.h"
#include "core/mapped_file.h"
#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "formats/shard_index.h"

namespace hart::formats {
namespace {

constexpr std::string_view kSafetensors = ".safetensors";
constexpr std::string_view kIndex = ".safetensors.index.json";
// That of the header of a SafeTensors file, which says as much as an index.
constexpr std::uint64_t kMaxTextBytes = 100'000'000;

bool is_digits(std::string_view text) noexcept {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "NAME-00001-of-00003.gguf", as llama.cpp's gguf-split names the parts.
bool is_split_name(std::string_view name) noexcept {
  constexpr std::size_t kDigits = 5;
  constexpr std::string_view kOf = "-of-", kGguf = ".gguf";
  constexpr std::size_t kSuffix = 1 + 2 * kDigits + kOf.size() + kGguf.size();
  if (name.size() <= kSuffix || !name.ends_with(kGguf)) return false;
  name.remove_prefix(name.size() - kSuffix);
  return name[0] == '-' && is_digits(name.substr(1, kDigits)) &&
         name.substr(1 + kDigits, kOf.size()) == kOf &&
         is_digits(name.substr(1 + kDigits + kOf.size(), kDigits));
}

/// What the names at the top of a folder say about its weights.
std::optional<WeightFormat> weight_format(const std::vector<std::string>& names) {
  const auto has_suffix = [](std::string_view suffix) {
    return [suffix](const std::string& name) { return name.ends_with(suffix); };
  };
  if (std::any_of(names.begin(), names.end(), has_suffix(kSafetensors)) ||
      std::any_of(names.begin(), names.end(), has_suffix(kIndex)))
    return WeightFormat::safetensors;
  const auto n_gguf = std::count_if(names.begin(), names.end(), has_suffix(".gguf"));
  const auto n_split = std::count_if(names.begin(), names.end(), is_split_name);
  if (n_gguf == 1 || (n_gguf > 1 && n_split == n_gguf)) return WeightFormat::gguf;
  return std::nullopt;
}

class FolderReader {
 public:
  explicit FolderReader(const std::string& root) : root_{root} {
    folder_.files = list_folder(root);
    for (std::size_t i = 0; i < folder_.files.size(); ++i) {
      by_path_.emplace(folder_.files[i].path, i);
      if (is_top(folder_.files[i].path)) top_.push_back(folder_.files[i].path);
    }
  }

  ModelFolder read() {
    const auto format = weight_format(top_);
    if (!format) throw Error{Fault::data, root_ + ": expected a folder that holds one model"};
    folder_.format = *format;
    if (*format == WeightFormat::safetensors)
      read_safetensors();
    else
      read_gguf();
    read_config();
    return std::move(folder_);
  }

 private:
  static bool is_top(std::string_view path) { return path.find('/') == path.npos; }

  [[nodiscard]] std::string full_path(const std::string& path) const {
    return root_ + '/' + path;
  }
  [[noreturn]] void fail(const std::string& path, const std::string& message) const {
    throw Error{Fault::data, full_path(path) + ": " + message};
  }

  /// Calls `act` with the mapped file; errors of data get its path before them.
  template <typename Act> void with_file(std::size_t file, const Act& act) {
    const std::string path = full_path(folder_.files[file].path);
    const MappedFile mapped{path};
    try {
      act(mapped.bytes());
    } catch (const Error& error) {
      throw Error{error.fault(), path + ": " + error.what()};
    }
  }

  void add_tensor(FolderTensor tensor) {
    const auto [other, is_new] = by_name_.emplace(tensor.name, tensor.file);
    if (!is_new)
      fail(folder_.files[tensor.file].path, "expected each tensor in one file, found '" +
                                                tensor.name + "', which stands in " +
                                                folder_.files[other->second].path + " as well");
    folder_.tensors.push_back(std::move(tensor));
  }

  void read_safetensors() {
    const std::vector<std::string> indexes = names_ending(kIndex);
    if (by_path_.contains("model.safetensors"))
      return read_safetensors_files({"model.safetensors"});
    if (by_path_.contains("model.safetensors.index.json"))
      return read_index("model.safetensors.index.json");
    if (indexes.size() > 1)
      fail(indexes[1], "expected one index in the folder, found " + indexes[0] + " as well");
    if (!indexes.empty()) return read_index(indexes[0]);
    read_safetensors_files(names_ending(kSafetensors));
  }

  [[nodiscard]] std::vector<std::string> names_ending(std::string_view suffix) const {
    std::vector<std::string> names;
    for (const std::string& name : top_)
      if (name.ends_with(suffix)) names.push_back(name);
    return names;
  }

  void read_safetensors_files(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      const std::size_t file = by_path_.at(path);
      folder_.weight_files.push_back(file);
      SafetensorsHeader header;
      with_file(file, [&](ByteView bytes) { header = parse_safetensors(bytes, bytes.size()); });
      for (SafetensorsTensor& tensor : header.tensors)
        add_tensor({std::move(tensor.name), tensor.dtype, std::move(tensor.shape), file,
                    header.data_offset + tensor.offset, tensor.bytes});
    }
  }

  void read_index(const std::string& path) {
    const ShardIndex index = parse_shard_index(read_text(path), full_path(path));
    for (const std::string& file : index.files())
      if (!by_path_.contains(file))
        fail(path, "expected the shard " + file + " in the folder, found none");
    read_safetensors_files(index.files());
    check_index(index, path);
  }

  void check_index(const ShardIndex& index, const std::string& path) {
    std::uint64_t total = 0;
    for (const FolderTensor& tensor : folder_.tensors) {
      total = checked_add(total, tensor.bytes, "size of the tensors");
      const auto entry = index.weight_map.find(tensor.name);
      const std::string& file = folder_.files[tensor.file].path;
      if (entry == index.weight_map.end())
        fail(path, "expected every tensor of " + file + ", found no '" + tensor.name + "'");
      if (entry->second != file)
        fail(path, "expected tensor '" + tensor.name + "' in " + entry->second +
                       ", found it in " + file);
    }
    for (const auto& [tensor, file] : index.weight_map)
      if (!by_name_.contains(tensor))
        fail(path, "expected tensor '" + tensor + "' in " + file + ", found none");
    if (index.total_size && *index.total_size != total)
      fail(path, "expected a total_size of " + std::to_string(total) + ", found " +
                     std::to_string(*index.total_size));
  }

  void read_gguf() {
    const std::vector<std::string> paths = names_ending(".gguf");
    std::map<std::uint64_t, std::size_t> files;  // by split.no
    for (const std::string& path : paths) {
      const std::size_t file = by_path_.at(path);
      const std::uint64_t no = read_gguf_part(file, paths.size());
      const auto [other, is_new] = files.emplace(no, file);
      if (!is_new)
        fail(path, "expected a split.no of its own, found " + std::to_string(no) + ", as in " +
                       folder_.files[other->second].path);
    }
    for (const auto& [no, file] : files) folder_.weight_files.push_back(file);
    if (n_split_tensors_ && *n_split_tensors_ != folder_.tensors.size())
      fail(folder_.files[files.begin()->second].path,
           "expected split.tensors.count to be " + std::to_string(folder_.tensors.size()) +
               ", found " + std::to_string(*n_split_tensors_));
    sort_by_part();
  }

  /// Adds the tensors of one of `n_files` parts and returns its number, from 0.
  std::uint64_t read_gguf_part(std::size_t file, std::size_t n_files) {
    std::vector<FolderTensor> tensors;
    std::uint64_t no = 0;
    with_file(file, [&](ByteView bytes) {
      const GgufHeader header = parse_gguf(bytes, bytes.size());
      no = check_split(header, n_files);
      if (!folder_.tensors.empty() && header.byte_order != folder_.byte_order)
        throw Error{Fault::data, "expected the byte order of the other parts"};
      folder_.byte_order = header.byte_order;
      if (no == 0 && header.find("split.tensors.count") != nullptr)
        n_split_tensors_ = header.get_uint("split.tensors.count", 0);
      for (const GgufTensor& tensor : header.tensors)
        tensors.push_back({std::string{tensor.name}, tensor.dtype, tensor.shape, file,
                           header.data_offset + tensor.offset, tensor.bytes});
    });
    for (FolderTensor& tensor : tensors) add_tensor(std::move(tensor));
    return no;
  }

  static std::uint64_t check_split(const GgufHeader& header, std::size_t n_files) {
    // A file that was never split may say 0 or nothing.
    const std::uint64_t count = std::max<std::uint64_t>(header.get_uint("split.count", 1), 1);
    if (count != n_files)
      throw Error{Fault::data, "expected all " + std::to_string(count) +
                                   " parts of a split in the folder, found " +
                                   std::to_string(n_files)};
    const std::uint64_t no = header.get_uint("split.no", 0);
    if (no >= n_files)
      throw Error{Fault::data, "expected a split.no below " + std::to_string(n_files) +
                                   ", found " + std::to_string(no)};
    return no;
  }

  /// Parts are named in their order, but nothing makes them so.
  void sort_by_part() {
    std::unordered_map<std::size_t, std::size_t> part_of;
    for (std::size_t i = 0; i < folder_.weight_files.size(); ++i)
      part_of[folder_.weight_files[i]] = i;
    std::stable_sort(folder_.tensors.begin(), folder_.tensors.end(),
                     [&](const FolderTensor& a, const FolderTensor& b) {
                       return part_of[a.file] < part_of[b.file];
                     });
  }

  void read_config() {
    if (!by_path_.contains("config.json")) return;
    const Json config = parse_json(read_text("config.json"), full_path("config.json"));
    const auto type = config.is_object() ? config.find("model_type") : config.end();
    if (type != config.end() && type->is_string()) folder_.model_type = *type;
  }

  std::string read_text(const std::string& path) {
    std::string text;
    with_file(by_path_.at(path), [&](ByteView bytes) {
      if (bytes.size() > kMaxTextBytes)
        throw Error{Fault::data, "expected at most 100000000 bytes of JSON, found " +
                                     std::to_string(bytes.size())};
      text = as_text(bytes);
    });
    return text;
  }

  const std::string& root_;
  ModelFolder folder_;
  std::vector<std::string> top_;  ///< files of the folder itself, sorted
  std::map<std::string, std::size_t, std::less<>> by_path_;
  std::map<std::string, std::size_t> by_name_;  ///< a tensor's file
  std::optional<std::uint64_t> n_split_tensors_;
};

}  // namespace

std::optional<WeightFormat> recognise_model_folder(const std::string& root) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entries{root, error};
  for (; !error && entries != std::filesystem::directory_iterator{}; entries.increment(error)) {
    std::string name = entries->path().filename().string();
    std::error_code ignored;
    if (!name.starts_with('.') && entries->is_regular_file(ignored))
      names.push_back(std::move(name));
  }
  return error ? std::nullopt : weight_format(names);
}

ModelFolder read_model_folder(const std::string& root) {
  return FolderReader{root}.read();
}

}  // namespace hart::formats
