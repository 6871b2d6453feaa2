#include "formats/safetensors_sax.h"

#include "core/error.h"

namespace hart::formats {
namespace {

constexpr unsigned kDtype = 1, kShape = 2, kDataOffsets = 4, kAllFields = 7;
// No tensor has as many; it bounds what a hostile shape can make us hold.
constexpr std::size_t kMaxNumbers = 64;

unsigned field_of(const std::string& key) {
  if (key == "dtype") return kDtype;
  if (key == "shape") return kShape;
  return key == "data_offsets" ? kDataOffsets : 0;
}

}  // namespace

void SafetensorsSax::fail(const std::string& message) const {
  std::string where = "SafeTensors header";
  if (state_ == State::tensor || state_ == State::numbers)
    where += ": tensor '" + entries.back().name + "'";
  throw Error{Fault::data, where + ": " + message};
}

bool SafetensorsSax::start_object(std::size_t) {
  if (state_ == State::begin) {
    state_ = State::header;
  } else if (state_ == State::header && key_ == "__metadata__") {
    if (has_metadata_) fail("expected __metadata__ once, found it again");
    has_metadata_ = true;
    state_ = State::metadata;
  } else if (state_ == State::header) {
    entries.push_back({key_, {}, {}, {}});
    fields_ = 0;
    state_ = State::tensor;
  } else {
    fail("expected no object here, found a nested one");
  }
  return true;
}

bool SafetensorsSax::key(std::string& name) {
  if (state_ == State::tensor) {
    const unsigned field = field_of(name);
    if (field == 0) fail("expected dtype, shape and data_offsets, found '" + name + "'");
    if ((fields_ & field) != 0) fail("expected '" + name + "' once, found it again");
    fields_ |= field;
  }
  key_ = std::move(name);
  return true;
}

bool SafetensorsSax::end_object() {
  if (state_ == State::tensor && fields_ != kAllFields)
    fail("expected dtype, shape and data_offsets, found fewer");
  state_ = state_ == State::header ? State::end : State::header;
  return true;
}

bool SafetensorsSax::start_array(std::size_t) {
  if (state_ != State::tensor || key_ == "dtype") fail("expected no array here");
  state_ = State::numbers;
  return true;
}

bool SafetensorsSax::end_array() {
  state_ = State::tensor;
  return true;
}

bool SafetensorsSax::string(std::string& value) {
  if (state_ == State::metadata) {
    metadata.emplace_back(key_, std::move(value));
  } else if (state_ == State::tensor && key_ == "dtype") {
    entries.back().dtype = std::move(value);
  } else {
    fail("expected no string here, found '" + value + "'");
  }
  return true;
}

bool SafetensorsSax::number_unsigned(std::uint64_t value) {
  if (state_ != State::numbers) fail("expected no number here, found " + std::to_string(value));
  SafetensorsEntry& entry = entries.back();
  std::vector<std::uint64_t>& numbers = key_ == "shape" ? entry.shape : entry.data_offsets;
  if (numbers.size() == kMaxNumbers)
    fail("expected at most 64 numbers in " + key_ + ", found more");
  numbers.push_back(value);
  return true;
}

bool SafetensorsSax::number_integer(std::int64_t value) {
  fail("expected a non-negative integer, found " + std::to_string(value));
}

bool SafetensorsSax::number_float(double, const std::string& text) {
  fail("expected a non-negative integer of 64 bits, found " + text);
}

bool SafetensorsSax::null() {
  fail("expected no null here");
}

bool SafetensorsSax::boolean(bool) {
  fail("expected no boolean here");
}

bool SafetensorsSax::binary(Json::binary_t&) {
  fail("expected no binary value here");
}

bool SafetensorsSax::parse_error(std::size_t position, const std::string&,
                                 const nlohmann::detail::exception&) {
  // Positions count from 1 within the JSON, which begins after the eight bytes of its length.
  throw Error{Fault::data,
              "SafeTensors byte " + std::to_string(position + 7) + ": malformed JSON"};
}

}  // namespace hart::formats
