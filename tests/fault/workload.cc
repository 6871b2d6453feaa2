#include "workload.h"

#include <array>
#include <bit>
#include <cstring>
#include <map>

#include "atom/atomize.h"
#include "atom/export.h"
#include "core/endian.h"
#include "core/error.h"
#include "formats/gguf_writer.h"
#include "formats/safetensors.h"
#include "store/catalog.h"
#include "store/collect.h"
#include "store/history.h"
#include "store/restore.h"
#include "store/snapshot.h"

namespace hart::fault {
namespace {

/// Few names, so that versions of one follow each other and names come back after a removal.
constexpr int kNames = 6;
constexpr std::size_t kTensors = 3;

std::string random_name(Random& random) {
  return "object-" + std::to_string(random.below(kNames));
}

/// Paragraphs of words that other texts have as well.
ByteBuffer random_text(Random& random) {
  std::string text;
  const std::uint64_t words = 1 + random.below(std::uint64_t{1} << (2 + random.below(8)));
  for (std::uint64_t i = 0; i < words; ++i)
    text += "w" + std::to_string(random.below(500)) + (random.chance(4) ? "\n\n" : " ");
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

Model random_model(Random& random) {
  Model model{random.chance(50), random.chance(50), {}};
  // From 16 KiB a tensor on: smaller ones are not stored as differences.
  const std::uint64_t rows = std::uint64_t{128} << random.below(random.chance(10) ? 4 : 2);
  for (std::size_t t = 0; t < kTensors; ++t) {
    std::vector<float>& values = model.tensors.emplace_back(64 * rows);
    for (float& value : values)
      value = static_cast<float>((random.unit() + random.unit() + random.unit() - 1.5) / 20);
  }
  return model;
}

/// The same model after some training: some of its values moved a little.
Model fine_tune(Model model, Random& random) {
  constexpr std::array<unsigned, 3> kPercent{2, 20, 80};
  const unsigned percent = kPercent[random.below(kPercent.size())];
  for (std::vector<float>& tensor : model.tensors) {
    if (random.chance(20)) continue;
    for (float& value : tensor)
      if (random.chance(percent)) value *= static_cast<float>(0.99 + 0.02 * random.unit());
  }
  return model;
}

ByteBuffer tensor_bytes(const std::vector<float>& values, bool bf16) {
  ByteBuffer bytes(values.size() * (bf16 ? 2 : 4));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    if (bf16) {
      const auto half = static_cast<std::uint16_t>(bits >> 16);
      std::memcpy(bytes.data() + 2 * i, &half, sizeof half);
    } else {
      std::memcpy(bytes.data() + 4 * i, &bits, sizeof bits);
    }
  }
  return bytes;
}

ByteBuffer gguf_file(const Model& model, const std::vector<ByteBuffer>& data) {
  const tensor::DType dtype = model.bf16 ? tensor::DType::bf16 : tensor::DType::f32;
  formats::GgufWriter writer;
  writer.add_string("general.architecture", "llama");
  std::vector<ByteView> views;
  for (std::size_t t = 0; t < data.size(); ++t) {
    const std::array<std::uint64_t, 2> shape{64, model.tensors[t].size() / 64};
    writer.add_tensor("blk." + std::to_string(t) + ".weight", dtype, shape);
    views.emplace_back(data[t]);
  }
  return writer.file(views);
}

ByteBuffer safetensors_file(const Model& model, const std::vector<ByteBuffer>& data) {
  std::vector<formats::SafetensorsTensor> tensors;
  for (std::size_t t = 0; t < data.size(); ++t)
    tensors.push_back({"layers." + std::to_string(t) + ".weight",
                       model.bf16 ? tensor::DType::bf16 : tensor::DType::f32,
                       {64, model.tensors[t].size() / 64},
                       0,
                       0});
  ByteBuffer file = formats::write_safetensors_header(tensors);
  for (const ByteBuffer& bytes : data) append(file, bytes);
  return file;
}

ByteBuffer model_file(const Model& model) {
  std::vector<ByteBuffer> data;
  for (const std::vector<float>& tensor : model.tensors)
    data.push_back(tensor_bytes(tensor, model.bf16));
  return model.gguf ? gguf_file(model, data) : safetensors_file(model, data);
}

/// Adds contents as one transaction.
void add(Process& process, std::vector<ByteBuffer> files) {
  store::Store& store = process.store();
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  Holdings after = process.ledger.acknowledged();
  for (ByteBuffer& file : files) {
    atom::AtomizeOptions options;
    options.name = random_name(process.random);
    options.compression = static_cast<atom::Compression>(process.random.below(3));
    const atom::Atomized added = atom::atomize(store, writer, file, options, {});
    after[added.name + "@" + std::to_string(added.version)] =
        process.ledger.keep(std::move(file));
  }
  process.ledger.commit(transaction, std::move(after));
}

/// One that is held by its name, not by a snapshot alone.
const Holdings::value_type* random_object(Process& process) {
  const Holdings& held = process.ledger.acknowledged();
  std::vector<const Holdings::value_type*> objects;
  for (const auto& entry : held)
    if (entry.first.find(' ') == std::string::npos) objects.push_back(&entry);
  return objects.empty() ? nullptr : objects[process.random.below(objects.size())];
}

void add_text(Process& process) {
  add(process, {random_text(process.random)});
}

void add_batch(Process& process) {
  std::vector<ByteBuffer> files;
  for (std::uint64_t count = 2 + process.random.below(3); count > 0; --count)
    files.push_back(random_text(process.random));
  add(process, std::move(files));
}

void add_model(Process& process) {
  process.models.push_back(random_model(process.random));
  add(process, {model_file(process.models.back())});
}

void add_fine_tune(Process& process) {
  if (process.models.empty()) return add_model(process);
  const Model& base = process.models[process.random.below(process.models.size())];
  process.models.push_back(fine_tune(base, process.random));
  add(process, {model_file(process.models.back())});
}

/// Content that is there already, under a name of its own.
void add_again(Process& process) {
  if (const auto* object = random_object(process))
    add(process, {process.ledger.content(object->second)});
}

void add_and_roll_back(Process& process) {
  store::WriteTransaction transaction{process.store()};
  store::CatalogWriter writer{process.store()};
  atom::AtomizeOptions options;
  options.name = random_name(process.random);
  const ByteBuffer file = random_text(process.random);
  static_cast<void>(atom::atomize(process.store(), writer, file, options, {}));
}

void remove_one(Process& process) {
  const auto* object = random_object(process);
  if (object == nullptr) return;
  const std::string key = object->first;
  store::WriteTransaction transaction{process.store()};
  store::remove_object(process.store(), store::resolve_object(process.store(), key));
  Holdings after = process.ledger.acknowledged();
  after.erase(key);
  process.ledger.commit(transaction, std::move(after));
}

/// A version that the store still remembers, removed or not, becomes the newest one.
void restore_one(Process& process) {
  store::Store& store = process.store();
  const auto versions = store::versions_of(store, random_name(process.random));
  if (versions.empty()) return;
  const store::ObjectVersion& then = versions[process.random.below(versions.size())];
  store::WriteTransaction transaction{store};
  try {
    const store::Restored restored = store::restore_version(store, then, "rollback:x");
    if (restored.unchanged) return;
    Holdings after = process.ledger.acknowledged();
    after[then.name + "@" + std::to_string(restored.version)] =
        process.ledger.number_of(then.atom);
    process.ledger.commit(transaction, std::move(after));
  } catch (const Error& error) {
    // Its content may have been collected since.
    if (error.fault() != Fault::no_input) throw;
  }
}

void collect(Process& process) {
  store::CollectOptions options;
  options.overwrite = process.random.chance(30);
  static_cast<void>(store::collect(process.store(), options));
}

void create_snapshot(Process& process) {
  store::Store& store = process.store();
  const std::string name = "snapshot-" + std::to_string(process.random.below(3));
  for (const store::SavedSnapshot& known : store::snapshots(store))
    if (known.name == name) return;
  std::map<std::string, store::Object> newest;
  store::for_each_object(store, {}, [&](const store::Object& object) {
    const auto [entry, fresh] = newest.try_emplace(object.name, object);
    if (!fresh && entry->second.version < object.version) entry->second = object;
  });
  Holdings after = process.ledger.acknowledged();
  std::vector<store::Object> objects;
  for (const auto& [key, object] : newest) {
    if (process.random.chance(30)) continue;
    objects.push_back(object);
    after[name + " " + key + "@" + std::to_string(object.version)] =
        process.ledger.number_of(object.atom);
  }
  store::WriteTransaction transaction{store};
  static_cast<void>(store::create_snapshot(store, name, objects));
  process.ledger.commit(transaction, std::move(after));
}

void remove_snapshot(Process& process) {
  store::Store& store = process.store();
  const auto known = store::snapshots(store);
  if (known.empty()) return;
  const store::SavedSnapshot& snapshot = known[process.random.below(known.size())];
  Holdings after = process.ledger.acknowledged();
  std::erase_if(
      after, [&](const auto& entry) { return entry.first.starts_with(snapshot.name + " "); });
  store::WriteTransaction transaction{store};
  store::remove_snapshot(store, snapshot);
  process.ledger.commit(transaction, std::move(after));
}

void read_one(Process& process) {
  const auto* held = random_object(process);
  if (held == nullptr) return;
  const store::Object object = store::resolve_object(process.store(), held->first);
  ByteBuffer bytes;
  atom::read_content(process.store(), *store::atom_by_id(process.store(), object.atom_id),
                     [&](ByteView part) { append(bytes, part); });
  if (bytes != process.ledger.content(held->second))
    throw Violation{held->first + " is read as other bytes than were added"};
}

void checkpoint(Process& process) {
  process.store().db().exec(process.random.chance(50) ? "PRAGMA wal_checkpoint(TRUNCATE)"
                                                      : "PRAGMA wal_checkpoint(PASSIVE)");
}

void reopen(Process& process) {
  process.reopen();
}

void toggle_reader(Process& process) {
  process.toggle_reader();
}

/// What a process may do. A new kind of change to the store gets a line here.
struct Operation {
  const char* name;
  unsigned weight;
  void (*run)(Process&);
};
constexpr Operation kOperations[] = {
    {"add a text", 6, add_text},
    {"add texts in one transaction", 3, add_batch},
    {"add a model", 3, add_model},
    {"add a fine-tune", 6, add_fine_tune},
    {"add what is there", 2, add_again},
    {"add and roll back", 2, add_and_roll_back},
    {"remove", 4, remove_one},
    {"restore", 2, restore_one},
    {"collect", 3, collect},
    {"create a snapshot", 2, create_snapshot},
    {"remove a snapshot", 1, remove_snapshot},
    {"read", 2, read_one},
    {"checkpoint", 2, checkpoint},
    {"reopen", 1, reopen},
    {"take or leave a snapshot", 1, toggle_reader},
};

const Operation& random_operation(Random& random) {
  unsigned total = 0;
  for (const Operation& operation : kOperations) total += operation.weight;
  std::uint64_t left = random.below(total);
  for (const Operation& operation : kOperations) {
    if (left < operation.weight) return operation;
    left -= operation.weight;
  }
  return kOperations[0];
}

}  // namespace

Process::Process(std::string directory, FaultDisk& disk, Ledger& the_ledger,
                 std::vector<Model>& known_models, Random seeded)
    : ledger{the_ledger},
      models{known_models},
      random{seeded},
      directory_{std::move(directory)},
      disk_{disk} {}

void Process::reopen() {
  store_.reset();
  store_ = std::make_unique<store::Store>(store::OpenOptions{directory_, "default", 0, true});
  // Small caches and early checkpoints: more orders of writes in few operations.
  constexpr std::array<const char*, 3> kCheckpoints{"2", "20", "1000"};
  store_->db().exec(std::string{"PRAGMA wal_autocheckpoint = "} +
                    kCheckpoints[random.below(kCheckpoints.size())]);
  if (random.chance(30)) store_->db().exec("PRAGMA cache_size = 20");
}

void Process::toggle_reader() {
  if (reader_) {
    reader_.reset();
    return;
  }
  auto reader =
      std::make_unique<store::Store>(store::OpenOptions{directory_, "default", 0, false});
  reader->db().exec("BEGIN; SELECT COUNT(*) FROM tenant_object");
  reader_ = std::move(reader);
}

void Process::guarded(const char* name, const std::function<void()>& body) {
  try {
    disk_.take_struck();
    disk_.note(name);
    body();
  } catch (const Error& error) {
    disk_.note(std::string{"  failed: "} + error.what());
    if (disk_.crashed()) return;
    if (!disk_.take_struck())
      throw Violation{std::string{name} + " fails without a cause: " + error.what()};
    if (error.fault() != Fault::io)
      throw Violation{std::string{name} + " reports an error of the disk as " +
                      fault_name(error.fault()) + ": " + error.what()};
  }
}

void Process::run(int operations) {
  for (int done = 0; done < operations && !disk_.crashed(); ++done) {
    if (!store_) {
      guarded("open", [&] {
        reopen();
        try {
          ledger.resolve(*store_);
        } catch (const Error&) {
          // What the store holds is not known yet: the next attempt must ask again.
          store_.reset();
          throw;
        }
      });
      if (!store_) continue;
    }
    const Operation& operation = random_operation(random);
    guarded(operation.name, [&] { operation.run(*this); });
  }
}

}  // namespace hart::fault
