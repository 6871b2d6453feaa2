#include "learn/record_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.h"
#include "learn/nearest_neighbors.h"

namespace hart::learn {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error{Fault::data, why};
}

/// The mean of the values that are there, in units of the largest, so that no sum overflows; 0
/// of none.
double mean_of_column(const std::vector<double>& values, std::size_t column, std::size_t dim) {
  double largest = 0, mean = 0, count = 0;
  for (std::size_t i = column; i < values.size(); i += dim) {
    if (std::isnan(values[i])) continue;
    largest = std::max(largest, std::abs(values[i]));
    ++count;
  }
  if (largest == 0) return 0;
  for (std::size_t i = column; i < values.size(); i += dim)
    if (!std::isnan(values[i])) mean += values[i] / largest / count;
  return mean * largest;
}

}  // namespace

RecordTable::RecordTable(MissingValue missing, std::vector<std::string> columns)
    : missing_{missing}, columns_{std::move(columns)} {}

void RecordTable::add(std::string_view text) {
  const Json record = parse_json(text, "malformed line");
  if (!record.is_array() && !record.is_object())
    refuse("the record is neither an array nor an object");
  if (rows_ > 0) {
    const std::vector<double> row = read(record);
    values_.insert(values_.end(), row.begin(), row.end());
    ++rows_;
    return;
  }
  RecordTable first{missing_, columns_};
  first.choose_columns(record);
  first.values_ = first.read(record);
  first.rows_ = 1;
  *this = std::move(first);
}

void RecordTable::choose_columns(const Json& record) {
  arrays_ = record.is_array();
  if (arrays_ && !columns_.empty()) refuse("an array has no columns with names");
  if (!arrays_ && columns_.empty()) {
    for (auto member = record.begin(); member != record.end(); ++member)
      if (member->is_number() && member.key() != "id") columns_.push_back(member.key());
    std::sort(columns_.begin(), columns_.end());
  }
  dim_ = arrays_ ? record.size() : columns_.size();
  if (dim_ == 0) refuse("the record holds no number");
}

std::vector<double> RecordTable::read(const Json& record) const {
  if (record.is_array() != arrays_)
    refuse(arrays_ ? "the record is no array, as the first one is"
                   : "the record is no object, as the first one is");
  if (arrays_ && record.size() != dim_)
    refuse("the array has " + std::to_string(record.size()) + " elements, the first one " +
           std::to_string(dim_));
  std::vector<double> row;
  row.reserve(dim_);
  for (std::size_t i = 0; i < dim_; ++i) {
    if (arrays_) {
      row.push_back(number(&record[i], "element " + std::to_string(i)));
    } else {
      const auto found = record.find(columns_[i]);
      row.push_back(number(found == record.end() ? nullptr : &*found, columns_[i]));
    }
  }
  return row;
}

double RecordTable::number(const Json* value, const std::string& column) const {
  if (value == nullptr || value->is_null()) {
    if (missing_ == MissingValue::error) refuse("\"" + column + "\" is missing");
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (!value->is_number()) refuse("\"" + column + "\" is not a number");
  const double number = value->get<double>();
  if (!(std::abs(number) <= kLargestCoordinate)) refuse("\"" + column + "\" is beyond 1e150");
  return number;
}

std::vector<double> RecordTable::take_values() {
  if (missing_ == MissingValue::mean) {
    for (std::size_t column = 0; column < dim_; ++column) {
      const double mean = mean_of_column(values_, column, dim_);
      for (std::size_t i = column; i < values_.size(); i += dim_)
        if (std::isnan(values_[i])) values_[i] = mean;
    }
  }
  rows_ = 0;
  dim_ = 0;
  return std::exchange(values_, {});
}

}  // namespace hart::learn
