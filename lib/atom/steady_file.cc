#include "atom/steady_file.h"

#include <utility>

#include "core/error.h"

namespace hart::atom {
namespace {

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

bool is_same_file(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool is_untouched(const struct stat& a, const struct stat& b) noexcept {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

SteadyFile::SteadyFile(std::string path) : path_{std::move(path)}, before_{status_of(path_)} {}

void SteadyFile::require_steady() const {
  const auto after = status_of(path_);
  if (before_ && after && is_same_file(*before_, *after) && !is_untouched(*before_, *after))
    throw Error{Fault::data, path_ + ": changed while it was read"};
}

}  // namespace hart::atom
