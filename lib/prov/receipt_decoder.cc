#include <algorithm>

#include "core/error.h"
#include "prov/byte_reader.h"
#include "prov/receipt.h"
#include "prov/receipt_format.h"

namespace hart::prov {
namespace {

constexpr std::uint16_t kLastTag = static_cast<std::uint16_t>(Tag::previous);

bool repeats(std::uint16_t tag) {
  return tag == static_cast<std::uint16_t>(Tag::evidence) ||
         tag == static_cast<std::uint16_t>(Tag::tokens);
}

/// Fills a Receipt from one segment after the other.
class Decoder {
 public:
  explicit Decoder(Receipt& receipt) : receipt_{receipt} {}

  void segment(std::uint16_t tag, ByteView value) {
    if (tag > kLastTag) throw_misplaced(tag);
    check_order(tag);
    ByteReader in{value, "receipt"};
    tag_ = static_cast<Tag>(tag);
    take(in);
    in.expect_end();
    ++position_;
  }

  void finish() {
    // Everything up to the last tag must have come; the order check has seen the rest.
    check_order(static_cast<std::uint16_t>(kLastTag + 1));
  }

 private:
  [[noreturn]] void throw_misplaced(std::uint16_t tag) const {
    throw Error{Fault::data, "receipt: segment " + std::to_string(position_) + " has tag " +
                                 std::to_string(tag) + ", which may not stand there"};
  }

  /// Tags ascend; one that does not repeat comes exactly once.
  void check_order(std::uint16_t tag) {
    if (tag == last_ && repeats(tag)) return;
    if (tag <= last_) throw_misplaced(tag);
    for (std::uint16_t skipped = static_cast<std::uint16_t>(last_ + 1); skipped < tag;
         ++skipped)
      if (!repeats(skipped))
        throw Error{Fault::data,
                    "receipt: the segment with tag " + std::to_string(skipped) + " is missing"};
    last_ = tag;
  }

  void take(ByteReader& in) {
    switch (tag_) {
      case Tag::inference:
        return take_uuid(in);
      case Tag::tenant:
        receipt_.tenant = committed(in);
        return;
      case Tag::started:
        receipt_.started = in.take<TimeUs>();
        return;
      case Tag::operation:
        receipt_.operation = text(in);
        return;
      case Tag::model:
        return take_model(in);
      case Tag::model_name:
        receipt_.model_name = committed(in);
        return;
      case Tag::parameters:
        receipt_.parameters = parse_json(text(in), "receipt: parameters");
        return;
      case Tag::seed:
        receipt_.seed = in.take<std::uint64_t>();
        return;
      case Tag::prompt:
        receipt_.prompt = committed(in);
        return;
      case Tag::evidence:
        receipt_.evidence.push_back(committed(in));
        return;
      case Tag::tokens:
        return take_tokens(in);
      case Tag::output:
        receipt_.output = committed(in);
        return;
      case Tag::completed:
        receipt_.completed = in.take<TimeUs>();
        return;
      case Tag::finish_reason:
        receipt_.finish_reason = text(in);
        return;
      case Tag::usage:
        receipt_.tokens_in = in.take<std::uint64_t>();
        receipt_.tokens_out = in.take<std::uint64_t>();
        return;
      case Tag::previous:
        receipt_.previous = in.take_hash();
        return;
    }
  }

  void take_uuid(ByteReader& in) {
    const ByteView bytes = in.take_bytes(receipt_.inference.size());
    std::copy(bytes.begin(), bytes.end(), receipt_.inference.begin());
  }

  void take_model(ByteReader& in) {
    const auto space = in.take<std::uint8_t>();
    if (space > static_cast<std::uint8_t>(IdSpace::keyed)) in.fail("unknown space of an id");
    receipt_.model = {static_cast<IdSpace>(space), in.take_hash()};
  }

  void take_tokens(ByteReader& in) {
    TokenRun run;
    run.first = in.take<std::uint32_t>();
    run.count = in.take<std::uint32_t>();
    const TokenRun* before = receipt_.tokens.empty() ? nullptr : &receipt_.tokens.back();
    const std::uint64_t expected =
        before == nullptr ? 0 : std::uint64_t{before->first} + before->count;
    if (run.first != expected || run.count == 0) in.fail("runs of tokens do not join");
    run.committed = committed(in);
    receipt_.tokens.push_back(run);
  }

  Committed committed(ByteReader& in) const { return {position_, tag_, in.take_hash()}; }

  static std::string text(ByteReader& in) { return std::string{as_text(in.take_rest())}; }

  Receipt& receipt_;
  Tag tag_ = Tag::inference;
  std::uint16_t last_ = 0;
  std::uint32_t position_ = 0;
};

}  // namespace

std::vector<Committed> Receipt::commitments() const {
  std::vector<Committed> all{tenant, model_name, prompt};
  all.insert(all.end(), evidence.begin(), evidence.end());
  for (const TokenRun& run : tokens) all.push_back(run.committed);
  all.push_back(output);
  return all;
}

Receipt decode_receipt(ByteView bytes) {
  ByteReader in{bytes, "receipt"};
  if (!std::ranges::equal(in.take_bytes(kReceiptMagic.size()), kReceiptMagic))
    in.fail("does not begin with HARTRCPT");
  Receipt receipt;
  receipt.version = in.take<std::uint32_t>();
  if (receipt.version != kReceiptVersion)
    in.fail("has version " + std::to_string(receipt.version) + ", this build reads " +
            std::to_string(kReceiptVersion));
  Decoder decoder{receipt};
  while (!in.empty()) {
    const auto tag = in.take<std::uint16_t>();
    decoder.segment(tag, in.take_bytes(in.take<std::uint32_t>()));
  }
  decoder.finish();
  return receipt;
}

}  // namespace hart::prov
