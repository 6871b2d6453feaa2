#include "event_lines.h"

#include "common/request_meter.h"

namespace hart::cli {
namespace {

/// Text in one batch at most.
constexpr std::size_t kMostBatchBytes = std::size_t{32} << 20;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// The `id` of a line that failed, as far as it can be read.
Json id_of(std::string_view text) {
  try {
    const Json value = parse_json(text, "line");
    if (value.is_object() && value.contains("id")) return value.at("id");
  } catch (const Error&) {
    // What cannot be read has no id.
  }
  return nullptr;
}

}  // namespace

bool EventLines::next_batch(std::size_t most) {
  context_.check_interrupt();
  text_.clear();
  lines_.clear();
  while (lines_.size() < most && text_.size() < kMostBatchBytes &&
         (lines_.empty() || reader_.ready())) {
    const auto line = reader_.next();
    if (!line) break;
    if (!line->too_long && is_blank(line->text)) continue;
    if (context_.meter) context_.meter->take_line([this] { context_.check_interrupt(); });
    lines_.push_back({text_.size(), line->text.size(), reader_.line_number(), line->too_long});
    text_ += line->text;
  }
  return !lines_.empty();
}

void EventLines::fail(std::string_view text, std::uint64_t number, const Error& error) {
  if (error.fault() != Fault::data) throw error;
  failed_ = true;
  Json object{{"type", "error"},
              {"code", fault_name(error.fault())},
              {"message", error.what()},
              {"line", number}};
  if (const Json id = id_of(text); !id.is_null()) object["id"] = id;
  answers_ += dump_json(object);
  answers_ += '\n';
}

void EventLines::work_on(std::string_view text, std::uint64_t number, const Work& work) {
  const std::size_t before = answers_.size();
  try {
    const bill::UsageEvent& event = events_.read(text);
    work(event, events_.id_json(), answers_);
    answers_ += '\n';
  } catch (const Error& error) {
    answers_.resize(before);
    fail(text, number, error);
  }
}

void EventLines::for_each(const Work& work) {
  for (const Line& line : lines_) {
    const std::string_view text = std::string_view{text_}.substr(line.begin, line.size);
    if (line.too_long) {
      fail(text, line.number, Error{Fault::data, "the line is longer than 64 MiB"});
      continue;
    }
    if (text[text.find_first_not_of(" \t")] != '[') {
      work_on(text, line.number, work);
      continue;
    }
    Json batch;
    try {
      batch = parse_json(text, "malformed line");
    } catch (const Error& error) {
      fail(text, line.number, error);
      continue;
    }
    for (const Json& one : batch) work_on(dump_json(one), line.number, work);
  }
}

void EventLines::write_answers() {
  if (!context_.out.human()) {
    context_.out.raw(as_bytes(answers_));
  } else {
    for (std::string_view rest = answers_; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      const Json answer = parse_json(rest.substr(0, end), "answer");
      rest.remove_prefix(end + 1);
      if (answer.at("type") == "error")
        context_.out.text(context_.tool + ": line " + dump_json(answer.at("line")) + ": " +
                          answer.at("message").get<std::string>());
      else
        context_.out.write(answer);
    }
  }
  answers_.clear();
  context_.out.flush();
}

}  // namespace hart::cli
