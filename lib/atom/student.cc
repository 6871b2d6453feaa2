#include "atom/student.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "atom/located_payload.h"
#include "atom/payload_reader.h"
#include "atom/student_dtype.h"
#include "atom/student_header.h"
#include "core/error.h"
#include "store/packs.h"
#include "tensor/convert.h"

namespace hart::atom {
namespace {

/// Elements converted at a time: whole blocks of every type.
constexpr std::uint64_t kRunElements = std::uint64_t{1} << 19;
constexpr std::size_t kRunsPerThread = 2;

[[noreturn]] void refuse_layers(std::string_view text, const std::string& why) {
  throw Error{Fault::usage, "layers '" + std::string{text} + "': " + why};
}

std::uint64_t parse_number(std::string_view number, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || error != std::errc{} || end != number.data() + number.size())
    refuse_layers(text, "not numbers and ranges, as 0,2,4-7");
  return value;
}

void insert_layer(std::set<std::uint64_t>& layers, std::uint64_t layer,
                  const std::vector<std::uint64_t>& available, std::string_view text) {
  if (!std::binary_search(available.begin(), available.end(), layer))
    refuse_layers(text, "the model has no layer " + std::to_string(layer));
  if (!layers.insert(layer).second)
    refuse_layers(text, std::to_string(layer) + " stands twice");
}

std::vector<StudentTensor> choose_tensors(const CatalogModel& source, const StudentSpec& spec) {
  const std::string stack = main_stack(source);
  const bool is_tied =
      std::none_of(source.tensors.begin(), source.tensors.end(),
                   [](const CatalogTensor& tensor) { return tensor.name == "output.weight"; });
  std::vector<StudentTensor> tensors;
  for (const CatalogTensor& tensor : source.tensors) {
    StudentTensor student{&tensor, tensor.name, tensor.dtype};
    const LayerPlace place = place_of(tensor.name);
    if (spec.layers && !stack.empty() && place.stack == stack) {
      const auto kept = std::lower_bound(spec.layers->begin(), spec.layers->end(), place.index);
      if (kept == spec.layers->end() || *kept != place.index) continue;
      student.name = stack + "." + std::to_string(kept - spec.layers->begin()) + "." +
                     std::string{place.role};
    }
    if (spec.quantize)
      student.dtype =
          student_dtype(student.name, tensor.dtype, tensor.shape, *spec.quantize, is_tied);
    tensors.push_back(std::move(student));
  }
  return tensors;
}

/// Decodes and encodes one run of a tensor.
ByteBuffer convert_run(const LocatedPayload& payload, PayloadWorker& worker,
                       const StudentTensor& tensor, const TensorRun& run) {
  const tensor::DType from = tensor.source->dtype;
  const ByteView bytes = payload.read(worker.decoder, run_bytes(from, run.first),
                                      run_bytes(from, run.elements), worker.bytes);
  std::vector<float> values(run.elements);
  tensor::dequantize_row(from, bytes, values);
  if (bytes.data() != worker.bytes.data()) store::Packs::release(bytes);
  ByteBuffer converted(run_bytes(tensor.dtype, run.elements));
  tensor::quantize_row(tensor.dtype, values, converted);
  return converted;
}

void write_converted(store::Store& store, const StudentTensor& tensor, unsigned threads,
                     formats::PayloadWriter& writer,
                     const std::function<void(std::uint64_t)>& progress) {
  const LocatedPayload payload{store, tensor.source->atom_id};
  const std::vector<TensorRun> runs = cut_runs(tensor.source->elements(), kRunElements);
  const std::size_t batch = std::max(1u, threads) * kRunsPerThread;
  for (std::size_t first = 0; first < runs.size(); first += batch) {
    std::vector<ByteBuffer> converted(std::min(batch, runs.size() - first));
    for_each_run(converted.size(), threads, [&](PayloadWorker& worker, std::size_t i) {
      converted[i] = convert_run(payload, worker, tensor, runs[first + i]);
    });
    for (std::size_t i = 0; i < converted.size(); ++i) {
      writer.write(converted[i]);
      progress(run_bytes(tensor.source->dtype, runs[first + i].elements));
    }
  }
}

}  // namespace

std::string main_stack(const CatalogModel& model) {
  std::map<std::string, std::set<std::uint64_t>, std::less<>> layers;
  std::string best;
  for (const CatalogTensor& tensor : model.tensors) {
    const LayerPlace place = place_of(tensor.name);
    if (!place.stack.empty()) layers[std::string{place.stack}].insert(place.index);
  }
  for (const CatalogTensor& tensor : model.tensors) {
    const std::string stack{place_of(tensor.name).stack};
    if (!stack.empty() && (best.empty() || layers[stack].size() > layers[best].size()))
      best = stack;
  }
  return best;
}

std::vector<std::uint64_t> layer_numbers(const CatalogModel& model) {
  const std::string stack = main_stack(model);
  std::set<std::uint64_t> numbers;
  for (const CatalogTensor& tensor : model.tensors) {
    const LayerPlace place = place_of(tensor.name);
    if (!stack.empty() && place.stack == stack) numbers.insert(place.index);
  }
  return {numbers.begin(), numbers.end()};
}

std::vector<std::uint64_t> parse_layers(std::string_view text,
                                        const std::vector<std::uint64_t>& available) {
  std::set<std::uint64_t> layers;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    const std::size_t dash = item.find('-');
    const std::uint64_t first = parse_number(item.substr(0, dash), text);
    const std::uint64_t last =
        dash == std::string_view::npos ? first : parse_number(item.substr(dash + 1), text);
    if (last < first) refuse_layers(text, "a range that runs backwards");
    // A range that leaves the model is refused at its first number beyond.
    for (std::uint64_t layer = first; layer <= last; ++layer)
      insert_layer(layers, layer, available, text);
    begin = end + 1;
  }
  return {layers.begin(), layers.end()};
}

StudentPlan plan_student(const CatalogModel& source, const StudentSpec& spec) {
  if (!source.files.empty())
    throw Error{Fault::data, source.object.name +
                                 ": is a folder; a student is made of one file: export it as" +
                                 " GGUF first"};
  if (spec.layers && spec.layers->empty())
    throw Error{Fault::usage, source.object.name + ": no layer would be left"};
  if (spec.quantize && !is_student_dtype(*spec.quantize))
    throw Error{Fault::usage, "cannot quantise to " +
                                  std::string{tensor::dtype_info(*spec.quantize).name} +
                                  "; choose one of: " + student_dtype_names()};
  StudentPlan plan;
  plan.tensors = choose_tensors(source, spec);
  if (source.format == "gguf") {
    make_gguf_header(source, spec, plan);
  } else if (source.format == "safetensors") {
    make_safetensors_header(source, spec, plan);
  } else {
    throw Error{Fault::data,
                source.object.name + ": no students of " + source.format + " models"};
  }
  return plan;
}

void write_student(store::Store& store, const StudentPlan& plan, unsigned threads,
                   const formats::ByteSink& sink,
                   const std::function<void(std::uint64_t bytes)>& progress) {
  formats::PayloadWriter writer{sink, plan.header, plan.payload};
  for (const StudentTensor& tensor : plan.tensors) {
    if (!tensor.is_unchanged()) {
      write_converted(store, tensor, threads, writer, progress);
      continue;
    }
    read_payload(store, tensor.source->atom_id, {false, threads}, [&](ByteView window) {
      writer.write(window);
      progress(window.size());
    });
  }
  writer.finish();
}

}  // namespace hart::atom
