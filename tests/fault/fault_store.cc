// fault_store: stores on a disk that fails, by seed. After each power cut the store opens, is
// sound, and holds what was acknowledged.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <new>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "core/error.h"
#include "fault_disk.h"
#include "fault_file_io.h"
#include "fault_vfs.h"
#include "ledger.h"
#include "scratch_directory.h"
#include "store/schema.h"
#include "workload.h"

namespace hart::fault {
namespace {

namespace fs = std::filesystem;

struct Totals {
  std::atomic<std::uint64_t> seeds = 0;
  std::atomic<std::uint64_t> failures = 0;
  std::atomic<std::uint64_t> power_cuts = 0;
  std::atomic<std::uint64_t> unacknowledged = 0;
  std::atomic<std::uint64_t> changes = 0;
  std::atomic<std::uint64_t> reads = 0;
};

/// Small numbers as likely as large ones: every phase of a process has its share.
std::uint64_t moment(Random& random, std::uint64_t doublings) {
  return 1 + random.below(std::uint64_t{2} << random.below(doublings));
}

void plan_faults(FaultDisk& disk, Random& random) {
  using enum OperationKind;
  if (random.chance(40)) disk.plan({FaultKind::crash, change, moment(random, 9), 1});
  if (random.chance(40)) disk.plan({FaultKind::crash, sync, moment(random, 5), 1});
  if (random.chance(20)) disk.plan({FaultKind::io_error, read, moment(random, 10), 1});
  if (random.chance(20)) disk.plan({FaultKind::io_error, change, moment(random, 8), 1});
  if (random.chance(20)) disk.plan({FaultKind::io_error, sync, moment(random, 4), 1});
  if (random.chance(20))
    disk.plan({FaultKind::no_space, change, moment(random, 8), moment(random, 6)});
  if (random.chance(20))
    disk.plan({FaultKind::short_transfer, random.chance(50) ? read : change, moment(random, 8),
               moment(random, 7)});
  // What a failed operation left behind must not do harm either.
  if (random.chance(50)) disk.plan_crash_after_failure(moment(random, 6));
}

/// One process on the store, and the power cut that ends it. Throws Violation.
void live_and_crash(FaultDisk& disk, const fs::path& directory, Ledger& ledger,
                    std::vector<Model>& models, Random& random) {
  const FaultVfs vfs{disk, random.next()};
  FaultFileIo io{disk};
  const store::FileIoOverride io_override{io};
  Process process{directory.string(), disk, ledger, models, random.split()};
  process.run(static_cast<int>(1 + random.below(12)));
  // Else it closes the store before the power goes.
  if (random.chance(70)) disk.cut_power();
}

void run_seed(std::uint64_t seed, const fs::path& pristine, const fs::path& directory,
              Totals& totals, bool trace, std::ostream& report) {
  fs::remove_all(directory);
  fs::copy(pristine, directory, fs::copy_options::recursive);
  Random random{seed};
  Ledger ledger;
  std::vector<Model> models;
  const auto lives = 1 + random.below(3);
  for (std::uint64_t life = 1; life <= lives; ++life) {
    FaultDisk disk{directory.string(), random.next()};
    plan_faults(disk, random);
    try {
      live_and_crash(disk, directory, ledger, models, random);
      disk.apply_crash();
      // Else the next process meets what this one left, and may fail while it recovers.
      if (life == lives || random.chance(50)) verify(directory.string(), ledger);
    } catch (const std::exception&) {
      report << "seed " << seed << ", process " << life << " of " << lives << ":\n";
      disk.print_trace(report);
      throw;
    }
    if (trace) disk.print_trace(report);
    if (disk.crashed()) ++totals.power_cuts;
    if (ledger.unacknowledged_found()) ++totals.unacknowledged;
    totals.changes += disk.count(OperationKind::change);
    totals.reads += disk.count(OperationKind::read);
  }
  ++totals.seeds;
}

struct Options {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  std::uint64_t jobs = std::max(1U, std::thread::hardware_concurrency());
  bool trace = false;
  bool keep_going = false;
};

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<Options> parse(std::span<char*> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument{arguments[i]};
    const std::string_view value{i + 1 < arguments.size() ? arguments[i + 1] : ""};
    if (argument == "--trace") {
      options.trace = true;
      continue;
    }
    if (argument == "--keep-going") {
      options.keep_going = true;
      continue;
    }
    ++i;
    const std::size_t dash = value.find('-');
    const bool good = argument == "--jobs"
                          ? parse_number(value, options.jobs) && options.jobs > 0
                          : argument == "--seeds" && dash != value.npos &&
                                parse_number(value.substr(0, dash), options.first) &&
                                parse_number(value.substr(dash + 1), options.last);
    if (!good) return std::nullopt;
  }
  return options;
}

/// Every `jobs`-th seed, from the `job`-th on.
void run_share(const Options& options, std::uint64_t job, const fs::path& scratch,
               Totals& totals) {
  const fs::path directory = scratch / ("store-" + std::to_string(job));
  for (std::uint64_t seed = options.first + job; seed <= options.last; seed += options.jobs) {
    if (totals.failures > 0 && !options.keep_going) return;
    std::ostringstream report;
    try {
      run_seed(seed, scratch / "pristine", directory, totals, options.trace, report);
    } catch (const std::exception& failure) {
      ++totals.failures;
      report << "seed " << seed << ": " << failure.what() << '\n';
    }
    std::cout << report.str() << std::flush;
  }
}

/// A process for each job: SQLite's default VFS is one a process. Returns once all have ended.
void run_jobs(const Options& options, const fs::path& scratch, Totals& totals) {
  std::vector<pid_t> children;
  for (std::uint64_t job = 0; job < options.jobs; ++job) {
    const pid_t child = ::fork();
    if (child < 0) throw_errno(Fault::internal, "fork", errno);
    if (child == 0) {
      run_share(options, job, scratch, totals);
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    if (::waitpid(child, &status, 0) == child && status == 0) continue;
    ++totals.failures;
    std::cout << "a process of the test ended with wait status " << status << std::endl;
  }
}

int run(const Options& options) {
  const ScratchDirectory scratch;
  const store::SchemaModule modules[] = {store::catalog_schema()};
  store::Store::create((scratch.path() / "pristine").string(), modules);
  void* shared = ::mmap(nullptr, sizeof(Totals), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw_errno(Fault::internal, "mmap", errno);
  Totals& totals = *new (shared) Totals;
  const auto start = std::chrono::steady_clock::now();
  run_jobs(options, scratch.path(), totals);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::cout << totals.seeds << " seeds passed, " << totals.failures << " failed; "
            << totals.power_cuts << " power cuts, " << totals.unacknowledged
            << " commits found that were not acknowledged; " << totals.changes << " changes, "
            << totals.reads << " reads; " << std::fixed << std::setprecision(1)
            << static_cast<double>(totals.seeds) / elapsed.count() << " seeds/s\n";
  return totals.failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hart::fault

int main(int argc, char** argv) {
  const auto options = hart::fault::parse({argv + 1, static_cast<std::size_t>(argc - 1)});
  if (!options) {
    std::cerr
        << "usage: fault_store [--seeds FIRST-LAST] [--jobs N] [--keep-going] [--trace]\n";
    return 2;
  }
  try {
    return hart::fault::run(*options);
  } catch (const std::exception& error) {
    std::cerr << "fault_store: " << error.what() << '\n';
    return 1;
  }
}
