#include "common/line_stream.h"

#include <algorithm>

namespace hart::cli {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

InputLine parse_line(const LineReader::Line& line, std::uint64_t number) {
  InputLine item;
  item.number = number;
  try {
    if (line.too_long) throw Error{Fault::data, "the line is longer than 64 MiB"};
    Json value = parse_json(line.text, "malformed line");
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
    if (line->too_long || !is_blank(line->text))
      batch.push_back(parse_line(*line, reader_.line_number()));
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
