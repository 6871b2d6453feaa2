#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "core/bytes.h"
#include "core/error.h"
#include "prov/export/escape.h"
#include "prov/sync/sync_target.h"
#include "store/file_io.h"

namespace hart::prov {
namespace {

namespace fs = std::filesystem;

/// Leaf indexes in file names: as many digits as keep files in the order of the log.
constexpr int kIndexDigits = 16;

std::string index_text(std::uint64_t index) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%0*llu", kIndexDigits,
                static_cast<unsigned long long>(index));
  return text.data();
}

/// The tenant as it stands in file names: a slash would be a folder.
std::string file_name_of(const std::string& tenant) {
  std::string encoded;
  exports::append_local_name(encoded, tenant);
  std::string name;
  for (const char c : encoded) name += c == '/' ? std::string{"%2F"} : std::string(1, c);
  return name;
}

class FolderTarget : public SyncTarget {
 public:
  FolderTarget(std::string path, const std::string& tenant, std::string extension,
               bool only_look)
      : path_{std::move(path)},
        prefix_{file_name_of(tenant) + "-"},
        extension_{std::move(extension)} {
    if (only_look) return;
    make_folder();
    lock();
    remove_partial();
  }
  ~FolderTarget() override {
    if (lock_ >= 0) ::close(lock_);
  }
  FolderTarget(const FolderTarget&) = delete;
  FolderTarget& operator=(const FolderTarget&) = delete;

  Delivery deliver(const SyncBatch& batch) override {
    const std::string path = path_ + "/" + prefix_ + index_text(batch.first) + "-" +
                             index_text(batch.last) + "." + extension_;
    std::error_code error;
    if (fs::exists(path, error)) return {};
    const std::string partial = path + ".partial";
    {
      const auto file = store::file_io().open(partial, store::FileIo::Mode::create);
      file->write_at(0, as_bytes(batch.payload));
      file->sync();
    }
    store::file_io().rename(partial, path);
    store::file_io().sync_directory(path_);
    return {};
  }

  std::optional<std::uint64_t> position() override {
    std::uint64_t next = 0;
    std::error_code error;
    if (!fs::exists(path_, error)) return 0;
    for_each_file([&](const fs::path& file) {
      if (const auto last = last_of(file.filename().string())) next = std::max(next, *last + 1);
    });
    return next;
  }

 private:
  template <typename Visit> void for_each_file(const Visit& visit) const {
    std::error_code error;
    fs::directory_iterator files{path_, error};
    for (; !error && files != fs::directory_iterator{}; files.increment(error))
      visit(files->path());
    if (error) throw_errno(Fault::io, path_, error.value());
  }

  /// TENANT-FIRST-LAST.jsonl
  [[nodiscard]] std::optional<std::uint64_t> last_of(const std::string& name) const {
    const std::size_t at = prefix_.size() + kIndexDigits + 1;
    if (!name.starts_with(prefix_) || name.ends_with(".partial") || name.size() <= at ||
        name[at - 1] != '-')
      return std::nullopt;
    std::uint64_t last = 0;
    const auto parsed = std::from_chars(name.data() + at, name.data() + name.size(), last);
    if (parsed.ec != std::errc{} || parsed.ptr == name.data() + name.size() ||
        *parsed.ptr != '.')
      return std::nullopt;
    return last;
  }

  void make_folder() {
    std::error_code error;
    if (!fs::create_directories(path_, error)) {
      if (error) throw_errno(Fault::cannot_create, path_, error.value());
      return;
    }
    const fs::path parent = fs::absolute(path_, error).parent_path();
    if (!error) store::file_io().sync_directory(parent.string());
  }

  void lock() {
    const std::string path = path_ + "/.hart-sync.lock";
    lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock_ < 0) throw_errno(Fault::cannot_create, path, errno);
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0)
      throw Error{Fault::busy, path_ + ": another process delivers to it at the same time"};
  }

  /// What a killed process left: no file that anybody may read.
  void remove_partial() {
    for_each_file([&](const fs::path& file) {
      const std::string name = file.filename().string();
      if (name.starts_with(prefix_) && name.ends_with(".partial"))
        (void)store::file_io().remove(file.string());
    });
  }

  std::string path_;
  std::string prefix_;
  std::string extension_;
  int lock_ = -1;
};

}  // namespace

std::unique_ptr<SyncTarget> folder_target(const std::string& path, const std::string& tenant,
                                          const std::string& extension, bool only_look) {
  return std::make_unique<FolderTarget>(path, tenant, extension, only_look);
}

}  // namespace hart::prov
