#include <algorithm>

#include "core/error.h"
#include "prov/byte_reader.h"
#include "prov/receipt.h"
#include "prov/receipt_format.h"

namespace hart::prov {
namespace {

/// Fills a Receipt from one segment after the other.
class Decoder {
 public:
  Decoder(Receipt& receipt, std::span<const SegmentRule> rules)
      : receipt_{receipt}, rules_{rules} {}

  void segment(std::uint16_t tag, ByteView value) {
    find_place(tag);
    ByteReader in{value, "receipt"};
    tag_ = rules_[rule_].tag;
    take(in);
    in.expect_end();
    ++position_;
    came_ = true;
  }

  /// Throws unless all has come that must.
  void finish() { skip_to(rules_.size()); }

 private:
  /// Moves on to the rule of a tag: the one at hand where it may repeat, else a later one.
  void find_place(std::uint16_t tag) {
    const auto has_tag = [&](const SegmentRule& rule) {
      return static_cast<std::uint16_t>(rule.tag) == tag;
    };
    const auto from = rules_.begin() + static_cast<std::ptrdiff_t>(rule_);
    const auto found = std::find_if(from, rules_.end(), has_tag);
    const bool doubled = found == from && came_ && found->occurs != Occurs::any;
    if (found == rules_.end() || doubled)
      throw Error{Fault::data, "receipt: segment " + std::to_string(position_) + " has tag " +
                                   std::to_string(tag) + ", which may not stand there"};
    skip_to(static_cast<std::size_t>(found - rules_.begin()));
  }

  void skip_to(std::size_t rule) {
    for (; rule_ < rule; ++rule_, came_ = false)
      if (!came_ && rules_[rule_].occurs == Occurs::once)
        throw Error{Fault::data, "receipt: the segment with tag " +
                                     std::to_string(static_cast<int>(rules_[rule_].tag)) +
                                     " is missing"};
  }

  void take(ByteReader& in) {
    switch (tag_) {
      case Tag::inference:
      case Tag::tenant:
      case Tag::actor:
      case Tag::started:
      case Tag::operation:
      case Tag::engine:
      case Tag::parameters:
      case Tag::seed:
        return take_circumstance(in);
      case Tag::model:
      case Tag::model_name:
      case Tag::used_model:
        return take_model(in);
      case Tag::completed:
      case Tag::finish_reason:
      case Tag::usage:
      case Tag::charge:
      case Tag::previous:
        return take_end(in);
      default:
        return take_content(in);
    }
  }

  /// Who, when and how.
  void take_circumstance(ByteReader& in) {
    switch (tag_) {
      case Tag::inference:
        std::ranges::copy(in.take_bytes(receipt_.inference.size()), receipt_.inference.begin());
        return;
      case Tag::tenant:
        receipt_.tenant = committed(in);
        return;
      case Tag::actor:
        receipt_.actor = committed(in);
        return;
      case Tag::started:
        receipt_.started = in.take<TimeUs>();
        return;
      case Tag::operation:
        receipt_.operation = text(in);
        return;
      case Tag::engine: {
        Engine& engine = receipt_.engine.emplace();
        for (std::string* part :
             {&engine.name, &engine.version, &engine.kernels, &engine.device})
          *part = in.take_string();
        return;
      }
      case Tag::parameters:
        receipt_.parameters = parse_json(text(in), "receipt: parameters");
        return;
      default:
        receipt_.seed = in.take<std::uint64_t>();
        return;
    }
  }

  void take_model(ByteReader& in) {
    if (tag_ == Tag::model_name) {
      receipt_.models.back().name = committed(in);
      return;
    }
    ReceiptModel& model = receipt_.models.emplace_back();
    model.id = in.take_id();
    if (tag_ == Tag::model) return;
    model.weight = in.take<double>();
    model.tensors = in.take<std::uint32_t>();
    model.tensor_root = in.take_hash();
    model.name = committed(in);
  }

  /// What was asked, found and answered.
  void take_content(ByteReader& in) {
    switch (tag_) {
      case Tag::subject:
        receipt_.subjects.push_back(committed(in));
        return;
      case Tag::prompt:
        receipt_.prompt = committed(in);
        return;
      case Tag::vector:
        receipt_.vector = committed(in);
        return;
      case Tag::evidence:
        receipt_.evidence.push_back(committed(in));
        return;
      case Tag::query:
        receipt_.queries.push_back(committed(in));
        return;
      case Tag::reasoning:
        receipt_.reasoning = text(in);
        return;
      case Tag::tokens:
        return take_tokens(in);
      case Tag::step: {
        ReceiptStep& step = receipt_.steps.emplace_back();
        step.kind = in.take_string();
        step.weight = in.take<double>();
        step.text = committed(in);
        return;
      }
      default:
        receipt_.output = committed(in);
        return;
    }
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

  void take_end(ByteReader& in) {
    switch (tag_) {
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
      case Tag::charge: {
        UsageSegment& charge = receipt_.charges.emplace_back();
        charge.operation = in.take_string();
        charge.unit = in.take_string();
        charge.units_micros = in.take<std::int64_t>();
        return;
      }
      default:
        receipt_.previous = in.take_hash();
        return;
    }
  }

  Committed committed(ByteReader& in) const { return {position_, tag_, in.take_hash()}; }

  static std::string text(ByteReader& in) { return std::string{as_text(in.take_rest())}; }

  Receipt& receipt_;
  std::span<const SegmentRule> rules_;
  std::size_t rule_ = 0;  ///< of the last segment, or the next that may come
  bool came_ = false;     ///< whether a segment of that rule has come
  Tag tag_ = Tag::inference;
  std::uint32_t position_ = 0;
};

}  // namespace

std::vector<Committed> Receipt::commitments() const {
  std::vector<Committed> all{tenant, actor};
  for (const ReceiptModel& model : models) all.push_back(model.name);
  all.insert(all.end(), subjects.begin(), subjects.end());
  all.insert(all.end(), {prompt, vector});
  all.insert(all.end(), evidence.begin(), evidence.end());
  all.insert(all.end(), queries.begin(), queries.end());
  for (const TokenRun& run : tokens) all.push_back(run.committed);
  for (const ReceiptStep& step : steps) all.push_back(step.text);
  all.push_back(output);
  std::erase_if(all, [](const Committed& one) { return !one.exists(); });
  return all;
}

Receipt decode_receipt(ByteView bytes) {
  ByteReader in{bytes, "receipt"};
  if (!std::ranges::equal(in.take_bytes(kReceiptMagic.size()), kReceiptMagic))
    in.fail("does not begin with HARTRCPT");
  Receipt receipt;
  receipt.version = in.take<std::uint32_t>();
  const std::span<const SegmentRule> rules = segment_rules(receipt.version);
  if (rules.empty())
    in.fail("has version " + std::to_string(receipt.version) + ", this build reads 1 to " +
            std::to_string(kReceiptVersion));
  Decoder decoder{receipt, rules};
  while (!in.empty()) {
    const auto tag = in.take<std::uint16_t>();
    decoder.segment(tag, in.take_bytes(in.take<std::uint32_t>()));
  }
  decoder.finish();
  return receipt;
}

}  // namespace hart::prov
