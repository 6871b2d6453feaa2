#pragma once

namespace hart::prov {

/// The steps of the module's schema to version 4, in the order in which they run.
extern const char* const kTransparencyTiles;
extern const char* const kCheapChecks;

}  // namespace hart::prov
