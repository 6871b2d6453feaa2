#include "atom/export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "core/error.h"
#include "core/json.h"
#include "crypto/sha256.h"

namespace hart::atom {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{1} << 20;

constexpr const char* kExtentColumns =
    "extent_id, hash, decoded_bytes, stored_bytes, checksum, codec, pack_id, pack_offset";

store::ExtentRecord read_extent(const store::Statement& row, int column) {
  store::ExtentRecord extent;
  extent.extent_id = row.integer(column);
  extent.hash = row.hash(column + 1);
  extent.decoded_bytes = static_cast<std::uint64_t>(row.integer(column + 2));
  extent.stored_bytes = static_cast<std::uint64_t>(row.integer(column + 3));
  extent.checksum = static_cast<std::uint32_t>(row.integer(column + 4));
  extent.codec = static_cast<store::Codec>(row.integer(column + 5));
  extent.pack_id = row.integer(column + 6);
  extent.pack_offset = static_cast<std::uint64_t>(row.integer(column + 7));
  return extent;
}

void send_zeros(std::uint64_t bytes, const std::function<void(ByteView)>& sink) {
  static constexpr std::array<std::uint8_t, 4096> kZeros{};
  while (bytes > 0) {
    const std::uint64_t part = std::min<std::uint64_t>(bytes, kZeros.size());
    sink(ByteView{kZeros}.first(part));
    bytes -= part;
  }
}

void send_windows(ByteView bytes, const std::function<void(ByteView)>& sink) {
  for (std::size_t at = 0; at < bytes.size(); at += kWindowBytes)
    sink(bytes.subspan(at, std::min(kWindowBytes, bytes.size() - at)));
}

/// Every part of an atom's payload, in order.
void send_payload(store::Store& store, const store::Atom& atom,
                  const std::function<void(ByteView)>& sink) {
  store::Statement rows =
      store.db().prepare(std::string{"SELECT extent_offset, bytes, "} + kExtentColumns +
                         " FROM my_atom_payload WHERE atom_id = ? ORDER BY position");
  rows.with(atom.atom_id);
  while (rows.step()) {
    const auto offset = static_cast<std::uint64_t>(rows.integer(0));
    const auto size = static_cast<std::uint64_t>(rows.integer(1));
    if (rows.is_null(2)) {
      send_zeros(size, sink);
      continue;
    }
    const store::ExtentRecord extent = read_extent(rows, 2);
    if (offset > extent.decoded_bytes || size > extent.decoded_bytes - offset)
      throw Error{Fault::data, "the store is damaged: a payload beyond its extent"};
    // A structure's id is no digest of its bytes: its extents answer for themselves.
    const bool verify = atom.id.space != IdSpace::content;
    const store::ExtentBytes bytes = store.packs().read(extent, verify);
    send_windows(bytes.bytes().subspan(offset, size), sink);
  }
}

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

void export_to_device(store::Store& store, const store::Atom& atom, const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) throw_errno(Fault::cannot_create, path, errno);
  const OpenFile file{fd};
  read_content(store, atom, [&](ByteView part) { write_all(fd, part, path); });
}

}  // namespace

void read_content(store::Store& store, const store::Atom& atom,
                  const std::function<void(ByteView)>& sink) {
  const store::Snapshot snapshot{store.db()};
  if (atom.form == store::AtomForm::inlined) return sink(atom.value);
  crypto::Sha256 hash;
  std::uint64_t sent = 0;
  send_payload(store, atom, [&](ByteView part) {
    hash.update(part);
    sent += part.size();
    sink(part);
  });
  if (sent == 0 && atom.bytes > 0)
    throw Error{Fault::data, atom.id.text() + ": has no bytes of its own, only components"};
  const bool same = atom.id.space != IdSpace::content || hash.finish() == atom.id.hash;
  if (sent != atom.bytes || !same)
    throw Error{Fault::data, atom.id.text() + ": the stored bytes do not have this digest"};
}

void export_file(store::Store& store, const store::Object& object, const std::string& path) {
  const auto atom = store::atom_by_id(store, object.atom_id);
  if (!atom) throw Error{Fault::no_input, object.name + ": no longer held"};
  if (is_device(path)) return export_to_device(store, *atom, path);
  TemporaryFile file{path};
  read_content(store, *atom, [&](ByteView part) { file.write(part); });
  file.complete(path);
}

StoredModel open_model(store::Store& store, const std::string& reference) {
  const store::Snapshot snapshot{store.db()};
  store::Object object = store::resolve_object(store, reference);
  // The header is the file's own: files that differ in it alone are one model.
  store::Statement model = store.db().prepare(
      "SELECT m.architecture, m.parameters, p.extent_id, p.hash, p.decoded_bytes,"
      " p.stored_bytes, p.checksum, p.codec, p.pack_id, p.pack_offset FROM my_model AS m"
      " JOIN my_atom_payload AS p ON p.atom_id = ?2 AND p.position = 0 WHERE m.atom_id = ?1");
  if (!model.with(object.structure_id, object.atom_id).step())
    throw Error{Fault::data, reference + ": is a " + object.kind + ", not a model"};
  StoredModel stored{object,
                     object.subtype,
                     std::string{model.text(0)},
                     static_cast<std::uint64_t>(model.integer(1)),
                     object.bytes,
                     store.packs().read(read_extent(model, 2)),
                     {}};
  store::Statement rows = store.db().prepare(
      "SELECT t.name, t.dtype, t.shape, p.extent_id, p.hash, p.decoded_bytes, p.stored_bytes,"
      " p.checksum, p.codec, p.pack_id, p.pack_offset FROM my_tensor_atom AS t"
      " LEFT JOIN my_atom_payload AS p ON p.atom_id = t.tensor_atom_id"
      " WHERE t.model_atom_id = ? ORDER BY t.position");
  rows.with(object.structure_id);
  while (rows.step())
    stored.tensors.push_back(
        {std::string{rows.text(0)}, static_cast<std::uint32_t>(rows.integer(1)),
         parse_json(rows.text(2), "stored shape").get<std::vector<std::uint64_t>>(),
         rows.is_null(3) ? store::ExtentBytes{ByteView{}}
                         : store.packs().read(read_extent(rows, 3))});
  return stored;
}

}  // namespace hart::atom
