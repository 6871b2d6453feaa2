#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "commands.h"
#include "common/schema_modules.h"
#include "core/bytes.h"
#include "store/payload_key.h"
#include "store/store.h"

namespace hart::ingest {
namespace {

struct InitOptions {
  std::optional<std::string> directory;
};

/// The key for a new store's payload: a file's, which is made when it is not there, and goes
/// again when no store comes of it.
class NewPayloadKey {
 public:
  explicit NewPayloadKey(const std::string& file) : file_{file} {
    if (file.empty()) return;
    std::error_code error;
    made_ = !std::filesystem::exists(file, error);
    key_ = made_ ? store::PayloadKey::create(file) : store::PayloadKey::read(file);
  }
  ~NewPayloadKey() {
    std::error_code ignored;
    if (made_) std::filesystem::remove(file_, ignored);
  }
  NewPayloadKey(const NewPayloadKey&) = delete;
  NewPayloadKey& operator=(const NewPayloadKey&) = delete;

  /// Null when the payload is not to be encrypted.
  [[nodiscard]] const store::PayloadKey* key() const noexcept {
    return key_ ? &*key_ : nullptr;
  }
  void keep() noexcept { made_ = false; }

 private:
  std::string file_;
  std::optional<store::PayloadKey> key_;
  bool made_ = false;
};

/// Where the next command will look for a store when it is told as much as this one.
std::string new_store_directory(const InitOptions& options, const cli::Context& context) {
  if (options.directory) return *options.directory;
  if (!context.common.store.empty()) return context.common.store;
  const char* environment = std::getenv("HART_STORE");
  return environment != nullptr && *environment != '\0' ? environment : ".hart";
}

int init(const InitOptions& options, cli::Context& context) {
  const std::string directory = new_store_directory(options, context);
  const std::string& key_file = context.common.payload_key_file;
  NewPayloadKey payload_key{key_file};
  const store::PayloadKey* key = payload_key.key();
  store::Store::create(directory, cli::all_schema_modules(), key);
  payload_key.keep();
  Json record{{"type", "store"},
              {"store", directory},
              {"schema", store::kSchemaVersion},
              {"tenant", "default"}};
  record["payload_key_id"] = key == nullptr ? Json() : Json(to_hex(key->id()));
  context.out.write(
      record,
      "made the store " + directory +
          (key == nullptr ? "" : ", its payload encrypted with the key in " + key_file));
  if (key != nullptr)
    context.notice("keep a copy of " + key_file +
                   " away from the store: without this key its payload is lost");
  return 0;
}

}  // namespace

void add_init(cli::Command& tool) {
  cli::Command& command = tool.subcommand("init", "Make an empty store");
  auto& options = command.options<InitOptions>();
  command.positional(
      "DIR", options.directory,
      "the store directory to make (default: --store, HART_STORE, else ./.hart)");
  command.action([&options](cli::Context& context) { return init(options, context); });
}

}  // namespace hart::ingest
