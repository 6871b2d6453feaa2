// Any lines: a record is refused with Fault::data and leaves the table as it was, or becomes
// one row; what was read is finite, and the anomalies of it have finite scores.

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/bytes.h"
#include "core/error.h"
#include "fuzz_check.h"
#include "learn/anomaly.h"
#include "learn/record_table.h"

namespace {

using namespace hart::learn;

constexpr std::size_t kMostRows = 64;
constexpr std::size_t kMostColumns = 32;

RecordTable read_lines(std::string_view text, MissingValue missing) {
  RecordTable table{missing};
  while (!text.empty() && table.rows() < kMostRows) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::size_t rows = table.rows(), dim = table.dim();
    try {
      table.add(text.substr(0, end));
      HART_FUZZ_CHECK(table.rows() == rows + 1 && table.dim() > 0);
    } catch (const hart::Error& error) {
      HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
      HART_FUZZ_CHECK(table.rows() == rows && table.dim() == dim);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return table;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const MissingValue missing : {MissingValue::error, MissingValue::mean}) {
    RecordTable table = read_lines(hart::as_text({data, size}), missing);
    const std::size_t rows = table.rows(), dim = table.dim();
    std::vector<double> values = table.take_values();
    HART_FUZZ_CHECK(values.size() == rows * dim);
    for (const double value : values) HART_FUZZ_CHECK(std::isfinite(value));
    if (dim > kMostColumns) continue;
    AnomalyOptions options;
    options.forest.trees = 3;
    options.neighbors = 4;
    for (const bool scaled : {false, true}) {
      if (scaled) standardise(values, dim);
      for (const Anomaly& anomaly : find_anomalies(values, dim, options)) {
        HART_FUZZ_CHECK(std::isfinite(anomaly.score) && std::isfinite(*anomaly.lof));
        HART_FUZZ_CHECK(*anomaly.forest > 0 && *anomaly.forest < 1);
      }
    }
  }
  return 0;
}
