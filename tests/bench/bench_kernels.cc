// Matrix-vector bandwidth of each weight type beside plain reading of the same memory, and the
// cost of a prefill step. One JSON object a line; medians of several runs.
//
//   bench_kernels [--smoke] [--threads N] [--dtype NAME]

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/endian.h"
#include "core/parallel.h"
#include "kernel_peaks.h"
#include "tensor/convert.h"
#include "tensor/dot.h"
#include "tensor/dot_kernels.h"
#include "tensor/dot_matrix.h"
#include "tensor/dot_matrix_kernels.h"
#include "tensor/gemm_kernels.h"
#include "tensor/vector.h"

namespace {

using namespace hart;

struct Options {
  std::size_t columns = 2048;
  std::size_t weight_bytes = std::size_t{200} << 20;  ///< far beyond the caches
  std::size_t batch = 128;
  int repeats = 9;
  unsigned threads = default_threads();
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double least(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

std::string name_of(tensor::DType dtype) {
  return std::string{tensor::dtype_info(dtype).name};
}

const char* layout_name(tensor::RowLayout layout) {
  return layout == tensor::RowLayout::rows ? "rows" : "interleaved16";
}

template <typename Body> double median_seconds(int repeats, Body body) {
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    body();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return median(std::move(seconds));
}

std::vector<float> normal_values(std::size_t n) {
  std::mt19937 random{1};
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

/// Rows of `dtype` that fill about `total` bytes: one row of normal weights (of made-up bits in
/// a type that cannot be written), repeated.
std::vector<std::uint8_t> make_weights(tensor::DType dtype, std::size_t columns,
                                       std::size_t total) {
  const std::uint64_t shape[] = {columns};
  std::vector<std::uint8_t> row(tensor::tensor_bytes(dtype, shape));
  if (tensor::can_quantize(dtype)) {
    tensor::quantize_row(dtype, normal_values(columns), row);
  } else {
    std::mt19937 random{1};
    // Bits that give no number of binary16 a large exponent.
    for (std::uint8_t& byte : row) byte = static_cast<std::uint8_t>(random() & 0x3F);
  }
  std::vector<std::uint8_t> weights(std::max<std::size_t>(1, total / row.size()) * row.size());
  for (std::size_t at = 0; at < weights.size(); at += row.size())
    std::memcpy(&weights[at], row.data(), row.size());
  return weights;
}

/// The plain read that the speed of the memory is measured with: eight pages side by side,
/// which is faster than one after the other.
void read_all(ByteView bytes, unsigned threads) {
  constexpr std::size_t kPage = 4096, kPages = 8, kLine = 64;
  static std::atomic<std::uint64_t> sink = 0;
  parallel_for(bytes.size() / (kPages * kPage), 1, threads,
               [&](std::size_t begin, std::size_t end) {
                 std::uint64_t sums[kLine / 8] = {};
                 for (std::size_t i = begin; i < end; ++i)
                   for (std::size_t at = 0; at < kPage; at += kLine)
                     for (std::size_t page = i * kPages; page < (i + 1) * kPages; ++page)
                       for (std::size_t k = 0; k < kLine / 8; ++k)
                         sums[k] += load_le<std::uint64_t>(&bytes[page * kPage + at + 8 * k]);
                 std::uint64_t total = 0;
                 for (const std::uint64_t sum : sums) total += sum;
                 sink += total;
               });
}

/// Matrix times vector beside a plain read of the same bytes, run in turn: a neighbour that
/// takes bandwidth takes it from both.
void bench_decode(const tensor::WeightMatrix& w, const Options& options, unsigned threads) {
  const std::vector<float> x = normal_values(options.columns);
  std::vector<float> y(w.view.rows());
  std::vector<double> product, reading;
  for (int i = 0; i < options.repeats; ++i) {
    product.push_back(median_seconds(1, [&] { tensor::matvec(w, x, y, threads); }));
    reading.push_back(median_seconds(1, [&] { read_all(w.view.bytes, threads); }));
  }
  const double gigabytes = static_cast<double>(w.view.bytes.size()) / 1e9;
  const double speed = gigabytes / median(product), read = gigabytes / median(reading);
  std::printf(
      "{\"type\":\"matvec\",\"dtype\":\"%s\",\"layout\":\"%s\",\"kernel\":\"%s\","
      "\"threads\":%u,\"columns\":%zu,\"rows\":%zu,\"gb_per_s\":%.2f,"
      "\"read_gb_per_s\":%.2f,\"share\":%.2f,\"best_share\":%.2f}\n",
      name_of(w.view.dtype).c_str(), layout_name(w.layout), tensor::gemm_kernels().name,
      threads, options.columns, y.size(), speed, read, speed / read,
      least(reading) / least(product));
}

void bench_prefill(const tensor::WeightMatrix& w, const Options& options, std::size_t n,
                   unsigned threads, double peak) {
  const std::size_t rows = w.view.rows();
  const std::vector<float> x = normal_values(options.columns * n);
  std::vector<float> y(rows * n);
  std::vector<double> seconds;
  for (int i = 0; i < options.repeats; ++i)
    seconds.push_back(median_seconds(1, [&] { tensor::matmul(w, x, y, n, threads); }));
  const double operations = 2e-9 * static_cast<double>(options.columns * rows * n);
  std::printf(
      "{\"type\":\"matmul\",\"dtype\":\"%s\",\"layout\":\"%s\",\"kernel\":\"%s\","
      "\"threads\":%u,\"columns\":%zu,\"rows\":%zu,\"batch\":%zu,\"gop_per_s\":%.1f,"
      "\"peak_gop_per_s\":%.1f,\"share\":%.2f,\"best_share\":%.2f}\n",
      name_of(w.view.dtype).c_str(), layout_name(w.layout), tensor::gemm_kernels().name,
      threads, options.columns, rows, n, operations / median(seconds), peak * threads,
      operations / median(seconds) / (peak * threads),
      operations / least(seconds) / (peak * threads));
}

void bench_type(tensor::DType dtype, const Options& options, const Peaks& peaks) {
  const bool is_block = tensor::dtype_info(dtype).block_elements > 1;
  const auto weights = make_weights(dtype, options.columns, options.weight_bytes);
  const std::uint64_t row_shape[] = {options.columns};
  const std::size_t row_bytes = tensor::tensor_bytes(dtype, row_shape);
  std::vector<std::uint8_t> interleaved;
  if (tensor::has_interleaved(dtype)) {
    interleaved.resize(weights.size());
    tensor::interleave_rows(dtype, row_bytes, weights, interleaved);
  }
  for (const tensor::RowLayout layout :
       {tensor::RowLayout::rows, tensor::RowLayout::interleaved16}) {
    const bool is_rows = layout == tensor::RowLayout::rows;
    if (!is_rows && interleaved.empty()) continue;
    const ByteView bytes = is_rows ? ByteView{weights} : ByteView{interleaved};
    const std::size_t rows = bytes.size() / row_bytes;
    const std::size_t some = std::min<std::size_t>(rows, 2048);
    const tensor::WeightMatrix all{{dtype, {options.columns, rows}, bytes}, layout};
    const tensor::WeightMatrix part{
        {dtype, {options.columns, some}, bytes.first(some * row_bytes)}, layout};
    for (unsigned threads = 1; threads <= options.threads; threads *= 2) {
      bench_decode(all, options, threads);
      bench_prefill(part, options, 8, threads, is_block ? peaks.int8 : peaks.f32);
      bench_prefill(part, options, options.batch, threads, is_block ? peaks.int8 : peaks.f32);
    }
  }
}

/// What the threads cost: the products of one token of a tiny model, and nothing else.
void bench_small(const Options& options) {
  constexpr std::size_t kSide = 64;
  const auto weights = make_weights(tensor::DType::f32, kSide, kSide * kSide * sizeof(float));
  const tensor::TensorView view{tensor::DType::f32, {kSide, kSide}, weights};
  const std::vector<float> x = normal_values(kSide);
  std::vector<float> y(kSide);
  for (unsigned threads = 1; threads <= options.threads; threads *= 2) {
    const double seconds = median_seconds(options.repeats, [&] {
      for (int i = 0; i < 1000; ++i) tensor::matvec(view, x, y, threads);
    });
    std::printf("{\"type\":\"small_matvec\",\"threads\":%u,\"side\":%zu,\"ns\":%.0f}\n",
                threads, kSide, seconds * 1e6);
  }
  for (const int pause_us : {0, 1000}) {
    std::vector<double> seconds;
    for (int i = 0; i < 20 * options.repeats; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds{pause_us});
      seconds.push_back(
          median_seconds(1, [] { parallel_for(2, 1, 2, [](std::size_t, std::size_t) {}); }));
    }
    std::printf("{\"type\":\"parallel_for\",\"threads\":2,\"pause_us\":%d,\"us\":%.1f}\n",
                pause_us, median(seconds) * 1e6);
  }
}

void bench_rows(const Options& options, std::size_t dim, std::size_t n) {
  const std::vector<float> query = normal_values(dim);
  std::vector<float> rows(dim * n), out(n);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = query[i % dim];
  const double seconds =
      median_seconds(options.repeats, [&] { tensor::dot_rows(query, rows.data(), out); });
  std::printf(
      "{\"type\":\"dot_rows\",\"kernel\":\"%s\",\"dim\":%zu,\"rows\":%zu,"
      "\"queries_per_s\":%.1f,\"gb_per_s\":%.2f}\n",
      tensor::dot_kernels().name, dim, n, 1 / seconds,
      static_cast<double>(rows.size() * sizeof(float)) / seconds / 1e9);
}

/// All products of two sets of vectors, as k-means needs them.
void bench_matrix(const Options& options, std::size_t m, std::size_t n, std::size_t dim) {
  const std::vector<float> queries = normal_values(m * dim), rows = normal_values(n * dim);
  std::vector<float> out(m * n);
  const double seconds = median_seconds(options.repeats, [&] {
    tensor::dot_matrix(queries.data(), m, rows.data(), n, dim, out.data());
  });
  std::printf(
      "{\"type\":\"dot_matrix\",\"kernel\":\"%s\",\"queries\":%zu,\"rows\":%zu,\"dim\":%zu,"
      "\"gflop_per_s\":%.1f}\n",
      tensor::matrix_kernels().name, m, n, dim,
      2.0 * static_cast<double>(m * n * dim) / seconds / 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string_view only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--smoke") {
      options.columns = 256;
      options.weight_bytes = 1 << 16;
      options.repeats = 1;
      options.batch = 9;
    } else if (argument == "--threads" && i + 1 < argc) {
      options.threads = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
    } else if (argument == "--dtype" && i + 1 < argc) {
      only = argv[++i];
    }
  }
  const Peaks peaks = measure_peaks();
  std::printf("{\"type\":\"peak\",\"int8_gop_per_s\":%.1f,\"f32_gflop_per_s\":%.1f}\n",
              peaks.int8, peaks.f32);
  const bool is_smoke = options.repeats == 1;
  for (const tensor::DTypeInfo& info : tensor::dtypes())
    if (tensor::has_dot(info.dtype) && (only.empty() || only == info.name))
      bench_type(info.dtype, options, peaks);
  bench_small(options);
  bench_matrix(options, is_smoke ? 10 : 1000, is_smoke ? 10 : 1024, 384);
  bench_rows(options, is_smoke ? 32 : 384, is_smoke ? 100 : 100'000);
  return 0;
}
