#include <optional>
#include <string>

#include "commands.h"
#include "common/output.h"
#include "core/error.h"
#include "prov/checkpoint_store.h"
#include "prov/log_export.h"
#include "prov/receipt_signature.h"
#include "prov/signing_key.h"
#include "prov/stream.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct SignOptions {
  std::string key;
  std::string name;
  std::string origin;
  std::string inference;
  std::string output;
  std::optional<std::uint64_t> size;
};

int log_keygen(const SignOptions& options, Context& context) {
  const crypto::NoteVerifier verifier = prov::create_signing_key(options.output, options.name);
  context.out.write({{"type", "key"}, {"name", verifier.name}, {"verifier", verifier.text()}},
                    verifier.text());
  return 0;
}

Json checkpoint_json(const crypto::SignedNote& note) {
  const prov::Checkpoint checkpoint = prov::parse_checkpoint(note.text);
  return {{"type", "checkpoint"},
          {"origin", checkpoint.origin},
          {"size", checkpoint.size},
          {"root", to_hex(checkpoint.root)},
          {"note", crypto::format_note(note)}};
}

/// For people the note as it is, without the newline that a line is given anyway.
void write_note(const Json& json, const crypto::SignedNote& note, Output& out) {
  std::string text = crypto::format_note(note);
  text.pop_back();
  out.write(json, text);
}

int log_checkpoint(const SignOptions& options, Context& context) {
  if (options.key.empty()) {
    store::Store store = context.open_store();
    const auto note = prov::newest_checkpoint(
        store, options.origin.empty() ? std::nullopt : std::optional{options.origin});
    if (!note) throw Error{Fault::no_input, "no checkpoint was signed; --key signs one"};
    write_note(checkpoint_json(*note), *note, context.out);
    return 0;
  }
  store::Store store = context.open_store(true);
  const crypto::NoteSigner signer = prov::read_signing_key(store, options.key, options.name);
  const std::string origin =
      options.origin.empty() ? prov::default_origin(store, signer.verifier()) : options.origin;
  const crypto::SignedNote note = prov::sign_checkpoint(store, signer, origin, options.size);
  write_note(checkpoint_json(note), note, context.out);
  return 0;
}

int log_sign(const SignOptions& options, Context& context) {
  store::Store store = context.open_store(true);
  const crypto::NoteSigner signer = prov::read_signing_key(store, options.key, options.name);
  return for_each_generation(options.inference, context, [&](const std::string& reference) {
    const prov::GenerationStream stream = prov::resolve_stream(store, reference);
    store::WriteTransaction transaction{store};
    prov::sign_receipt(store, stream.leaf_index, stream.receipt_hash, signer);
    transaction.commit();
    const crypto::SignedNote note =
        prov::receipt_note(store, stream.leaf_index, stream.receipt_hash);
    write_note({{"type", "receipt_signature"},
                {"inference", uuid_text(stream.uuid)},
                {"receipt", "sha256:" + to_hex(stream.receipt_hash)},
                {"note", crypto::format_note(note)}},
               note, context.out);
    return true;
  });
}

int log_export(const SignOptions& options, Context& context) {
  store::Store store = context.open_store();
  store::Snapshot snapshot{store.db()};
  const std::optional<std::string> origin =
      options.origin.empty() ? std::nullopt : std::optional{options.origin};
  const prov::LogExport done = prov::export_log(store, options.output, origin);
  context.out.write({{"type", "log_export"},
                     {"origin", done.origin},
                     {"size", done.size},
                     {"tiles", done.tiles},
                     {"bundles", done.bundles}});
  return 0;
}

void add_key_options(Command& command, SignOptions& options) {
  command.option("--key", "FILE", options.key,
                 "the private key: a note key, or Ed25519 in PEM; outside the store");
  command.option("--name", "NAME", options.name, "the key's name, for a key in PEM");
}

}  // namespace

void add_log_signing_commands(Command& log) {
  Command& keygen =
      log.subcommand("keygen", "Make a key that signs, and print its public half");
  auto& made = keygen.options<SignOptions>();
  keygen.positional("NAME", made.name, "whom it stands for, as example.com/log");
  keygen.option("-o,--output", "FILE", made.output, "where the private key goes").required();
  keygen.action([&made](Context& context) { return log_keygen(made, context); });

  Command& checkpoint =
      log.subcommand("checkpoint", "Sign the tree head, or print the newest that was signed");
  auto& signing = checkpoint.options<SignOptions>();
  add_key_options(checkpoint, signing);
  checkpoint.option("--origin", "TEXT", signing.origin,
                    "which log this is; by default the key's name");
  checkpoint.option("--size", "N", signing.size, "the first N receipts; by default all");
  checkpoint.action([&signing](Context& context) { return log_checkpoint(signing, context); });

  Command& sign = log.subcommand("sign", "Sign a receipt of its own");
  auto& signs = sign.options<SignOptions>();
  sign.positional("ID", signs.inference,
                  "the generation's UUID or 6 digits of it, - for JSON lines");
  sign.option("--key", "FILE", signs.key,
              "the private key: a note key, or Ed25519 in PEM; outside the store")
      .required();
  sign.option("--name", "NAME", signs.name, "the key's name, for a key in PEM");
  sign.action([&signs](Context& context) { return log_sign(signs, context); });

  Command& exported =
      log.subcommand("export", "Write checkpoint, tiles and entries into a folder");
  auto& folder = exported.options<SignOptions>();
  exported.option("-o,--output", "DIR", folder.output, "the folder").required();
  exported.option("--origin", "TEXT", folder.origin,
                  "the newest checkpoint of this origin; by default of any");
  exported.action([&folder](Context& context) { return log_export(folder, context); });
}

}  // namespace hart::cli
