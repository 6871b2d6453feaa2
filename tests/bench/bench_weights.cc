// Ratio and speed of the weight codec beside a plain copy and zstd on the same segments: on a
// made-up family of models, or on the float tensors of SafeTensors or GGUF files. One JSON
// object a line; speeds count decoded bytes a CPU second of one thread, best of several runs.
//
//   bench_weights [--smoke] [--mib N] [--best] [FILE [BASE]]

#include <time.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapped_file.h"
#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "model_family.h"
#include "tensor/weight_codec.h"
#include "tensor/weight_kernels.h"

namespace {

using namespace hart;
using tensor::DType;

struct Options {
  std::uint64_t mib = 128;
  int repeats = 3;
  tensor::WeightEffort effort = tensor::WeightEffort::fast;
  std::vector<std::string> files;
};

/// A part of a tensor, and the same part of its base.
struct Segment {
  DType dtype;
  ByteView values, base;
  std::uint64_t first_element, row_elements;
};

struct Result {
  double ratio = 0, in_mb_s = 0, out_mb_s = 0;
};

/// Encodes one segment into `coded` (as many bytes, and some, as the segment) and returns the
/// coded size; decodes it again.
struct Codec {
  std::string name;
  std::function<std::size_t(const Segment&, std::uint8_t* coded)> encode;
  std::function<void(const Segment&, ByteView coded, std::span<std::uint8_t> out)> decode;
};

/// Seconds that this thread has computed: another load on the machine counts little.
double seconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void add_segments(DType dtype, std::uint64_t row_elements, ByteView values, ByteView base,
                  std::vector<Segment>& segments) {
  const std::size_t element = tensor::dtype_info(dtype).block_bytes;
  for (std::size_t at = 0; at < values.size(); at += tensor::kWeightSegmentBytes) {
    const std::size_t size = std::min(tensor::kWeightSegmentBytes, values.size() - at);
    segments.push_back({dtype, values.subspan(at, size),
                        base.empty() ? base : base.subspan(at, size), at / element,
                        row_elements});
  }
}

std::vector<Segment> family_segments(const bench::ModelFamily& family, ByteView model,
                                     ByteView base) {
  std::vector<Segment> segments;
  for (const formats::SafetensorsTensor& tensor : family.tensors())
    add_segments(tensor.dtype, tensor.shape[0], model.subspan(tensor.offset, tensor.bytes),
                 base.empty() ? base : base.subspan(tensor.offset, tensor.bytes), segments);
  return segments;
}

/// The tensors of a model file that the codec takes.
std::vector<tensor::TensorView> float_tensors(ByteView file) {
  std::vector<tensor::TensorView> tensors;
  const auto add = [&](DType dtype, const std::vector<std::uint64_t>& shape, ByteView bytes) {
    if (tensor::has_weight_codec(dtype) && !bytes.empty())
      tensors.push_back({dtype, shape, bytes});
  };
  if (formats::looks_like_safetensors(file, file.size())) {
    const auto header = formats::parse_safetensors(file, file.size());
    for (const auto& t : header.tensors)
      add(t.dtype, t.shape, file.subspan(header.data_offset + t.offset, t.bytes));
  } else {
    const auto header = formats::parse_gguf(file, file.size());
    for (const auto& t : header.tensors)
      add(t.dtype, t.shape, file.subspan(header.data_offset + t.offset, t.bytes));
  }
  return tensors;
}

Result measure(const Codec& codec, const std::vector<Segment>& segments, int repeats) {
  std::size_t total = 0, room = 0;
  for (const Segment& segment : segments) {
    total += segment.values.size();
    room += segment.values.size() + (segment.values.size() >> 7) + 1024;
  }
  ByteBuffer coded(room), out(tensor::kWeightSegmentBytes);
  std::vector<std::size_t> sizes(segments.size());
  double in = 1e9, back = 1e9;
  std::size_t stored = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    double start = seconds_now();
    stored = 0;
    for (std::size_t i = 0; i < segments.size(); ++i)
      stored += sizes[i] = codec.encode(segments[i], coded.data() + stored);
    in = std::min(in, seconds_now() - start);
    start = seconds_now();
    std::size_t at = 0;
    for (std::size_t i = 0; i < segments.size(); at += sizes[i++])
      codec.decode(segments[i], ByteView{coded}.subspan(at, sizes[i]),
                   std::span{out}.first(segments[i].values.size()));
    back = std::min(back, seconds_now() - start);
  }
  // A check outside the times.
  std::size_t at = 0;
  for (std::size_t i = 0; i < segments.size(); at += sizes[i++]) {
    codec.decode(segments[i], ByteView{coded}.subspan(at, sizes[i]),
                 std::span{out}.first(segments[i].values.size()));
    if (std::memcmp(out.data(), segments[i].values.data(), segments[i].values.size()) != 0) {
      std::fprintf(stderr, "%s: a segment came back changed\n", codec.name.c_str());
      std::exit(1);
    }
  }
  const double bytes = static_cast<double>(total);
  return {static_cast<double>(stored) / bytes, bytes / in / 1e6, bytes / back / 1e6};
}

Codec weight_codec(const tensor::WeightKernels& kernels, tensor::WeightEffort effort) {
  auto encoder = std::make_shared<tensor::WeightEncoder>(kernels);
  auto decoder = std::make_shared<tensor::WeightDecoder>(kernels);
  return {std::string{"weights-"} + kernels.name,
          [encoder, effort](const Segment& s, std::uint8_t* coded) {
            ByteView stream = s.base.empty()
                                  ? encoder->encode(s.dtype, s.values, s.first_element,
                                                    s.row_elements, effort)
                                  : encoder->encode_delta(s.dtype, s.values, s.base, effort);
            if (stream.empty()) stream = s.values;
            std::memcpy(coded, stream.data(), stream.size());
            return stream.size();
          },
          [decoder](const Segment& s, ByteView coded, std::span<std::uint8_t> out) {
            if (coded.size() == out.size())
              std::memcpy(out.data(), coded.data(), coded.size());
            else
              decoder->decode(coded, s.base, out);
          }};
}

Codec zstd_codec(int level) {
  return {"zstd-" + std::to_string(level),
          [level](const Segment& s, std::uint8_t* coded) {
            return ZSTD_compress(coded, ZSTD_compressBound(s.values.size()), s.values.data(),
                                 s.values.size(), level);
          },
          [](const Segment&, ByteView coded, std::span<std::uint8_t> out) {
            ZSTD_decompress(out.data(), out.size(), coded.data(), coded.size());
          }};
}

Codec copy_codec() {
  return {"memcpy",
          [](const Segment& s, std::uint8_t* coded) {
            std::memcpy(coded, s.values.data(), s.values.size());
            return s.values.size();
          },
          [](const Segment&, ByteView coded, std::span<std::uint8_t> out) {
            std::memcpy(out.data(), coded.data(), coded.size());
          }};
}

void print(const std::string& dtype, const std::string& what, const std::string& codec,
           const Result& result) {
  std::printf(
      "{\"type\":\"weights\",\"dtype\":\"%s\",\"what\":\"%s\",\"codec\":\"%s\","
      "\"ratio\":%.4f,\"in_mb_per_s\":%.0f,\"out_mb_per_s\":%.0f}\n",
      dtype.c_str(), what.c_str(), codec.c_str(), result.ratio, result.in_mb_s,
      result.out_mb_s);
  std::fflush(stdout);
}

/// Speed and accuracy of the estimate that precedes a delta.
void bench_estimate(const std::string& dtype, const std::string& what,
                    const std::vector<Segment>& segments, double ratio) {
  tensor::WeightEncoder encoder;
  std::size_t total = 0, estimated = 0;
  const double start = seconds_now();
  for (const Segment& s : segments) {
    total += s.values.size();
    estimated += encoder.estimate(s.dtype, s.values, s.base);
  }
  const double seconds = seconds_now() - start;
  std::printf(
      "{\"type\":\"weights_estimate\",\"dtype\":\"%s\",\"what\":\"%s\",\"estimate\":%.4f,"
      "\"ratio\":%.4f,\"mb_per_s\":%.0f}\n",
      dtype.c_str(), what.c_str(), double(estimated) / double(total), ratio,
      double(total) / seconds / 1e6);
}

/// All codecs on the same segments; the ratio of the fastest weight codec.
double bench_segments(const std::string& dtype, const std::string& what,
                      const std::vector<Segment>& segments, const Options& options,
                      bool with_peers) {
  double ratio = 1;
  for (const tensor::WeightKernels& kernels : tensor::all_weight_kernels()) {
    const Codec codec = weight_codec(kernels, options.effort);
    const Result result = measure(codec, segments, options.repeats);
    print(dtype, what, codec.name, result);
    ratio = result.ratio;
  }
  bench_estimate(dtype, what, segments, ratio);
  if (!with_peers) return ratio;
  for (const Codec& codec : {copy_codec(), zstd_codec(1), zstd_codec(3)})
    print(dtype, what, codec.name, measure(codec, segments, options.repeats));
  return ratio;
}

void bench_family(DType dtype, const Options& options) {
  const bench::ModelFamily family{dtype, options.mib << 20};
  const std::string name{tensor::dtype_info(dtype).name};
  const ByteBuffer base = family.payload(0);
  double sum = bench_segments(name, "base", family_segments(family, base, {}), options, true);
  for (unsigned tune = 1; tune <= 3; ++tune) {
    const ByteBuffer model = family.payload(tune);
    char what[64];
    std::snprintf(what, sizeof what, "tune, %.0f %% moved",
                  100 * bench::ModelFamily::moved_share(tune));
    // Nine fine-tunes are three of each kind.
    sum += 3 * bench_segments(name, what, family_segments(family, model, base), options, true);
  }
  std::printf("{\"type\":\"weights_family\",\"dtype\":\"%s\",\"models\":10,\"ratio\":%.4f}\n",
              name.c_str(), sum / 10);
}

void bench_files(const Options& options) {
  const MappedFile file{options.files[0]};
  const MappedFile base =
      options.files.size() > 1 ? MappedFile{options.files[1]} : MappedFile{};
  const auto tensors = float_tensors(file.bytes());
  std::vector<tensor::TensorView> bases;
  if (options.files.size() > 1) bases = float_tensors(base.bytes());
  for (const DType dtype : {DType::bf16, DType::f16, DType::f32}) {
    std::vector<Segment> segments;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (tensors[i].dtype != dtype) continue;
      const bool paired = i < bases.size() && bases[i].dtype == dtype &&
                          bases[i].bytes.size() == tensors[i].bytes.size();
      add_segments(dtype, tensors[i].columns(), tensors[i].bytes,
                   paired ? bases[i].bytes : ByteView{}, segments);
    }
    if (!segments.empty())
      bench_segments(std::string{tensor::dtype_info(dtype).name}, options.files[0], segments,
                     options, true);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--smoke") {
      options.mib = 1;
      options.repeats = 1;
    } else if (argument == "--mib" && i + 1 < argc) {
      options.mib = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--best") {
      options.effort = tensor::WeightEffort::best;
    } else {
      options.files.emplace_back(argument);
    }
  }
  try {
    if (!options.files.empty()) {
      bench_files(options);
      return 0;
    }
    for (const DType dtype : {DType::bf16, DType::f16, DType::f32})
      bench_family(dtype, options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_weights: %s\n", error.what());
    return 1;
  }
  return 0;
}
