#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atom/model_catalog.h"
#include "core/json.h"
#include "formats/payload_writer.h"

namespace hart::atom {

/// What a student keeps of its source.
struct StudentSpec {
  std::string name;  ///< `general.name` of a GGUF student
  /// Numbers of the layers to keep, ascending; none: all of them.
  std::optional<std::vector<std::uint64_t>> layers;
  /// The type of the weight matrices; none: as they are.
  std::optional<tensor::DType> quantize;
};

/// A tensor of the student and where it comes from.
struct StudentTensor {
  const CatalogTensor* source = nullptr;
  std::string name;
  tensor::DType dtype = tensor::DType::f32;

  /// Whether its bytes are those of the source: it is the same atom then.
  [[nodiscard]] bool is_unchanged() const noexcept { return dtype == source->dtype; }
};

/// A student's file, ready to be written.
struct StudentPlan {
  ByteBuffer header;
  std::vector<formats::PayloadPart> payload;
  std::vector<StudentTensor> tensors;  ///< in the order of the payload; into the source
};

/// Where the layers of a model are: "blk", "model.layers". Of several stacks the one with most
/// layers, of equals the first; empty without layers.
[[nodiscard]] std::string main_stack(const CatalogModel& model);
/// The numbers of the layers of that stack, ascending.
[[nodiscard]] std::vector<std::uint64_t> layer_numbers(const CatalogModel& model);

/// Reads "0,2,4-7". Throws Error(usage) on anything else, on a number that stands twice, and on
/// one that is not in `available` (ascending). Returns them ascending.
[[nodiscard]] std::vector<std::uint64_t> parse_layers(
    std::string_view text, const std::vector<std::uint64_t>& available);

/// Decides on the student's tensors and metadata. Kept layers are numbered anew from 0, in
/// their order; tensors outside of the stack stay.
///
/// GGUF: `block_count` and what the metadata say by layer follow; `general.name` and
/// `general.base_model.0.name` tell student and source, `hart.source` and `hart.source_layers`
/// the source's id and which of its layers these are. `general.file_type` follows `quantize`.
/// SafeTensors keep their metadata.
///
/// Throws Error(usage) when nothing would be left or the type cannot be written, Error(data)
/// when the source cannot be taken apart: another format, big-endian numbers, layers that are
/// not called blk.N in a GGUF model, a type that SafeTensors has not.
[[nodiscard]] StudentPlan plan_student(const CatalogModel& source, const StudentSpec& spec);

/// Gives the student's file to `sink`, in order. `progress` is called with the bytes of the
/// source that were read since its last call. Memory: about 16 MiB a thread.
void write_student(store::Store& store, const StudentPlan& plan, unsigned threads,
                   const formats::ByteSink& sink,
                   const std::function<void(std::uint64_t bytes)>& progress);

}  // namespace hart::atom
