#include "fault_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <set>

namespace hart::fault {
namespace {

namespace fs = std::filesystem;

}  // namespace

FaultDisk::FaultDisk(std::string directory, std::uint64_t seed)
    : directory_{std::move(directory)}, graves_{directory_ + ".removed"}, random_{seed} {
  fs::create_directory(graves_);
}

FaultDisk::~FaultDisk() {
  std::error_code ignored;
  fs::remove_all(graves_, ignored);
}

bool FaultDisk::holds(const std::string& path) const {
  return path.starts_with(directory_ + "/");
}

std::string FaultDisk::path_of(const UnsyncedFile& file) const {
  for (const auto& [path, known] : by_path_)
    if (known == &file) return path;
  return "(removed)";
}

void FaultDisk::strike(FaultKind fault, const Request& request, Verdict& verdict) {
  switch (fault) {
    case FaultKind::crash:
      crashed_ = true;
      // The power went in the midst of it: it may have had its effect, and nobody heard of it.
      verdict = {EIO, true, false};
      return;
    case FaultKind::io_error:
      if (request.unheeded) return;
      verdict = {EIO, false, false};
      break;
    case FaultKind::no_space:
      if (!request.needs_space) return;
      verdict = {ENOSPC, false, false};
      break;
    case FaultKind::short_transfer:
      verdict.shortened = true;
      return;
  }
  struck_ = true;
  if (const std::uint64_t delay = std::exchange(crash_delay_, 0))
    plan_.push_back(
        {FaultKind::crash, OperationKind::change, count(OperationKind::change) + delay, 1});
}

FaultDisk::Verdict FaultDisk::judge(const Request& request) {
  if (crashed_) return {EIO, false, false};
  Verdict verdict;
  ++counter(request.kind);
  if (request.kind == OperationKind::sync) ++counter(OperationKind::change);
  for (const PlannedFault& fault : std::vector{plan_}) {
    const bool counted = fault.on == request.kind || (fault.on == OperationKind::change &&
                                                      request.kind == OperationKind::sync);
    const std::uint64_t now = count(fault.on);
    if (counted && now >= fault.at && now < fault.at + fault.operations && !crashed_)
      strike(fault.kind, request, verdict);
  }
  if (request.kind != OperationKind::read || verdict.error != 0)
    trace_.push_back(
        {request.operation, request.path, request.offset, request.bytes, verdict.error});
  return verdict;
}

int FaultDisk::open(const std::string& path, bool create, UnsyncedFile*& file) {
  const auto known = by_path_.find(path);
  const bool exists = known != by_path_.end() || fs::exists(path);
  if (!exists && !create) return ENOENT;
  const Verdict verdict = exists ? judge({"open", path, OperationKind::read})
                                 : judge({"create", path, OperationKind::change, true});
  if (!verdict.perform) return verdict.error;
  if (known != by_path_.end()) {
    file = known->second;
    return verdict.error;
  }
  int error = 0;
  auto opened = std::make_unique<UnsyncedFile>(path, create, error);
  if (error != 0) return error;
  file = opened.get();
  by_path_[path] = file;
  files_.push_back(std::move(opened));
  if (!exists) renames_.push_back({"", path, ""});
  return verdict.error;
}

int FaultDisk::read(UnsyncedFile& file, std::uint64_t offset, std::span<std::uint8_t> into,
                    std::size_t& got) {
  const Verdict verdict =
      judge({"read", path_of(file), OperationKind::read, false, false, offset, into.size()});
  if (verdict.error != 0) return verdict.error;
  if (verdict.shortened && into.size() > 1)
    into = into.first(1 + random_.below(into.size() - 1));
  got = file.read(offset, into);
  return 0;
}

int FaultDisk::write(UnsyncedFile& file, std::uint64_t offset, ByteView bytes,
                     std::size_t& put) {
  const Verdict verdict =
      judge({"write", path_of(file), OperationKind::change, true, false, offset, bytes.size()});
  // A write that fails may have written some.
  const bool partly = verdict.shortened || (verdict.error != 0 && !crashed_);
  if (partly) bytes = bytes.first(random_.below(bytes.size()) + (verdict.shortened ? 1 : 0));
  if ((verdict.perform || partly) && !bytes.empty()) file.write(offset, bytes);
  put = bytes.size();
  return verdict.error;
}

int FaultDisk::truncate(UnsyncedFile& file, std::uint64_t bytes) {
  const Verdict verdict = judge(
      {"truncate", path_of(file), OperationKind::change, bytes > file.size(), false, 0, bytes});
  if (verdict.perform) file.truncate(bytes);
  return verdict.error;
}

int FaultDisk::sync(UnsyncedFile& file) {
  const Verdict verdict = judge({"sync", path_of(file), OperationKind::sync});
  if (crashed_) return EIO;
  if (verdict.error != 0) {
    file.sync_failed(random_);
  } else {
    file.sync_succeeded();
  }
  return verdict.error;
}

std::string FaultDisk::bury(const std::string& path) {
  std::string grave = graves_ + "/" + std::to_string(++buried_);
  fs::rename(path, grave);
  by_path_.erase(path);
  return grave;
}

int FaultDisk::remove(const std::string& path) {
  if (!fs::exists(path)) return ENOENT;
  const Verdict verdict = judge({"remove", path, OperationKind::change});
  if (verdict.perform) renames_.push_back({path, "", bury(path)});
  return verdict.error;
}

int FaultDisk::rename(const std::string& from, const std::string& to) {
  if (!fs::exists(from)) return ENOENT;
  const Verdict verdict = judge({"rename", from, OperationKind::change, true});
  if (!verdict.perform) return verdict.error;
  renames_.push_back({from, to, fs::exists(to) ? bury(to) : ""});
  fs::rename(from, to);
  if (const auto moved = by_path_.extract(from); !moved.empty()) by_path_[to] = moved.mapped();
  return verdict.error;
}

int FaultDisk::sync_directory(const std::string& directory, bool unheeded) {
  const Verdict verdict =
      judge({"sync directory", directory, OperationKind::sync, false, unheeded});
  if (verdict.error != 0) return verdict.error;
  const auto in_directory = [&](const std::string& path) {
    return fs::path{path}.parent_path() == directory;
  };
  std::erase_if(renames_, [&](const Rename& change) {
    return in_directory(change.to) || in_directory(change.from);
  });
  return 0;
}

void FaultDisk::undo(const Rename& change) {
  if (change.from.empty()) {
    fs::rename(change.to, graves_ + "/" + std::to_string(++buried_));
  } else if (change.to.empty()) {
    fs::rename(change.grave, change.from);
  } else {
    fs::rename(change.to, change.from);
    if (!change.grave.empty()) fs::rename(change.grave, change.to);
  }
}

void FaultDisk::apply_crash() {
  // The file system's own habits are the same for all files of one machine.
  const auto survival = static_cast<Survival>(random_.below(4));
  for (const auto& file : files_) file->apply_crash(survival, random_);
  // A change of names is undone only when all later ones of the same names are.
  std::set<std::string> settled;
  for (auto change = renames_.rbegin(); change != renames_.rend(); ++change) {
    const bool kept = settled.contains(change->from) || settled.contains(change->to) ||
                      survival == Survival::everything ||
                      (survival != Survival::nothing && random_.chance(50));
    if (!kept) {
      undo(*change);
      continue;
    }
    for (const std::string& name : {change->from, change->to})
      if (!name.empty()) settled.insert(name);
  }
  for (const auto& entry : fs::directory_iterator{directory_})
    if (entry.path().string().ends_with("-shm")) fs::remove(entry.path());
}

void FaultDisk::print_trace(std::ostream& out) const {
  std::uint64_t number = 0;
  for (const TraceLine& line : trace_) {
    if (*line.operation == '\0') {
      out << "  " << line.path << '\n';
      continue;
    }
    out << "    " << ++number << ' ' << line.operation << ' '
        << (holds(line.path) ? line.path.substr(directory_.size() + 1) : line.path);
    if (line.bytes != 0) out << " [" << line.offset << ", +" << line.bytes << ')';
    if (line.error != 0) out << ": " << std::strerror(line.error);
    out << '\n';
  }
}

}  // namespace hart::fault
