// Matrix-vector bandwidth of each weight type beside plain reading of the same memory, and the
// cost of a prefill step. One JSON object a line; medians of several runs.
//
//   bench_kernels [--smoke] [--threads N]

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/endian.h"
#include "core/parallel.h"
#include "tensor/convert.h"
#include "tensor/dot.h"
#include "tensor/dot_kernels.h"
#include "tensor/dot_matrix.h"
#include "tensor/dot_matrix_kernels.h"
#include "tensor/vector.h"

namespace {

using namespace hart;

struct Options {
  std::size_t columns = 2048;
  std::size_t weight_bytes = std::size_t{256} << 20;  ///< far beyond the caches
  int repeats = 7;
  unsigned threads = default_threads();
};

template <typename Body> double median_seconds(int repeats, Body body) {
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    body();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + repeats / 2, seconds.end());
  return seconds[static_cast<std::size_t>(repeats / 2)];
}

std::vector<float> normal_values(std::size_t n) {
  std::mt19937 random{1};
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

/// Rows of `dtype` that fill about `total` bytes: one row of normal weights, repeated.
std::vector<std::uint8_t> make_weights(tensor::DType dtype, std::size_t columns,
                                       std::size_t total) {
  const std::uint64_t shape[] = {columns};
  std::vector<std::uint8_t> row(tensor::tensor_bytes(dtype, shape));
  tensor::quantize_row(dtype, normal_values(columns), row);
  std::vector<std::uint8_t> weights(std::max<std::size_t>(1, total / row.size()) * row.size());
  for (std::size_t at = 0; at < weights.size(); at += row.size())
    std::memcpy(&weights[at], row.data(), row.size());
  return weights;
}

/// The speed that the memory gives to a loop that does nothing but read.
double read_seconds(ByteView bytes, const Options& options, unsigned threads) {
  std::atomic<std::uint64_t> sink = 0;
  return median_seconds(options.repeats, [&] {
    parallel_for(bytes.size() / 64, 1, threads, [&](std::size_t begin, std::size_t end) {
      std::uint64_t sums[8] = {};
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t k = 0; k < 8; ++k)
          sums[k] += load_le<std::uint64_t>(&bytes[64 * i + 8 * k]);
      std::uint64_t total = 0;
      for (const std::uint64_t sum : sums) total += sum;
      sink += total;
    });
  });
}

void bench_type(tensor::DType dtype, const Options& options, unsigned threads) {
  const auto weights = make_weights(dtype, options.columns, options.weight_bytes);
  const std::uint64_t shape[] = {options.columns};
  const std::size_t rows = weights.size() / tensor::tensor_bytes(dtype, shape);
  const tensor::TensorView view{dtype, {options.columns, rows}, weights};
  const std::vector<float> x = normal_values(options.columns);
  std::vector<float> y(rows);
  const double seconds =
      median_seconds(options.repeats, [&] { tensor::matvec(view, x, y, threads); });
  const double reading = read_seconds(weights, options, threads);
  const double gigabytes = static_cast<double>(weights.size()) / 1e9;
  std::printf(
      "{\"type\":\"matvec\",\"dtype\":\"%s\",\"kernel\":\"%s\",\"threads\":%u,\"columns\":%zu,"
      "\"rows\":%zu,\"gb_per_s\":%.2f,\"read_gb_per_s\":%.2f}\n",
      std::string{tensor::dtype_info(dtype).name}.c_str(), tensor::dot_kernels().name, threads,
      options.columns, rows, gigabytes / seconds, gigabytes / reading);
}

void bench_prefill(tensor::DType dtype, const Options& options, std::size_t n,
                   std::size_t rows) {
  const std::uint64_t shape[] = {options.columns, rows};
  const auto weights = make_weights(dtype, options.columns, tensor::tensor_bytes(dtype, shape));
  const tensor::TensorView view{dtype, {options.columns, rows}, weights};
  const std::vector<float> x = normal_values(options.columns * n);
  std::vector<float> y(rows * n);
  const double seconds =
      median_seconds(options.repeats, [&] { tensor::matmul(view, x, y, n, options.threads); });
  const double operations = 2.0 * static_cast<double>(options.columns * rows * n);
  std::printf(
      "{\"type\":\"matmul\",\"dtype\":\"%s\",\"kernel\":\"%s\",\"threads\":%u,"
      "\"columns\":%zu,\"rows\":%zu,\"batch\":%zu,\"gflop_per_s\":%.2f}\n",
      std::string{tensor::dtype_info(dtype).name}.c_str(), tensor::dot_kernels().name,
      options.threads, options.columns, rows, n, operations / seconds / 1e9);
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
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--smoke") {
      options.columns = 256;
      options.weight_bytes = 1 << 16;
      options.repeats = 1;
    } else if (argument == "--threads" && i + 1 < argc) {
      options.threads = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
    }
  }
  using tensor::DType;
  const bool is_smoke = options.repeats == 1;
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::q4_0}) {
    bench_type(dtype, options, 1);
    if (options.threads > 1) bench_type(dtype, options, options.threads);
    bench_prefill(dtype, options, is_smoke ? 2 : 64, is_smoke ? 64 : 2048);
  }
  bench_matrix(options, is_smoke ? 10 : 1000, is_smoke ? 10 : 1024, 384);
  bench_rows(options, is_smoke ? 32 : 384, is_smoke ? 100 : 100'000);
  return 0;
}
