#include "common/line_stream.h"

#include <algorithm>

#include "common/number_array.h"
#include "common/request_meter.h"

namespace hart::cli {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// The value on a line without the numbers under `numbers_key`, which go into `numbers`;
/// nothing when there are none, or the line is malformed.
std::optional<Json> parse_around_numbers(std::string_view text, const std::string& numbers_key,
                                         std::size_t expected, std::vector<float>& numbers) {
  if (numbers_key.empty()) return std::nullopt;
  std::string rest{text};
  std::vector<float> taken;
  taken.reserve(expected);
  if (!take_numbers(rest, numbers_key, taken)) return std::nullopt;
  try {
    Json value = parse_json(rest, "malformed line");
    // Without the key the numbers belonged to an inner object.
    if (!value.is_object() || !value.contains(numbers_key)) return std::nullopt;
    numbers = std::move(taken);
    return value;
  } catch (const Error&) {
    return std::nullopt;  // read as it stands, the line gives the error with its right place
  }
}

InputLine parse_line(const LineReader::Line& line, std::uint64_t number,
                     const std::string& numbers_key, std::size_t numbers_expected) {
  InputLine item;
  item.number = number;
  try {
    if (line.too_long) throw Error{Fault::data, "the line is longer than 64 MiB"};
    auto without_numbers =
        parse_around_numbers(line.text, numbers_key, numbers_expected, item.numbers);
    Json value =
        without_numbers ? std::move(*without_numbers) : parse_json(line.text, "malformed line");
    if (!value.is_object()) throw Error{Fault::data, "the line is not a JSON object"};
    if (const auto id = value.find("id"); id != value.end()) item.id = *id;
    item.value = std::move(value);
  } catch (const Error&) {
    item.error = std::current_exception();
  }
  return item;
}

/// Whether the fault lies with the item, so that the next one may well succeed.
bool concerns_item(Fault fault) {
  return fault == Fault::data || fault == Fault::no_input || fault == Fault::usage ||
         fault == Fault::denied;
}

}  // namespace

std::vector<InputLine> LineStream::next_batch(std::size_t most) {
  std::vector<InputLine> batch;
  context_.check_interrupt();
  while (batch.size() < most && (batch.empty() || reader_.ready())) {
    const auto line = reader_.next();
    if (!line) break;
    if (!line->too_long && is_blank(line->text)) continue;
    if (context_.meter) context_.meter->take_line([this] { context_.check_interrupt(); });
    batch.push_back(parse_line(*line, reader_.line_number(), numbers_key_, numbers_expected_));
    numbers_expected_ = batch.back().numbers.size();
  }
  return batch;
}

void LineStream::answer(const InputLine& line, const std::function<void()>& work) {
  Output& out = context_.out;
  out.echo_id(line.id);
  try {
    if (line.error) std::rethrow_exception(line.error);
    work();
  } catch (const Error& error) {
    if (!concerns_item(error.fault())) throw;
    failed_ = true;
    const Json object{{"type", "error"},
                      {"code", fault_name(error.fault())},
                      {"message", error.what()},
                      {"line", line.number}};
    out.write(object,
              context_.tool + ": line " + std::to_string(line.number) + ": " + error.what());
  }
  out.flush();
  out.echo_id(std::nullopt);
}

int for_each_line(Context& context, const std::function<void(const InputLine&)>& work) {
  LineStream stream{context};
  for (auto batch = stream.next_batch(1); !batch.empty(); batch = stream.next_batch(1))
    stream.answer(batch[0], [&] { work(batch[0]); });
  return stream.status();
}

std::string required_string(const Json& object, const char* key) {
  if (auto value = optional_string(object, key)) return *std::move(value);
  throw Error{Fault::data, std::string{"\""} + key + "\" is missing"};
}

std::optional<std::string> optional_string(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (!found->is_string())
    throw Error{Fault::data, std::string{"\""} + key + "\" is not a string"};
  return found->get<std::string>();
}

}  // namespace hart::cli
