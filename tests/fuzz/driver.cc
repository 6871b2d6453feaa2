// Runs a fuzz target without a fuzzing engine: replays the files given, then seeded mutations
// of them. The same seed gives the same inputs on every machine. A crash leaves the input that
// caused it in the file named by --crash, so that it can be replayed and kept in the corpus.
//
//   fuzz_X [--runs N] [--seed S] [--seconds T] [--crash FILE] FILE|FOLDER...

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMaxBytes = 65536;

struct Options {
  std::uint64_t runs = 0;
  std::uint64_t seed = 1;
  double seconds = 1e9;
  std::string crash_path = "crash.bin";
  std::vector<fs::path> inputs;
};

// What the signal handler writes out: only plain objects may be touched there.
const std::uint8_t* current_data = nullptr;
std::size_t current_size = 0;
char crash_path[4096];

extern "C" void save_crash(int signal) {
  const int file = ::open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0) {
    const ssize_t written = ::write(file, current_data, current_size);
    static_cast<void>(written);
    ::close(file);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run_one(const Bytes& input) {
  // An exact copy on the heap, so that a sanitizer sees a read past its end.
  const Bytes exact(input.begin(), input.end());
  current_data = exact.data();
  current_size = exact.size();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

class Mutator {
 public:
  Mutator(std::uint64_t seed, const std::vector<Bytes>& corpus)
      : random_{seed}, corpus_{corpus} {}

  Bytes next() {
    Bytes bytes = corpus_[below(corpus_.size())];
    for (std::size_t steps = 1 + below(6); steps > 0; --steps) mutate(bytes);
    if (bytes.size() > kMaxBytes) bytes.resize(kMaxBytes);
    return bytes;
  }

 private:
  /// Uniform enough in [0, limit); 0 when limit is 0. Not std::uniform_int_distribution, whose
  /// results differ between libraries.
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void mutate(Bytes& bytes) {
    switch (below(8)) {
      case 0:
        if (!bytes.empty())
          bytes[below(bytes.size())] ^= static_cast<std::uint8_t>(1 << below(8));
        break;
      case 1:
        if (!bytes.empty()) bytes[below(bytes.size())] = static_cast<std::uint8_t>(random_());
        break;
      case 2:
        bytes.resize(below(bytes.size() + 1));
        break;
      case 3:
        splice(bytes);
        break;
      case 4:
        erase(bytes);
        break;
      case 5:
        repeat(bytes);
        break;
      default:
        put_integer(bytes);
        break;
    }
  }

  void put_integer(Bytes& bytes) {
    static constexpr std::uint64_t kInteresting[] = {
        0,          1,          2,          3,           0x7F,       0x80,     0xFF,
        0x100,      0x7FFF,     0x8000,     0xFFFF,      0x10000,    1u << 31, 0xFFFFFFFF,
        1ull << 32, 1ull << 42, 1ull << 60, 1ull << 62,  1ull << 63, ~0ull,    ~0ull - 7,
        0x7FFFFFFF, ~0ull - 31, ~0ull >> 1, 100'000'000, 100'000'001};
    const std::uint64_t value = kInteresting[below(std::size(kInteresting))];
    const std::size_t width = std::size_t{1} << below(4);
    if (bytes.size() < width) return;
    std::memcpy(&bytes[below(bytes.size() - width + 1)], &value, width);
  }

  void splice(Bytes& bytes) {
    const Bytes& other = corpus_[below(corpus_.size())];
    if (other.empty()) return;
    const std::size_t begin = below(other.size());
    const std::size_t count = 1 + below(std::min<std::size_t>(64, other.size() - begin));
    const auto from = other.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1));
    bytes.insert(at, from, from + static_cast<std::ptrdiff_t>(count));
  }

  void erase(Bytes& bytes) {
    if (bytes.empty()) return;
    const std::size_t begin = below(bytes.size());
    const std::size_t count = 1 + below(std::min<std::size_t>(32, bytes.size() - begin));
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(begin);
    bytes.erase(at, at + static_cast<std::ptrdiff_t>(count));
  }

  void repeat(Bytes& bytes) {
    if (bytes.empty()) return;
    const std::size_t begin = below(bytes.size());
    const std::size_t count = 1 + below(std::min<std::size_t>(64, bytes.size() - begin));
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(begin);
    const Bytes piece(from, from + static_cast<std::ptrdiff_t>(count));
    for (std::size_t times = 1 + below(8); times > 0; --times)
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(begin), piece.begin(),
                   piece.end());
  }

  std::mt19937_64 random_;
  const std::vector<Bytes>& corpus_;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--runs" && has_value) {
      options.runs = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--seed" && has_value) {
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--seconds" && has_value) {
      options.seconds = std::strtod(argv[++i], nullptr);
    } else if (argument == "--crash" && has_value) {
      options.crash_path = argv[++i];
    } else {
      options.inputs.emplace_back(argument);
    }
  }
  return options;
}

std::vector<Bytes> read_corpus(const std::vector<fs::path>& inputs) {
  std::vector<fs::path> files;
  for (const fs::path& input : inputs) {
    if (!fs::is_directory(input)) {
      files.push_back(input);
      continue;
    }
    for (const auto& entry : fs::directory_iterator{input}) files.push_back(entry.path());
  }
  // The order of a folder's entries is the file system's.
  std::sort(files.begin(), files.end());
  std::vector<Bytes> corpus;
  for (const fs::path& file : files) {
    std::ifstream in{file, std::ios::binary};
    if (!in) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      std::exit(66);
    }
    corpus.emplace_back(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
  }
  return corpus;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  std::snprintf(crash_path, sizeof crash_path, "%s", options.crash_path.c_str());
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, save_crash);

  std::vector<Bytes> corpus = read_corpus(options.inputs);
  if (corpus.empty()) {
    std::fprintf(stderr, "usage: %s [--runs N] [--seed S] [--seconds T] FILE|FOLDER...\n",
                 argv[0]);
    return 2;
  }
  for (const Bytes& input : corpus) run_one(input);

  const auto start = std::chrono::steady_clock::now();
  const auto elapsed_s = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Mutator mutator{options.seed, corpus};
  std::uint64_t runs = 0;
  for (; runs < options.runs && elapsed_s() < options.seconds; ++runs) run_one(mutator.next());
  std::printf("%zu files, %llu mutations, %.1f s\n", corpus.size(),
              static_cast<unsigned long long>(runs), elapsed_s());
  return 0;
}
