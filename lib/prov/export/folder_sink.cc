#include "prov/export/folder_sink.h"

#include <filesystem>

#include "core/error.h"

namespace hart::prov::exports {

namespace fs = std::filesystem;

DiskFolder::DiskFolder(std::string path) : path_{std::move(path)} {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) throw_errno(Fault::cannot_create, path_, error.value());
}

ByteSink& DiskFolder::file(const std::string& name) {
  auto& file = files_[name];
  file = std::make_unique<FileSink>(path_ + "/" + name);
  return *file;
}

void DiskFolder::commit() {
  for (auto& [name, file] : files_) file->commit();
}

std::uint64_t DiskFolder::size() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, file] : files_) bytes += file->size();
  return bytes;
}

}  // namespace hart::prov::exports
