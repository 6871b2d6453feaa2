#include "infer/prefix_cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/sha256.h"
#include "infer/result_cache.h"
#include "store/file_io.h"

namespace hart::infer {
namespace {

namespace fs = std::filesystem;
using store::Scope;
using store::Statement;

constexpr const char* kSuffix = ".kv";
/// What is being written for longer than this was left behind.
constexpr auto kWritingAtMost = std::chrono::hours{1};

void make_private_directory(const std::string& path) {
  // One that is there already, or cannot be made, shows when the file is written.
  static_cast<void>(::mkdir(path.c_str(), 0700));
}

void remove_file(const std::string& path) noexcept {
  try {
    store::file_io().remove(path);
  } catch (const Error&) {
    // What cannot be removed is a stray, tried again with the next file that is kept.
  }
}

}  // namespace

std::string prefix_directory(const store::Store& store) {
  return store.directory() + "/cache/kv/" + std::to_string(store.tenant_id());
}

PrefixCache::PrefixCache(store::Store& store, std::uint64_t limit_bytes)
    : table_{store, CacheKind::prefix, limit_bytes}, directory_{prefix_directory(store)} {}

std::string PrefixCache::path_of(const Hash256& file) const {
  return directory_ + "/" + to_hex(file) + kSuffix;
}

/// The keys of the prompt's first chunk, its first two, and so on, each the hash of the one
/// before and the tokens of its chunk.
PrefixCache::Keys PrefixCache::keys_of(const PrefixScope& scope,
                                       std::span<const nn::TokenId> tokens) const {
  ByteBuffer first;
  append(first, as_bytes("hart prefix"));
  append_le(first, kEngineVersion);
  append_le(first, table_.tenant_id());
  append(first, scope.model);
  append_le(first, static_cast<std::uint8_t>(scope.kv_type));
  append_le(first, static_cast<std::uint8_t>(scope.is_long));
  Hash256 key = crypto::sha256(first);
  Keys keys;
  for (std::size_t at = 0; at + kChunk <= tokens.size(); at += kChunk) {
    const auto chunk = tokens.subspan(at, kChunk);
    key = crypto::sha256_concat(
        {key,
         ByteView{reinterpret_cast<const std::uint8_t*>(chunk.data()), chunk.size_bytes()}});
    keys.push_back(key);
  }
  return keys;
}

std::optional<Hash256> PrefixCache::file_of(const Hash256& key) {
  Statement rows = table_.connection().prepare(
      "SELECT key, file FROM prefix_cache_key WHERE slot = ?", Scope::owner);
  if (!rows.with(cache_slot(key)).step() || rows.hash(0) != key) return std::nullopt;
  return rows.hash(1);
}

std::optional<PrefixCache::Found> PrefixCache::find(const PrefixScope& scope,
                                                    std::span<const nn::TokenId> prompt,
                                                    std::uint32_t known) noexcept {
  std::optional<Found> found;
  table_.read([&] {
    const Keys keys = keys_of(scope, prompt);
    for (std::size_t chunks = keys.size(); chunks * kChunk > known; --chunks) {
      const auto file = file_of(keys[chunks - 1]);
      if (!file) continue;
      auto prefix = read_prefix_file(path_of(*file), *file);
      const auto common = static_cast<std::uint32_t>(chunks * kChunk);
      if (prefix && prefix->positions >= common) {
        static_cast<void>(table_.find(*file));
        found.emplace(Found{*std::move(prefix), common});
        return;
      }
      table_.change([&] { forget(*file); });
    }
  });
  return found;
}

/// Makes the last of `keys` the file that all of them are found in.
void PrefixCache::index(const Keys& keys) {
  Statement insert = table_.connection().prepare(
      "INSERT OR REPLACE INTO prefix_cache_key (slot, tenant_id, file_slot, key, file)"
      " VALUES (?, ?, ?, ?, ?)",
      Scope::owner);
  const Hash256& file = keys.back();
  for (const Hash256& key : keys)
    insert.run(cache_slot(key), table_.tenant_id(), cache_slot(file), key, file);
}

/// Drops a file from the tables, then from the disk.
void PrefixCache::forget(const Hash256& file) {
  table_.remove(file);
  table_.connection()
      .prepare("DELETE FROM prefix_cache_key WHERE file_slot = ?", Scope::owner)
      .run(cache_slot(file));
  remove_file(path_of(file));
}

/// Removes files that the tables do not name: cache.db was lost, or a process ended half-way.
void PrefixCache::remove_strays() {
  Statement entry = table_.connection().prepare(
      "SELECT 1 FROM inference_cache WHERE slot = ? AND key = ?", Scope::owner);
  const auto now = fs::file_time_type::clock::now();
  std::error_code error;
  std::vector<std::string> strays;
  for (const auto& file : fs::directory_iterator{directory_, error}) {
    const std::string name = file.path().stem().string();
    bool is_stray = file.last_write_time(error) + kWritingAtMost < now;
    const bool is_key = name.size() == 2 * sizeof(Hash256) &&
                        name.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (is_key && file.path().extension() == kSuffix) {
      const ByteBuffer key = from_hex(name);
      is_stray = !entry.with(load_le<std::int64_t>(key.data()), key).step();
    }
    if (is_stray) strays.push_back(file.path().string());
  }
  for (const std::string& path : strays) remove_file(path);
}

bool PrefixCache::keep(const PrefixScope& scope, std::span<const nn::TokenId> tokens,
                       ByteView state) noexcept {
  const std::uint64_t bytes = prefix_file_bytes(state.size());
  if (bytes > table_.limit_bytes()) return false;
  std::string writing;
  bool is_written = false;
  // Only one who can note it writes a file.
  if (!table_.change([] {})) return false;
  try {
    const Keys keys = keys_of(scope, tokens);
    const Hash256& file = keys.back();
    const std::string root = directory_.substr(0, directory_.rfind('/'));
    make_private_directory(root.substr(0, root.rfind('/')));
    make_private_directory(root);
    make_private_directory(directory_);
    writing = path_of(file) + "." + std::to_string(::getpid());
    write_prefix_file(writing, file, static_cast<std::uint32_t>(tokens.size()), state);
    is_written = table_.change([&] {
      store::file_io().rename(writing, path_of(file));
      for (const Hash256& shorter : keys)
        if (shorter != file && file_of(shorter) == shorter) forget(shorter);
      ByteBuffer positions;
      append_le(positions, static_cast<std::uint32_t>(tokens.size()));
      table_.put(file, positions, bytes);
      index(keys);
      for (const Hash256& evicted : table_.evict()) forget(evicted);
      remove_strays();
    });
  } catch (const std::exception&) {
    is_written = false;
  }
  if (!is_written && !writing.empty()) remove_file(writing);
  return is_written;
}

}  // namespace hart::infer
