#include "prov/signing_key.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/error.h"
#include "core/mapped_file.h"

namespace hart::prov {
namespace {

namespace fs = std::filesystem;

/// No key in either form comes near it.
constexpr std::size_t kMaxKeyFileBytes = 65'536;

bool is_within(const fs::path& path, const fs::path& directory) {
  const fs::path inside = fs::weakly_canonical(path);
  const fs::path outside = fs::weakly_canonical(directory);
  const auto [end, rest] =
      std::mismatch(outside.begin(), outside.end(), inside.begin(), inside.end());
  static_cast<void>(rest);
  return end == outside.end();
}

void check_place(const store::Store& store, const std::string& path) {
  if (is_within(path, store.directory()))
    throw Error{Fault::denied, path + ": a signing key is not kept in the store it signs for"};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw_errno(Fault::io, path, errno);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw Error{Fault::denied,
                path + ": others than its owner may read this key; expected mode 600"};
}

crypto::NoteSigner read_pem(std::string_view text, const std::string& path,
                            const std::string& name) {
  if (name.empty())
    throw Error{Fault::usage, path + ": a key in PEM has no name of its own; give one"};
  return crypto::NoteSigner{name, crypto::Ed25519PrivateKey::from_pem(text, path)};
}

void write_new_file(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw_errno(Fault::cannot_create, path, errno);
  const bool written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (written) return;
  ::unlink(path.c_str());
  throw_errno(Fault::io, path, error);
}

}  // namespace

crypto::NoteSigner read_signing_key(const store::Store& store, const std::string& path,
                                    const std::string& name) {
  check_place(store, path);
  const MappedFile file{path};
  if (file.bytes().size() > kMaxKeyFileBytes)
    throw Error{Fault::data, path + ": too long for a signing key"};
  const std::string_view text = as_text(file.bytes());
  if (text.find("-----BEGIN") != std::string_view::npos) return read_pem(text, path, name);
  try {
    crypto::NoteSigner signer = crypto::NoteSigner::parse(text);
    if (!name.empty() && name != signer.verifier().name)
      throw Error{Fault::usage,
                  path + ": the key is named " + signer.verifier().name + ", not " + name};
    return signer;
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    throw Error{Fault::data, path + ": " + error.what()};
  }
}

crypto::NoteVerifier create_signing_key(const std::string& path, const std::string& name) {
  const crypto::NoteSigner signer{name, crypto::Ed25519PrivateKey::generate()};
  std::string text = signer.text() + "\n";
  write_new_file(path, text);
  OPENSSL_cleanse(text.data(), text.size());
  return signer.verifier();
}

crypto::NoteVerifier read_verifier(const std::string& text_or_path) {
  std::error_code error;
  if (!fs::is_regular_file(text_or_path, error))
    return crypto::NoteVerifier::parse(text_or_path);
  const MappedFile file{text_or_path};
  std::string_view text = as_text(file.bytes());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  try {
    return crypto::NoteVerifier::parse(text);
  } catch (const Error& bad) {
    throw Error{Fault::data, text_or_path + ": " + bad.what()};
  }
}

}  // namespace hart::prov
