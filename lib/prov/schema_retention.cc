#include "prov/schema_steps.h"

namespace hart::prov {

/// How long openings are kept, beside how long each history is: two years.
const char* const kOpeningRetention = R"sql(
INSERT INTO retention_policy VALUES ('generation_stream_opening', 730);
)sql";

}  // namespace hart::prov
