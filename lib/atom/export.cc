#include "atom/export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "atom/atomizer.h"
#include "atom/payload_reader.h"
#include "core/error.h"
#include "core/json.h"
#include "core/parallel.h"
#include "crypto/sha256.h"
#include "store/extent_reader.h"

namespace hart::atom {
namespace {

void write_all(int fd, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno(Fault::io, path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

struct OpenFile {
  int fd;
  ~OpenFile() { ::close(fd); }
};

/// True for a terminal, a pipe, /dev/null: what must be written to and never replaced.
bool is_device(const std::string& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) &&
         !S_ISDIR(status.st_mode);
}

/// A file that is removed unless it was completed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path) : path_{path + ".hart-XXXXXX"} {
    fd_ = ::mkostemp(path_.data(), O_CLOEXEC);
    if (fd_ < 0) throw_errno(Fault::cannot_create, path, errno);
  }
  ~TemporaryFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(ByteView bytes) { write_all(fd_, bytes, path_); }
  void complete(const std::string& path) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(fd_, 0666 & ~mask) != 0 || ::fsync(fd_) != 0)
      throw_errno(Fault::io, path, errno);
    if (::rename(path_.c_str(), path.c_str()) != 0)
      throw_errno(Fault::cannot_create, path, errno);
    path_.clear();
  }

 private:
  std::string path_;
  int fd_;
};

ByteBuffer read_header(store::Store& store, std::int64_t file_atom_id) {
  const auto file = store::atom_by_id(store, file_atom_id);
  if (file && file->form == store::AtomForm::inlined) return file->value;
  ByteBuffer header;
  store::ExtentReader extents{store};
  store::Statement rows = store.db().prepare(
      std::string{"SELECT extent_offset, bytes, "} + store::kExtentColumns +
      " FROM my_atom_payload WHERE atom_id = ? AND position < ? ORDER BY position");
  rows.with(file_atom_id, kFirstTensorPosition);
  while (rows.step()) {
    const auto size = static_cast<std::uint64_t>(rows.integer(1));
    if (rows.is_null(2)) {
      header.resize(header.size() + size);
      continue;
    }
    const store::ExtentBytes extent = extents.read(store::read_extent(rows, 2));
    const auto offset = static_cast<std::uint64_t>(rows.integer(0));
    if (offset > extent.bytes().size() || size > extent.bytes().size() - offset)
      throw Error{Fault::data, "the store is damaged: a payload beyond its extent"};
    const ByteView part = extent.bytes().subspan(offset, size);
    header.insert(header.end(), part.begin(), part.end());
  }
  return header;
}

void export_to_device(store::Store& store, const store::Atom& atom, const std::string& path,
                      unsigned threads) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) throw_errno(Fault::cannot_create, path, errno);
  const OpenFile file{fd};
  read_content(
      store, atom, [&](ByteView part) { write_all(fd, part, path); }, threads);
}

}  // namespace

void read_content(store::Store& store, const store::Atom& atom,
                  const std::function<void(ByteView)>& sink, unsigned threads) {
  const store::Snapshot snapshot{store.db()};
  if (atom.form == store::AtomForm::inlined) return sink(atom.value);
  crypto::Sha256 hash;
  // A structure's id is no digest of its bytes: its extents answer for themselves.
  const bool content = atom.id.space == IdSpace::content;
  const std::uint64_t sent =
      read_payload(store, atom.atom_id, {!content, threads}, [&](ByteView part) {
        if (content) hash.update(part);
        sink(part);
      });
  if (sent == 0 && atom.bytes > 0)
    throw Error{Fault::data, atom.id.text() + ": has no bytes of its own, only components"};
  if (sent != atom.bytes || (content && hash.finish() != atom.id.hash))
    throw Error{Fault::data, atom.id.text() + ": the stored bytes do not have this digest"};
}

void export_file(store::Store& store, const store::Object& object, const std::string& path,
                 unsigned threads) {
  const auto atom = store::atom_by_id(store, object.atom_id);
  if (!atom) throw Error{Fault::no_input, object.name + ": no longer held"};
  if (is_device(path)) return export_to_device(store, *atom, path, threads);
  TemporaryFile file{path};
  read_content(
      store, *atom, [&](ByteView part) { file.write(part); }, threads);
  file.complete(path);
}

StoredModel open_model(store::Store& store, const std::string& reference, unsigned threads) {
  const store::Snapshot snapshot{store.db()};
  StoredModel stored;
  stored.object = store::resolve_object(store, reference);
  store::Statement model =
      store.db().prepare("SELECT architecture, parameters FROM my_model WHERE atom_id = ?");
  if (stored.object.structure_id == 0 || !model.with(stored.object.structure_id).step())
    throw Error{Fault::data, reference + ": is a " + stored.object.kind + ", not a model"};
  stored.format = stored.object.subtype;
  stored.architecture = model.text(0);
  stored.parameters = static_cast<std::uint64_t>(model.integer(1));
  stored.file_bytes = stored.object.bytes;
  // The header is the file's own: files that differ in it alone are one model.
  stored.header = read_header(store, stored.object.atom_id);
  store::Statement rows = store.db().prepare(
      "SELECT t.name, t.dtype, t.shape, t.tensor_atom_id, a.bytes FROM my_tensor_atom AS t"
      " JOIN my_atom AS a ON a.atom_id = t.tensor_atom_id"
      " WHERE t.model_atom_id = ? ORDER BY t.position");
  rows.with(stored.object.structure_id);
  while (rows.step()) {
    StoredTensor tensor;
    tensor.name = rows.text(0);
    tensor.dtype = static_cast<std::uint32_t>(rows.integer(1));
    tensor.shape = parse_json(rows.text(2), "stored shape").get<std::vector<std::uint64_t>>();
    tensor.atom_id = rows.integer(3);
    tensor.size = static_cast<std::uint64_t>(rows.integer(4));
    stored.tensors.push_back(std::move(tensor));
  }
  for (StoredTensor& tensor : stored.tensors)
    tensor.bytes = load_payload(store, tensor.atom_id, tensor.size, threads);
  return stored;
}

}  // namespace hart::atom
