#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace hart::learn {

/// What becomes of a record that lacks a column, or has null in it.
enum class MissingValue {
  error,  ///< the record is refused
  mean,   ///< it gets the mean of the column's other values
};

/// JSON records as a table of numbers. A record is an array of numbers, or an object whose
/// columns are members that are numbers: those that the caller names, else those of the first
/// record but `id`, in the order of their bytes. Other members are ignored.
class RecordTable {
 public:
  /// `columns`: members of objects; empty for those of the first record.
  explicit RecordTable(MissingValue missing, std::vector<std::string> columns = {});

  /// Parses one JSON value and appends it as a row. Throws Error(data) and leaves the table as
  /// it was when it is neither array nor object, or not of the first one's kind; when an array
  /// has another length or anything but numbers (null is a missing value); when a column is
  /// missing or no number; when the first record has no column; when a number is beyond ±1e150.
  void add(std::string_view text);

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  /// 0 before the first row.
  [[nodiscard]] std::size_t dim() const noexcept { return dim_; }
  /// Names of the columns; empty for arrays.
  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }

  /// The values, (rows, dim) row-major, missing ones replaced by their column's mean, or by 0
  /// where the whole column is missing. The table is empty afterwards.
  [[nodiscard]] std::vector<double> take_values();

 private:
  void choose_columns(const Json& record);
  [[nodiscard]] std::vector<double> read(const Json& record) const;
  [[nodiscard]] double number(const Json* value, const std::string& column) const;

  MissingValue missing_;
  std::vector<std::string> columns_;
  bool arrays_ = false;
  std::size_t dim_ = 0;
  std::size_t rows_ = 0;
  std::vector<double> values_;  ///< (rows, dim); not a number where a value is missing
};

}  // namespace hart::learn
