#pragma once

#include <map>
#include <memory>
#include <string>

#include "prov/export/byte_sink.h"

namespace hart::prov::exports {

/// Where the files of an export of several go.
class FolderSink {
 public:
  virtual ~FolderSink() = default;
  /// A new file; it lives as long as the folder does.
  virtual ByteSink& file(const std::string& name) = 0;
};

/// A folder on disk, made when it is missing. Its files appear when all are complete.
class DiskFolder : public FolderSink {
 public:
  /// Throws Error(cannot_create) and kin.
  explicit DiskFolder(std::string path);
  ByteSink& file(const std::string& name) override;
  void commit();
  [[nodiscard]] std::uint64_t size() const;

 private:
  std::string path_;
  std::map<std::string, std::unique_ptr<FileSink>> files_;
};

/// Files in memory, for tests.
class StringFolder : public FolderSink {
 public:
  ByteSink& file(const std::string& name) override { return files[name]; }
  std::map<std::string, StringSink> files;
};

}  // namespace hart::prov::exports
