#pragma once

#include <string>

#include "prov/export/byte_sink.h"
#include "prov/export/evidence_chain.h"

namespace hart::prov::exports {

/// The chain as a drawing in SVG 1.1, in columns from the left: what was asked and what
/// influenced it, the evidence, the answer with the model, what would have been said instead. A
/// long column ends in a line that says how much is left out. Nothing outside the file is
/// needed to show it, and it has colours for light and for dark surroundings.
void draw_chain(const EvidenceChain& chain, ByteSink& sink);

}  // namespace hart::prov::exports
