#pragma once

namespace hart::store {

/// The catalog's steps to schema version 2, in the order in which they run.
extern const char* const kCodedExtents;
extern const char* const kHistory;
extern const char* const kImportance;
extern const char* const kSnapshots;

/// Those to version 3.
extern const char* const kRelations;
extern const char* const kCellIndex;
extern const char* const kSpatial;

/// That to version 5.
extern const char* const kApiKeys;

/// Those to version 6. The first makes tables anew: what adds columns to them comes after it.
extern const char* const kScope;
extern const char* const kAccess;
extern const char* const kPayloadKey;

}  // namespace hart::store
