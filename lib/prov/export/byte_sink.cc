#include "prov/export/byte_sink.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/bytes.h"
#include "core/error.h"

namespace hart::prov::exports {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBuffer = 1 << 18;
constexpr std::size_t kSpoolMemory = 1 << 20;
constexpr std::size_t kSpoolChunk = 1 << 17;

/// A file of the temporary directory, which has no name any more.
int open_nameless(const std::string& folder) {
  std::string path = folder + "/hart-export-XXXXXX";
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) throw_errno(Fault::cannot_create, folder, errno);
  ::unlink(path.c_str());
  return fd;
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path{path}.parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

FileSink::FileSink(std::string path) : path_{std::move(path)} {
  std::error_code error;
  if (fs::is_directory(path_, error))
    throw Error{Fault::cannot_create, path_ + ": is a folder, and the export is one file"};
  // A device or a pipe would be replaced by the file.
  if (fs::exists(path_, error) && !fs::is_regular_file(path_, error))
    throw Error{Fault::cannot_create, path_ + ": is there, and is no regular file"};
  if (!fs::is_directory(folder_of(path_), error))
    throw Error{Fault::cannot_create, path_ + ": there is no such folder"};
  file_ = store::file_io().open(partial(), store::FileIo::Mode::create);
}

FileSink::~FileSink() {
  if (committed_) return;
  file_.reset();
  std::error_code ignored;
  fs::remove(partial(), ignored);
}

void FileSink::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kFileBuffer) flush();
}

void FileSink::flush() {
  file_->write_at(size_, as_bytes(buffer_));
  size_ += buffer_.size();
  buffer_.clear();
}

void FileSink::commit() {
  flush();
  file_->sync();
  file_.reset();
  store::file_io().rename(partial(), path_);
  committed_ = true;
  store::file_io().sync_directory(folder_of(path_));
}

Spool::~Spool() {
  if (fd_ >= 0) ::close(fd_);
}

void Spool::write(std::string_view bytes) {
  buffer_ += bytes;
  size_ += bytes.size();
  if (buffer_.size() >= kSpoolMemory) flush();
}

void Spool::flush() {
  std::error_code error;
  const std::string folder = fs::temp_directory_path(error).string();
  if (error) throw_errno(Fault::cannot_create, "temporary directory (TMPDIR)", error.value());
  if (fd_ < 0) fd_ = open_nameless(folder);
  for (std::size_t at = 0; at < buffer_.size();) {
    const ssize_t done = ::pwrite(fd_, buffer_.data() + at, buffer_.size() - at,
                                  static_cast<off_t>(flushed_ + at));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_errno(Fault::io, folder, errno);
    at += static_cast<std::size_t>(done);
  }
  flushed_ += buffer_.size();
  buffer_.clear();
}

void Spool::rewind() {
  read_ = 0;
}

std::string_view Spool::read(std::size_t limit) {
  if (read_ >= flushed_) {
    const auto at = static_cast<std::size_t>(read_ - flushed_);
    const std::string_view rest = std::string_view{buffer_}.substr(at, limit);
    read_ += rest.size();
    return rest;
  }
  const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(limit, flushed_ - read_));
  chunk_.resize(std::min(left, kSpoolChunk));
  ssize_t done = 0;
  do {
    done = ::pread(fd_, chunk_.data(), chunk_.size(), static_cast<off_t>(read_));
  } while (done < 0 && errno == EINTR);
  if (done <= 0) throw_errno(Fault::io, "temporary file of an export", done < 0 ? errno : EIO);
  read_ += static_cast<std::uint64_t>(done);
  return std::string_view{chunk_}.substr(0, static_cast<std::size_t>(done));
}

void Spool::copy_to(ByteSink& sink) {
  rewind();
  for (std::string_view chunk = read(kSpoolChunk); !chunk.empty(); chunk = read(kSpoolChunk))
    sink.write(chunk);
}

}  // namespace hart::prov::exports
