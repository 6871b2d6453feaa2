#include "prov/cypher/aggregate.h"

#include <algorithm>
#include <cmath>

#include "prov/cypher/error.h"
#include "prov/cypher/operators.h"

namespace hart::prov::cypher {

void Accumulator::refuse(std::string_view expectation, const Value& found) const {
  fail(Fault::data, call_->at, "TypeError: InvalidArgumentValue",
       "expected " + std::string{expectation} + ", found " +
           std::string{kind_name(found.kind())});
}

void Accumulator::add(const std::vector<Value>& args, Budget& budget) {
  if (call_->star) {
    ++count_;
    return;
  }
  const Value& value = args[0];
  const std::string& name = call_->name;
  if (name.starts_with("percentile")) check_percentile(args[1]);
  if (value.is_null()) return;
  if (call_->flag) {
    budget.charge();
    if (!seen_.insert({value}).second) return;
  }
  ++count_;
  if (name == "sum" || name == "avg") {
    add_sum(value);
  } else if (name == "min") {
    if (best_.is_null() || order(value, best_) < 0) best_ = value;
  } else if (name == "max") {
    if (best_.is_null() || order(value, best_) > 0) best_ = value;
  } else if (name.starts_with("stdev")) {
    add_deviation(value);
  } else if (name != "count") {
    if (name != "collect" && !value.is_number()) refuse("a number", value);
    budget.charge();
    items_.push_back(value);
  }
}

void Accumulator::add_sum(const Value& value) {
  if (!value.is_number() && value.kind() != Kind::duration) refuse("a number", value);
  Budget unbounded;
  sum_ = sum_.is_null() ? value : arithmetic({call_->at, unbounded}, Op::add, sum_, value);
}

// B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products",
// 1962.
void Accumulator::add_deviation(const Value& value) {
  if (!value.is_number()) refuse("a number", value);
  const double delta = value.number() - mean_;
  mean_ += delta / static_cast<double>(count_);
  squares_ += delta * (value.number() - mean_);
}

void Accumulator::check_percentile(const Value& fraction) {
  if (!fraction.is_number()) refuse("a number from 0 to 1", fraction);
  fraction_ = fraction.number();
  if (!(fraction_ >= 0 && fraction_ <= 1))
    fail(Fault::data, call_->at, "ArgumentError: NumberOutOfRange",
         "expected a percentile from 0 to 1");
}

Value Accumulator::percentile() const {
  if (items_.empty()) return {};
  List sorted = items_;
  std::sort(sorted.begin(), sorted.end(),
            [](const Value& a, const Value& b) { return order(a, b) < 0; });
  const auto size = static_cast<double>(sorted.size());
  if (call_->name == "percentiledisc") {
    const double rank = std::ceil(fraction_ * size);
    return sorted[rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1];
  }
  const double position = fraction_ * (size - 1);
  const auto low = static_cast<std::size_t>(std::floor(position));
  const auto high = static_cast<std::size_t>(std::ceil(position));
  const double part = position - std::floor(position);
  return sorted[low].number() * (1 - part) + sorted[high].number() * part;
}

Value Accumulator::result() const {
  const std::string& name = call_->name;
  if (name == "count") return count_;
  if (name == "sum") return sum_.is_null() ? Value{std::int64_t{0}} : sum_;
  if (name == "avg") {
    if (sum_.is_null()) return {};
    Budget unbounded;
    return arithmetic({call_->at, unbounded}, Op::divide, sum_, static_cast<double>(count_));
  }
  if (name == "min" || name == "max") return best_;
  if (name == "collect") return items_;
  if (name == "stdev")
    return count_ < 2 ? 0.0 : std::sqrt(squares_ / static_cast<double>(count_ - 1));
  if (name == "stdevp")
    return count_ < 1 ? 0.0 : std::sqrt(squares_ / static_cast<double>(count_));
  return percentile();
}

}  // namespace hart::prov::cypher
