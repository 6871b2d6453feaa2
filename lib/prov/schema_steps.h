#pragma once

namespace hart::prov {

/// The steps of the module's schema to version 4, in the order in which they run.
extern const char* const kTransparencyTiles;
extern const char* const kCheapChecks;
/// To version 5.
extern const char* const kReceiptRows;
extern const char* const kProvenanceGraph;
extern const char* const kOpeningRetention;
extern const char* const kSync;
/// To version 6.
extern const char* const kEntityOrder;

}  // namespace hart::prov
