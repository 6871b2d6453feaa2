// A collection of a store of a million extents, half of them dead, while a reader streams what
// lives and a writer adds small objects. Prints JSON lines.

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "core/clock.h"
#include "core/endian.h"
#include "crypto/sha256.h"
#include "store/catalog_writer.h"
#include "store/collect.h"
#include "store/extent_reader.h"

namespace {

using namespace hart;

constexpr std::size_t kPartsPerObject = 100;
constexpr std::size_t kObjectsPerBatch = 500;

/// 64 to 256 bytes that no other part has.
ByteBuffer part_bytes(std::uint64_t number) {
  ByteBuffer bytes;
  append_le(bytes, number);
  const Hash256 noise = crypto::sha256(bytes);
  bytes.resize(64 + noise[0] % 193);
  for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = noise[i % noise.size()];
  return bytes;
}

/// A structure over parts, each an atom with an extent of its own.
void put_object(store::CatalogWriter& writer, std::uint64_t object_number) {
  store::CatalogWriter::NewObject object;
  object.name = "o" + std::to_string(object_number);
  const Id id{IdSpace::structure, crypto::sha256(as_bytes(object.name))};
  object.atom_id = writer.put_atom(id, store::AtomForm::descriptor, ByteBuffer(40), 1);
  for (std::size_t i = 0; i < kPartsPerObject; ++i) {
    const ByteBuffer bytes = part_bytes(object_number * kPartsPerObject + i);
    const Hash256 hash = crypto::sha256(bytes);
    const std::int64_t part = writer.put_atom(
        {IdSpace::content, hash}, store::AtomForm::descriptor, ByteBuffer(40), bytes.size());
    writer.put_payload(part, 0, writer.put_extent(hash, bytes, 0), bytes.size());
    writer.put_component(object.atom_id, static_cast<std::int64_t>(i), part, {}, {});
    writer.hold_atom(part, store::Modality::model, "tensor");
  }
  writer.hold_atom(object.atom_id, store::Modality::model, "model");
  object.kind = "model";
  object.modality = store::Modality::model;
  object.subtype = "bench";
  object.atomizer = "bench/1";
  writer.put_object(object);
}

void fill(const std::string& directory, std::size_t objects) {
  store::Store store{{directory, "default", 30'000, true, {}}};
  for (std::size_t at = 0; at < objects; at += kObjectsPerBatch) {
    store::WriteTransaction transaction{store};
    store::CatalogWriter writer{store};
    for (std::size_t i = at; i < std::min(objects, at + kObjectsPerBatch); ++i)
      put_object(writer, i);
    transaction.commit();
  }
}

/// Drops every second object, so that dead and living runs alternate in the packs.
void drop_half(const std::string& directory, std::size_t objects) {
  store::Store store{{directory, "default", 30'000, true, {}}};
  for (std::size_t at = 0; at < objects; at += kObjectsPerBatch) {
    store::WriteTransaction transaction{store};
    for (std::size_t i = at; i < std::min(objects, at + kObjectsPerBatch); i += 2)
      static_cast<void>(
          store::remove_object(store, store::resolve_object(store, "o" + std::to_string(i))));
    transaction.commit();
  }
}

struct Beside {
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> bytes_read{0};
  std::atomic<std::uint64_t> objects_written{0};
  std::atomic<std::uint64_t> slowest_write_us{0};
  std::atomic<std::uint64_t> failures{0};
};

/// Streams every living extent, verified, and begins again.
void read_beside(const std::string& directory, Beside& beside) {
  while (!beside.done) {
    store::Store store{{directory, "default", 30'000, false, {}}};
    const store::Snapshot snapshot{store.db()};
    store::Statement rows = store.db().prepare(std::string{"SELECT "} + store::kExtentColumns +
                                               " FROM my_atom_payload");
    store::ExtentReader reader{store};
    while (!beside.done && rows.step())
      beside.bytes_read += reader.read(store::read_extent(rows, 0), true).bytes().size();
  }
}

/// Adds an object at a time, and notes how long the slowest had to wait.
void write_beside(const std::string& directory, std::uint64_t first, Beside& beside) {
  store::Store store{{directory, "default", 30'000, true, {}}};
  for (std::uint64_t number = first; !beside.done; ++number) {
    const double start = steady_seconds();
    {
      store::WriteTransaction transaction{store};
      store::CatalogWriter writer{store};
      put_object(writer, number);
      transaction.commit();
    }
    // As a process does that goes on for long: it has let go of what it read.
    store.renew_lease();
    const auto us = static_cast<std::uint64_t>((steady_seconds() - start) * 1e6);
    if (us > beside.slowest_write_us) beside.slowest_write_us = us;
    ++beside.objects_written;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

template <typename Body> std::thread beside_thread(Beside& beside, const Body& body) {
  return std::thread{[&beside, body] {
    try {
      body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "bench_gc: %s\n", error.what());
      ++beside.failures;
    }
  }};
}

void measure(const std::string& directory, std::size_t objects) {
  Beside beside;
  std::thread reading = beside_thread(beside, [&] { read_beside(directory, beside); });
  std::thread writing =
      beside_thread(beside, [&] { write_beside(directory, objects, beside); });
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  store::Collected collected;
  const std::uint64_t read_before = beside.bytes_read;
  const double start = steady_seconds();
  {
    store::Store store{{directory, "default", 30'000, true, {}}};
    store::CollectOptions options;
    options.wait_seconds = 60;
    collected = store::collect(store, options);
  }
  const double seconds = steady_seconds() - start;
  const std::uint64_t read = beside.bytes_read - read_before;
  beside.done = true;
  reading.join();
  writing.join();
  std::printf(
      "{\"type\":\"bench\",\"what\":\"gc\",\"n\":%zu,\"atoms\":%llu,\"extents\":%llu,"
      "\"bytes_freed\":%llu,\"bytes_waiting\":%llu,\"seconds\":%.2f,\"extents_per_s\":%.0f,"
      "\"reader_mb_per_s\":%.1f,\"writes\":%llu,\"slowest_write_ms\":%.0f,\"failures\":%llu}\n",
      objects * kPartsPerObject, static_cast<unsigned long long>(collected.atoms),
      static_cast<unsigned long long>(collected.extents),
      static_cast<unsigned long long>(collected.bytes_freed),
      static_cast<unsigned long long>(collected.bytes_waiting), seconds,
      static_cast<double>(collected.extents) / seconds,
      static_cast<double>(read) / seconds / 1e6,
      static_cast<unsigned long long>(beside.objects_written),
      static_cast<double>(beside.slowest_write_us) / 1e3,
      static_cast<unsigned long long>(beside.failures));
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  const std::size_t objects = smoke ? 100 : 10'000;
  std::string parent = (std::filesystem::temp_directory_path() / "hart-bench-XXXXXX").string();
  if (::mkdtemp(parent.data()) == nullptr) return 1;
  const std::string directory = parent + "/bench.hart";
  const store::SchemaModule modules[] = {store::catalog_schema()};
  store::Store::create(directory, modules);
  const double start = steady_seconds();
  fill(directory, objects);
  drop_half(directory, objects);
  std::fprintf(stderr, "filled in %.1f s\n", steady_seconds() - start);
  measure(directory, objects);
  std::filesystem::remove_all(parent);
}
