#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "atom/convert_model.h"
#include "atom/convert_model_source.h"
#include "atom/export.h"
#include "atom/npy.h"
#include "atom/output_file.h"
#include "commands.h"
#include "common/progress.h"
#include "core/error.h"
#include "object_json.h"

namespace hart::ingest {
namespace {

struct ExportOptions {
  std::string id;
  std::string output;
  std::optional<std::string> as_of;
  std::optional<std::string> format;
  std::optional<std::string> quantize;
  std::optional<std::string> dtype;
  std::optional<std::string> max_shard_bytes;
  std::optional<std::string> tensor;
  bool npy = false;

  [[nodiscard]] bool to_stdout() const { return output == "-"; }
};

[[noreturn]] void refuse(const std::string& why) {
  throw Error{Fault::usage, why};
}

void check_options(const ExportOptions& options) {
  if (options.tensor && options.format) refuse("--tensor and --as exclude each other");
  if (options.npy && !options.tensor)
    refuse("--npy is the format of one tensor: give --tensor");
  if (!options.format && (options.quantize || options.dtype || options.max_shard_bytes))
    refuse("--quantize, --dtype and --max-shard-bytes convert: give --as");
  if (options.format == "gguf" && options.dtype)
    refuse("--dtype is for SafeTensors, which have no block types; GGUF takes --quantize");
  if (options.format == "gguf" && options.max_shard_bytes)
    refuse("--max-shard-bytes: only SafeTensors are written in shards");
  if (options.max_shard_bytes && options.to_stdout())
    refuse("--max-shard-bytes makes a folder, which standard output cannot take");
}

/// A number of bytes as coreutils take it: K, M, G, T are powers of 1024, KB, MB, GB, TB of
/// 1000.
std::uint64_t parse_size(const std::string& text) {
  std::uint64_t size = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, size);
  const std::string unit{rest, end};
  constexpr std::string_view kPrefixes = "KMGT";
  const std::size_t power = unit.empty() ? 0 : kPrefixes.find(unit[0]) + 1;
  const bool is_decimal = unit.size() == 2 && unit[1] == 'B';
  if (error != std::errc{} || size == 0 || (!unit.empty() && power == 0) ||
      (unit.size() > 1 && !is_decimal))
    refuse("--max-shard-bytes: '" + text + "' is no size, as 500000000, 5GB or 4G");
  for (std::size_t i = 0; i < power; ++i) {
    const std::uint64_t factor = is_decimal ? 1000 : 1024;
    if (size > std::numeric_limits<std::uint64_t>::max() / factor)
      refuse("--max-shard-bytes: '" + text + "' is too large");
    size *= factor;
  }
  return size;
}

void write_record(const ExportOptions& options, const store::Object& object, const Json& facts,
                  const std::string& human, cli::Context& context) {
  Json record = object_json(object);
  record["type"] = "exported";
  record["path"] = options.output;
  record.update(facts);
  record["verified"] = true;
  context.out.write(record, object.name + "@" + std::to_string(object.version) + " -> " +
                                options.output + human + ", verified");
}

/// The file as it was.
int export_file(const ExportOptions& options, store::Store& store, const store::Object& object,
                cli::Context& context) {
  if (options.to_stdout()) {
    const auto atom = store::atom_by_id(store, object.atom_id);
    if (!atom) throw Error{Fault::no_input, object.name + ": no longer held"};
    if (atom::is_folder(*atom))
      refuse(object.name + ": is a folder, which standard output cannot take");
    atom::read_content(store, *atom, [&](ByteView part) {
      context.check_interrupt();
      context.out.raw(part);
    });
    return 0;
  }
  atom::export_file(store, object, options.output, context.common.threads);
  write_record(options, object, {{"format", object.subtype}}, "", context);
  return 0;
}

atom::ConversionOptions conversion_options(const ExportOptions& options) {
  atom::ConversionOptions conversion;
  conversion.format = options.format == "gguf" ? formats::WeightFormat::gguf
                                               : formats::WeightFormat::safetensors;
  if (options.quantize)
    conversion.quantize = tensor::find_dtype(std::string_view{*options.quantize});
  if (options.dtype) conversion.plain = *tensor::find_dtype(std::string_view{*options.dtype});
  if (options.max_shard_bytes)
    conversion.max_shard_bytes = parse_size(*options.max_shard_bytes);
  return conversion;
}

int convert(const ExportOptions& options, store::Store& store, const store::Object& object,
            cli::Context& context) {
  const atom::CatalogModel model = atom::read_catalog_model(store, object);
  const atom::ModelConversion conversion =
      atom::plan_conversion(store, model, conversion_options(options));
  for (const std::string& notice : conversion.notices) context.notice(notice);
  cli::Progress progress{context, "export", conversion.source_bytes(),
                         cli::Progress::Unit::bytes};
  const auto advance = [&](std::uint64_t bytes) { progress.advance(bytes); };
  if (options.to_stdout()) {
    atom::stream_conversion(
        store, conversion, context.common.threads,
        [&](ByteView bytes) { context.out.raw(bytes); }, advance);
    return 0;
  }
  const atom::ConversionTotals totals = atom::write_conversion(
      store, conversion, options.output, context.common.threads, advance);
  Json facts{{"format", *options.format},
             {"bytes", totals.bytes},
             {"tensors", totals.tensors},
             {"changed_tensors", totals.changed_tensors}};
  if (conversion.is_folder) facts["shards"] = conversion.files.size();
  write_record(options, object, facts,
               " as " + *options.format + ", " + cli::format_bytes(totals.bytes) + ", " +
                   std::to_string(totals.changed_tensors) + " of " +
                   std::to_string(totals.tensors) + " tensors changed",
               context);
  return 0;
}

int export_tensor(const ExportOptions& options, store::Store& store,
                  const store::Object& object, cli::Context& context) {
  const atom::CatalogModel model = atom::read_catalog_model(store, object);
  const auto tensor =
      std::find_if(model.tensors.begin(), model.tensors.end(),
                   [&](const atom::CatalogTensor& one) { return one.name == *options.tensor; });
  if (tensor == model.tensors.end())
    throw Error{Fault::no_input, object.name + ": has no tensor '" + *options.tensor + "'"};
  std::uint64_t bytes = 0;
  const auto write = [&](const formats::ByteSink& sink) {
    const auto counting = [&](ByteView piece) {
      context.check_interrupt();
      bytes += piece.size();
      sink(piece);
    };
    if (options.npy)
      atom::write_npy(store, *tensor, atom::byte_order_of(store, model), context.common.threads,
                      counting, [](std::uint64_t) {});
    else
      atom::read_tensor(store, *tensor, context.common.threads, counting);
  };
  if (options.to_stdout()) {
    write([&](ByteView piece) { context.out.raw(piece); });
    return 0;
  }
  if (atom::is_device(options.output)) {
    atom::DeviceFile device{options.output};
    write([&](ByteView piece) { device.write(piece); });
  } else {
    atom::TemporaryFile file{options.output};
    write([&](ByteView piece) { file.write(piece); });
    file.complete(options.output);
  }
  const auto dtype = options.npy ? atom::npy_dtype(tensor->dtype) : tensor->dtype;
  write_record(options, object,
               {{"format", options.npy ? "npy" : "raw"},
                {"tensor", tensor->name},
                {"dtype", tensor::dtype_info(dtype).name},
                {"shape", tensor->shape},
                {"bytes", bytes}},
               ", tensor " + tensor->name + ", " + cli::format_bytes(bytes), context);
  return 0;
}

int export_object(const ExportOptions& options, cli::Context& context) {
  check_options(options);
  store::Store store = context.open_store_as_of(options.as_of);
  const store::Object object = store::resolve_object(store, options.id);
  const store::Snapshot snapshot{store.db()};
  if (options.tensor) return export_tensor(options, store, object, context);
  if (options.format) return convert(options, store, object, context);
  return export_file(options, store, object, context);
}

}  // namespace

void add_export(cli::Command& tool) {
  cli::Command& command = tool.subcommand(
      "export", "Rebuild an object's file bit for bit, or convert a model; verified");
  auto& options = command.options<ExportOptions>();
  command.positional("ID", options.id, "id, prefix, name or name@version").required();
  command
      .option("-o,--output", "FILE", options.output, "where to write it; - for standard output")
      .required();
  command.option("--as", "FORMAT", options.format, "convert a model")
      .choices({"gguf", "safetensors"});
  command.option("--quantize", "TYPE", options.quantize, "the type of the weight matrices")
      .choices(student_dtypes());
  command
      .option("--dtype", "TYPE", options.dtype,
              "what block types become in SafeTensors; else f32")
      .choices({"f32", "f16", "bf16"});
  command.option("--max-shard-bytes", "SIZE", options.max_shard_bytes,
                 "write a folder of SafeTensors of this size");
  command.option("--tensor", "NAME", options.tensor, "the bytes of one tensor");
  command.flag("--npy", options.npy, "the tensor as a NumPy array");
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return export_object(options, context); });
}

}  // namespace hart::ingest
