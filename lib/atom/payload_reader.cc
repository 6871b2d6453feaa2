#include "atom/payload_reader.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "store/extent_reader.h"
#include "store/interleaved_extent.h"

namespace hart::atom {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{2} << 20;
/// Parts that are decoded ahead, a thread.
constexpr std::size_t kPartsPerThread = 4;

/// One part of a payload: zeros, a view into a mapping, or bytes to decode.
struct Part {
  std::optional<store::LocatedExtent> located;
  std::uint64_t offset = 0;  ///< in the extent's decoded bytes
  std::uint64_t bytes = 0;

  /// Extents of any size, which are given a window at a time.
  [[nodiscard]] bool windowed() const noexcept {
    return located && store::is_windowed(*located);
  }
  [[nodiscard]] bool in_place(bool verify) const noexcept {
    return !located || (!verify && store::is_in_place(*located));
  }
};

/// The parts of an atom's payload, in order.
class PartSource {
 public:
  PartSource(store::Store& store, std::int64_t atom_id)
      : extents_{store},
        rows_{store.db().prepare(std::string{"SELECT extent_offset, bytes, "} +
                                 store::kExtentColumns +
                                 " FROM my_atom_payload WHERE atom_id = ? ORDER BY position")} {
    rows_.with(atom_id);
  }

  std::optional<Part> next() {
    if (done_ || !rows_.step()) {
      done_ = true;
      return std::nullopt;
    }
    Part part;
    part.offset = static_cast<std::uint64_t>(rows_.integer(0));
    part.bytes = static_cast<std::uint64_t>(rows_.integer(1));
    if (rows_.is_null(2)) return part;
    part.located = extents_.locate(store::read_extent(rows_, 2));
    const std::uint64_t decoded = part.located->extent.decoded_bytes;
    if (part.offset > decoded || part.bytes > decoded - part.offset)
      throw Error{Fault::data, "the store is damaged: a payload beyond its extent"};
    return part;
  }

 private:
  store::ExtentReader extents_;
  store::Statement rows_;
  bool done_ = false;
};

void send_zeros(std::uint64_t bytes, const std::function<void(ByteView)>& sink) {
  static constexpr std::array<std::uint8_t, 65'536> kZeros{};
  while (bytes > 0) {
    const std::uint64_t window = std::min<std::uint64_t>(bytes, kZeros.size());
    sink(ByteView{kZeros}.first(window));
    bytes -= window;
  }
}

/// Parts, and a buffer for each, which the next batch uses again.
struct Batch {
  std::vector<Part> parts;
  std::vector<ByteBuffer> buffers;
};

/// The pages of stored bytes that were decoded into memory are not kept beside it.
void release_range(const store::LocatedExtent& located, std::uint64_t offset,
                   std::uint64_t size) {
  store::Packs::release(store::stored_range(located, offset, size));
}

void decode_part(store::ExtentDecoder& decoder, const Part& part, bool verify,
                 ByteBuffer& out) {
  const store::LocatedExtent& located = *part.located;
  if (!verify || part.windowed()) {
    out.resize(part.bytes);
    return decoder.decode_range(located, part.offset, out);
  }
  out.resize(located.extent.decoded_bytes);
  decoder.decode(located, out, true);
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(part.offset));
  out.resize(part.bytes);
}

class PayloadStream {
 public:
  PayloadStream(store::Store& store, std::int64_t atom_id, const PayloadOptions& options)
      : source_{store, atom_id},
        verify_{options.verify},
        decoders_(std::max(1u, options.threads)) {}

  std::uint64_t run(const std::function<void(ByteView)>& sink);

 private:
  /// The next part, or the next window of one that may be of any size.
  std::optional<Part> next();
  void fill(Batch& batch);
  void decode(Batch& batch);
  void send(const Part& part, ByteView decoded,
            const std::function<void(ByteView)>& sink) const;

  PartSource source_;
  std::optional<Part> rest_;  ///< of a part that is given in windows
  bool verify_;
  std::vector<store::ExtentDecoder> decoders_;
};

std::optional<Part> PayloadStream::next() {
  if (!rest_) {
    rest_ = source_.next();
    // Windows cannot be compared with the digest of the whole, so that comes first.
    if (rest_ && rest_->windowed() && verify_ && !decoders_.front().has_digest(*rest_->located))
      throw Error{Fault::data, "the store is damaged: an extent's hash differs"};
  }
  if (!rest_ || !rest_->windowed() || rest_->bytes <= kWindowBytes)
    return std::exchange(rest_, std::nullopt);
  Part window = *rest_;
  window.bytes = kWindowBytes;
  rest_->offset += kWindowBytes;
  rest_->bytes -= kWindowBytes;
  return window;
}

/// Raw extents of any size need no memory, so they end a batch only by their number.
void PayloadStream::fill(Batch& batch) {
  batch.parts.clear();
  std::uint64_t decoded = 0;
  while (batch.parts.size() < kPartsPerThread * decoders_.size() &&
         decoded < kPartsPerThread * decoders_.size() * kWindowBytes) {
    auto part = next();
    if (!part) break;
    if (!part->in_place(verify_))
      decoded += part->windowed() ? part->bytes : part->located->extent.decoded_bytes;
    batch.parts.push_back(std::move(*part));
  }
  if (batch.buffers.size() < batch.parts.size()) batch.buffers.resize(batch.parts.size());
}

void PayloadStream::decode(Batch& batch) {
  std::atomic<std::size_t> next{0};
  parallel_for(decoders_.size(), 1, static_cast<unsigned>(decoders_.size()),
               [&](std::size_t begin, std::size_t end) {
                 for (std::size_t worker = begin; worker < end; ++worker)
                   for (std::size_t i = next++; i < batch.parts.size(); i = next++)
                     if (!batch.parts[i].in_place(verify_))
                       decode_part(decoders_[worker], batch.parts[i], verify_,
                                   batch.buffers[i]);
               });
}

void PayloadStream::send(const Part& part, ByteView decoded,
                         const std::function<void(ByteView)>& sink) const {
  if (!part.located) return send_zeros(part.bytes, sink);
  if (!part.in_place(verify_)) {
    sink(decoded);
    release_range(*part.located, part.offset, part.bytes);
    if (part.located->base) store::Packs::release(part.located->base_stored);
    return;
  }
  const ByteView stored = part.located->stored;
  if (stored.size() != part.located->extent.decoded_bytes)
    throw Error{Fault::data, "the store is damaged: a raw extent has two sizes"};
  for (std::uint64_t at = 0; at < part.bytes; at += kWindowBytes) {
    const ByteView window = stored.subspan(
        part.offset + at, std::min<std::uint64_t>(kWindowBytes, part.bytes - at));
    sink(window);
    store::Packs::release(window);
  }
}

std::uint64_t PayloadStream::run(const std::function<void(ByteView)>& sink) {
  std::uint64_t sent = 0;
  Batch current;
  Batch following;
  fill(current);
  decode(current);
  while (!current.parts.empty()) {
    // Asking the catalog and finding the packs stays on this thread.
    fill(following);
    auto decoding =
        std::async(decoders_.size() > 1 ? std::launch::async : std::launch::deferred,
                   [&] { decode(following); });
    for (std::size_t i = 0; i < current.parts.size(); ++i) {
      send(current.parts[i], current.buffers[i], sink);
      sent += current.parts[i].bytes;
    }
    decoding.get();
    std::swap(current, following);
  }
  return sent;
}

/// Fills memory with `bytes` bytes by fill(decoder, offset, window), on all threads.
store::ExtentBytes in_windows(
    std::uint64_t bytes, unsigned threads,
    const std::function<void(store::ExtentDecoder& decoder, std::uint64_t offset,
                             std::span<std::uint8_t> window)>& fill) {
  ByteBuffer whole(bytes);
  std::atomic<std::uint64_t> next{0};
  const unsigned workers = std::max(1u, threads);
  parallel_for(workers, 1, workers, [&](std::size_t begin, std::size_t end) {
    for (; begin < end; ++begin) {
      store::ExtentDecoder decoder;
      for (std::uint64_t at = next.fetch_add(kWindowBytes); at < bytes;
           at = next.fetch_add(kWindowBytes))
        fill(decoder, at,
             std::span{whole}.subspan(at, std::min<std::uint64_t>(kWindowBytes, bytes - at)));
    }
  });
  return store::ExtentBytes{std::move(whole)};
}

}  // namespace

std::uint64_t read_payload(store::Store& store, std::int64_t atom_id,
                           const PayloadOptions& options,
                           const std::function<void(ByteView)>& sink) {
  return PayloadStream{store, atom_id, options}.run(sink);
}

store::ExtentBytes load_payload(store::Store& store, std::int64_t atom_id, std::uint64_t bytes,
                                unsigned threads) {
  if (bytes == 0) return store::ExtentBytes{ByteView{}};
  {
    const auto first = PartSource{store, atom_id}.next();
    const bool is_all = first && first->located && first->bytes == bytes;
    if (is_all && first->in_place(false))
      return store::ExtentBytes{store::stored_range(*first->located, first->offset, bytes)};
    if (is_all && first->windowed())
      return in_windows(bytes, threads, [&](auto& decoder, std::uint64_t at, auto out) {
        decoder.decode_range(*first->located, first->offset + at, out);
        release_range(*first->located, first->offset + at, out.size());
      });
  }
  ByteBuffer whole;
  whole.reserve(bytes);
  read_payload(store, atom_id, {false, threads}, [&](ByteView window) {
    if (window.size() > bytes - whole.size())
      throw Error{Fault::data, "the store is damaged: a payload longer than its tensor"};
    whole.insert(whole.end(), window.begin(), window.end());
  });
  if (whole.size() != bytes)
    throw Error{Fault::data, "the store is damaged: a payload shorter than its tensor"};
  return store::ExtentBytes{std::move(whole)};
}

std::optional<store::ExtentBytes> interleaved_payload(store::Store& store, std::int64_t atom_id,
                                                      const store::InterleavedForm& form,
                                                      std::uint64_t bytes, unsigned threads) {
  const auto part = PartSource{store, atom_id}.next();
  if (!part || !part->located || part->offset != 0 || part->bytes != bytes) return std::nullopt;
  const store::LocatedExtent& located = *part->located;
  if (located.extent.codec != store::Codec::interleaved ||
      located.extent.decoded_bytes != bytes)
    return std::nullopt;
  const store::InterleavedForm stored = store::ExtentDecoder{}.interleaved_form(located);
  if (stored.dtype != form.dtype || stored.row_bytes != form.row_bytes) return std::nullopt;
  if (located.seal == nullptr)
    return store::ExtentBytes{store::InterleavedRows{located.stored, bytes}.bytes()};
  return in_windows(bytes, threads, [&](auto& decoder, std::uint64_t at, auto out) {
    decoder.open_tiles(located, at, out);
    release_range(located, at, out.size());
  });
}

void read_payload_range(store::Store& store, std::int64_t atom_id, std::uint64_t offset,
                        std::span<std::uint8_t> out) {
  PartSource source{store, atom_id};
  store::ExtentDecoder decoder;
  std::uint64_t at = 0;
  while (!out.empty()) {
    const auto part = source.next();
    if (!part) throw Error{Fault::data, "the payload is shorter than what is asked of it"};
    if (offset < at + part->bytes) {
      const std::uint64_t within = offset - at;
      const std::uint64_t size = std::min<std::uint64_t>(part->bytes - within, out.size());
      if (part->located) {
        decoder.decode_range(*part->located, part->offset + within, out.first(size));
      } else {
        std::fill_n(out.begin(), size, std::uint8_t{0});
      }
      out = out.subspan(size);
      offset += size;
    }
    at += part->bytes;
  }
}

}  // namespace hart::atom
