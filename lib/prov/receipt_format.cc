#include "prov/receipt_format.h"

namespace hart::prov {
namespace {

constexpr std::array kVersion1{
    SegmentRule{Tag::inference, Occurs::once},  SegmentRule{Tag::tenant, Occurs::once},
    SegmentRule{Tag::started, Occurs::once},    SegmentRule{Tag::operation, Occurs::once},
    SegmentRule{Tag::model, Occurs::once},      SegmentRule{Tag::model_name, Occurs::once},
    SegmentRule{Tag::parameters, Occurs::once}, SegmentRule{Tag::seed, Occurs::once},
    SegmentRule{Tag::prompt, Occurs::once},     SegmentRule{Tag::evidence, Occurs::any},
    SegmentRule{Tag::tokens, Occurs::any},      SegmentRule{Tag::output, Occurs::once},
    SegmentRule{Tag::completed, Occurs::once},  SegmentRule{Tag::finish_reason, Occurs::once},
    SegmentRule{Tag::usage, Occurs::once},      SegmentRule{Tag::previous, Occurs::once},
};

constexpr std::array kVersion2{
    SegmentRule{Tag::inference, Occurs::once},
    SegmentRule{Tag::tenant, Occurs::once},
    SegmentRule{Tag::actor, Occurs::at_most_once},
    SegmentRule{Tag::started, Occurs::once},
    SegmentRule{Tag::operation, Occurs::once},
    SegmentRule{Tag::engine, Occurs::at_most_once},
    SegmentRule{Tag::used_model, Occurs::any},
    SegmentRule{Tag::subject, Occurs::any},
    SegmentRule{Tag::parameters, Occurs::once},
    SegmentRule{Tag::seed, Occurs::at_most_once},
    SegmentRule{Tag::prompt, Occurs::at_most_once},
    SegmentRule{Tag::vector, Occurs::at_most_once},
    SegmentRule{Tag::evidence, Occurs::any},
    SegmentRule{Tag::query, Occurs::any},
    SegmentRule{Tag::reasoning, Occurs::at_most_once},
    SegmentRule{Tag::tokens, Occurs::any},
    SegmentRule{Tag::step, Occurs::any},
    SegmentRule{Tag::output, Occurs::at_most_once},
    SegmentRule{Tag::completed, Occurs::once},
    SegmentRule{Tag::finish_reason, Occurs::once},
    SegmentRule{Tag::usage, Occurs::once},
    SegmentRule{Tag::charge, Occurs::any},
    SegmentRule{Tag::previous, Occurs::once},
};

}  // namespace

std::span<const SegmentRule> segment_rules(std::uint32_t version) noexcept {
  switch (version) {
    case 1:
      return kVersion1;
    case 2:
      return kVersion2;
    default:
      return {};
  }
}

}  // namespace hart::prov
