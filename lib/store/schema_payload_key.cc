#include "store/schema_steps.h"

namespace hart::store {

/// Whether the payload is encrypted: a row says so, and names the key without telling it. All
/// extents of a store are sealed or none, so it is chosen before the first and never changed.
const char* const kPayloadKey = R"sql(
CREATE TABLE payload_key (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  key_id BLOB NOT NULL CHECK (length(key_id) = 16),
  created_us INTEGER NOT NULL
) STRICT;
CREATE TRIGGER payload_key_is_chosen_first BEFORE INSERT ON payload_key
WHEN EXISTS (SELECT 1 FROM extent)
  BEGIN SELECT RAISE(ABORT, 'a store with payload cannot become an encrypted one'); END;
CREATE TRIGGER payload_key_is_never_changed BEFORE UPDATE ON payload_key
  BEGIN SELECT RAISE(ABORT, 'the key of the payload is never changed'); END;
CREATE TRIGGER payload_key_is_never_deleted BEFORE DELETE ON payload_key
  BEGIN SELECT RAISE(ABORT, 'an encrypted store stays one'); END;
)sql";

}  // namespace hart::store
