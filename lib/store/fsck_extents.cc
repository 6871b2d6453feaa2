// The bytes of extents: headers, checksums, decoding, digests, bases.

#include <algorithm>
#include <atomic>
#include <mutex>

#include "core/error.h"
#include "core/parallel.h"
#include "crypto/crc32c.h"
#include "store/extent_reader.h"
#include "store/fsck_report.h"

namespace hart::store {
namespace {

/// Extents that are read at a time, by all threads together.
constexpr std::size_t kBatchExtents = 512;
constexpr std::uint64_t kBatchBytes = std::uint64_t{64} << 20;

class ExtentChecker {
 public:
  explicit ExtentChecker(FsckReport& report)
      : report_{report},
        extents_{report.store()},
        decoders_(std::max(1u, report.options().threads)) {}

  void run();

 private:
  struct Task {
    ExtentRecord extent;
    std::optional<LocatedExtent> located;
    std::string problem;
  };

  void locate(Task& task);
  void read(ExtentDecoder& decoder, Task& task) const;
  void finish(std::vector<Task>& tasks);
  void tell(const Task& task);

  FsckReport& report_;
  ExtentReader extents_;
  std::vector<ExtentDecoder> decoders_;
};

void ExtentChecker::locate(Task& task) {
  try {
    task.located = extents_.locate(task.extent);
    const auto& base = task.located->base;
    if (!base) return;
    if (base->base_extent_id != 0) task.problem = "its base has a base itself";
    if (task.extent.base_offset > base->decoded_bytes ||
        task.extent.decoded_bytes > base->decoded_bytes - task.extent.base_offset)
      task.problem = "it reaches beyond its base";
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    task.problem = error.what();
  }
}

void ExtentChecker::read(ExtentDecoder& decoder, Task& task) const {
  if (!task.located || !task.problem.empty()) return;
  try {
    if (crypto::crc32c(task.located->stored) != task.extent.checksum) {
      task.problem = "its checksum differs";
    } else if (!report_.options().quick && !decoder.has_digest(*task.located)) {
      task.problem = "its hash differs";
    }
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    task.problem = error.what();
  }
  Packs::release(task.located->stored);
}

/// The objects that cannot be read without an extent: their files, or a file of their folder,
/// are made of it or of a difference to it. A snapshot is named where it alone holds one.
constexpr const char* kObjectsWith =
    "WITH part AS (SELECT p.atom_id FROM extent AS e"
    "   JOIN atom_payload AS p ON p.extent_id = e.extent_id"
    "   WHERE e.extent_id = ?1 OR e.base_extent_id = ?1),"
    " file AS (SELECT atom_id FROM part UNION SELECT c.parent_atom_id FROM part"
    "   JOIN atom_composition AS c ON c.component_atom_id = part.atom_id)"
    " SELECT t.name, o.name, o.version, NULL FROM tenant_object AS o"
    " JOIN tenant AS t ON t.tenant_id = o.tenant_id WHERE o.atom_id IN file"
    " UNION ALL SELECT t.name, o.name, o.version, n.name FROM snapshot_object AS o"
    " JOIN snapshot AS n ON n.snapshot_id = o.snapshot_id"
    " JOIN tenant AS t ON t.tenant_id = n.tenant_id WHERE o.atom_id IN file"
    "  AND NOT EXISTS (SELECT 1 FROM tenant_object AS now WHERE now.tenant_id = n.tenant_id"
    "   AND now.name = o.name AND now.version = o.version AND now.atom_id = o.atom_id)"
    " ORDER BY 1, 2, 3, 4 LIMIT ?2";

std::string objects_with(Connection& db, std::int64_t extent_id) {
  constexpr int kNamed = 5;
  Statement objects = db.prepare(kObjectsWith, Scope::owner);
  objects.with(extent_id, kNamed + 1);
  std::string names;
  for (int count = 0; objects.step(); ++count) {
    if (count == kNamed) return names + " and others";
    names += names.empty() ? "; needed by " : ", ";
    names += std::string{objects.text(0)} + "/" + std::string{objects.text(1)} + "@" +
             std::to_string(objects.integer(2));
    if (!objects.is_null(3)) names += " in snapshot " + std::string{objects.text(3)};
  }
  return names;
}

bool is_needed(Connection& db, std::int64_t extent_id) {
  Statement needed = db.prepare(
      "SELECT EXISTS (SELECT 1 FROM atom_payload WHERE extent_id = ?1)"
      " OR EXISTS (SELECT 1 FROM extent WHERE base_extent_id = ?1)",
      Scope::owner);
  return needed.with(extent_id).step() && needed.integer(0) != 0;
}

void ExtentChecker::tell(const Task& task) {
  const std::int64_t id = task.extent.extent_id;
  const bool needed = is_needed(report_.db(), id);
  if (!needed) report_.droppable_extents.push_back(id);
  report_.find(task.problem + objects_with(report_.db(), id), extent_place(task.extent),
               needed ? Repair::none : Repair::extent);
}

void ExtentChecker::finish(std::vector<Task>& tasks) {
  std::atomic<std::size_t> next{0};
  parallel_for(decoders_.size(), 1, static_cast<unsigned>(decoders_.size()),
               [&](std::size_t begin, std::size_t end) {
                 for (std::size_t worker = begin; worker < end; ++worker)
                   for (std::size_t i = next++; i < tasks.size(); i = next++)
                     read(decoders_[worker], tasks[i]);
               });
  std::uint64_t bytes = 0;
  for (const Task& task : tasks) {
    if (!task.problem.empty()) tell(task);
    bytes += task.extent.stored_bytes;
  }
  report_.totals.extents += tasks.size();
  report_.totals.bytes += bytes;
  if (report_.options().progress) report_.options().progress(bytes);
  tasks.clear();
}

void ExtentChecker::run() {
  Statement rows =
      report_.db().prepare(std::string{"SELECT "} + kExtentColumns +
                               " FROM extent ORDER BY pack_id, pack_offset, extent_id",
                           Scope::owner);
  std::vector<Task> tasks;
  std::uint64_t bytes = 0;
  while (rows.step()) {
    Task task;
    task.extent = read_extent(rows, 0);
    locate(task);
    bytes += task.extent.decoded_bytes;
    tasks.push_back(std::move(task));
    if (tasks.size() < kBatchExtents && bytes < kBatchBytes) continue;
    finish(tasks);
    bytes = 0;
  }
  finish(tasks);
}

}  // namespace

void check_extents(FsckReport& report) {
  ExtentChecker{report}.run();
}

}  // namespace hart::store
