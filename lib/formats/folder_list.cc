#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/error.h"
#include "formats/model_folder.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

namespace fs = std::filesystem;

void check(const std::error_code& error, const std::string& path) {
  if (error) throw_errno(Fault::io, path, error.value());
}

/// Whether `path`, which is canonical, lies under `root`, which is too.
bool is_inside(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

class FolderWalk {
 public:
  explicit FolderWalk(const std::string& root) {
    std::error_code error;
    root_ = fs::canonical(root, error);
    check(error, root);
    if (!fs::is_directory(root_, error))
      throw Error{Fault::data, root + ": expected a folder, found a file"};
  }

  std::vector<FolderFile> run() {
    std::vector<std::string> folders{""};
    while (!folders.empty()) {
      const std::string folder = std::move(folders.back());
      folders.pop_back();
      visit(folder, folders);
    }
    std::sort(files_.begin(), files_.end(),
              [](const FolderFile& a, const FolderFile& b) { return a.path < b.path; });
    return std::move(files_);
  }

 private:
  void visit(const std::string& folder, std::vector<std::string>& folders) {
    std::error_code error;
    fs::directory_iterator entries{root_ / folder, error};
    for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
      const std::string name = entries->path().filename().string();
      if (name.starts_with('.')) continue;
      const std::string path = folder.empty() ? name : folder + '/' + name;
      if (!is_utf8(name)) fail(path, "expected a name in UTF-8");
      if (entries->symlink_status(error).type() == fs::file_type::directory)
        folders.push_back(path);
      else if (!error)
        add_file(path, *entries);
      if (error) break;
    }
    check(error, (root_ / folder).string());
  }

  void add_file(const std::string& path, const fs::directory_entry& entry) {
    std::error_code error;
    if (entry.is_symlink(error)) {
      const fs::path target = fs::canonical(entry.path(), error);
      if (error) fail(path, "expected a file, found a symbolic link that leads nowhere");
      if (!is_inside(target, root_) && !is_cached_blob(target))
        fail(path, "expected a file, found a symbolic link out of the folder");
      if (fs::is_directory(target, error))
        fail(path, "expected a file, found a symbolic link to a folder");
    }
    if (!entry.is_regular_file(error))
      fail(path, "expected a file, found neither file nor folder");
    const std::uint64_t bytes = entry.file_size(error);
    check(error, entry.path().string());
    files_.push_back({path, bytes});
  }

  /// Downloads are kept as CACHE/snapshots/REVISION, whose files are links into CACHE/blobs.
  [[nodiscard]] bool is_cached_blob(const fs::path& target) const {
    const fs::path snapshots = root_.parent_path();
    return snapshots.filename() == "snapshots" &&
           is_inside(target, snapshots.parent_path() / "blobs");
  }

  [[noreturn]] void fail(const std::string& path, const std::string& message) const {
    throw Error{Fault::data, (root_ / path).string() + ": " + message};
  }

  fs::path root_;
  std::vector<FolderFile> files_;
};

}  // namespace

std::vector<FolderFile> list_folder(const std::string& root) {
  return FolderWalk{root}.run();
}

}  // namespace hart::formats
