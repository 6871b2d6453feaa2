#include "atom/scratch_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"

namespace hart::atom {

ScratchFile::ScratchFile(const std::string& directory) : directory_{directory} {
  std::string path = directory + "/scratch-XXXXXX";
  fd_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd_ < 0) throw_errno(Fault::cannot_create, directory, errno);
  ::unlink(path.c_str());
}

ScratchFile::~ScratchFile() {
  ::close(fd_);
}

void ScratchFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno(Fault::io, directory_ + ": a temporary file", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

MappedFile ScratchFile::map() const {
  // The kernel's name for an open file, whether or not it has one in a directory.
  return MappedFile{"/proc/self/fd/" + std::to_string(fd_), MappedFile::Access::sequential};
}

}  // namespace hart::atom
