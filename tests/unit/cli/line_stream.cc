#include "common/line_stream.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <thread>

using hart::Error;
using hart::Fault;
using hart::Json;
using hart::cli::Context;
using hart::cli::InputLine;
using hart::cli::LineReader;
using hart::cli::LineStream;
using hart::cli::Output;

namespace {

struct Pipe {
  int ends[2];
  Pipe() { REQUIRE(pipe(ends) == 0); }
  ~Pipe() {
    close(ends[0]);
    close_input();
  }
  void put(std::string_view text) const {
    REQUIRE(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void close_input() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
};

std::string next_text(LineReader& reader) {
  const auto line = reader.next();
  return line ? std::string{line->text} : "(end)";
}

}  // namespace

TEST_CASE("line reader: lines are numbered, and the last needs no newline") {
  Pipe pipe;
  pipe.put("one\n\r\n\nfour\r\nlast");
  pipe.close_input();
  LineReader reader{pipe.ends[0]};
  CHECK(next_text(reader) == "one");
  CHECK(next_text(reader) == "");
  CHECK(next_text(reader) == "");
  CHECK(next_text(reader) == "four");
  CHECK(reader.line_number() == 4);
  CHECK(next_text(reader) == "last");
  CHECK(next_text(reader) == "(end)");
  CHECK(next_text(reader) == "(end)");
}

TEST_CASE("line reader: ready is true for a whole line or the end, not for half a line") {
  Pipe pipe;
  LineReader reader{pipe.ends[0]};
  CHECK_FALSE(reader.ready());
  pipe.put("half");
  CHECK_FALSE(reader.ready());
  pipe.put(" whole\nmore");
  CHECK(reader.ready());
  CHECK(next_text(reader) == "half whole");
  CHECK_FALSE(reader.ready());
  pipe.close_input();
  CHECK(reader.ready());
  CHECK(next_text(reader) == "more");
}

TEST_CASE("line reader: a line over the limit is skipped whole, the next one is read") {
  Pipe pipe;
  std::thread writer{[&pipe] {
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 65; ++i) {
      std::size_t sent = 0;
      while (sent < piece.size()) {
        const ssize_t count = write(pipe.ends[1], piece.data() + sent, piece.size() - sent);
        if (count <= 0) return;
        sent += static_cast<std::size_t>(count);
      }
    }
    pipe.put("\nshort\n");
  }};
  LineReader reader{pipe.ends[0]};
  const auto line = reader.next();
  REQUIRE(line);
  CHECK(line->too_long);
  CHECK(line->text.empty());
  CHECK(next_text(reader) == "short");
  CHECK(reader.line_number() == 2);
  writer.join();
}

TEST_CASE("line stream: bad lines are answered in place and the others go on") {
  Pipe input;
  input.put("{\"id\":1,\"text\":\"a\"}\n\nnot json\n[1]\n{\"id\":\"x\"}\n{\"text\":\"b\"}\n");
  input.close_input();
  Pipe output;
  Output out{output.ends[1], false};
  output.ends[1] = -1;
  Context context{"tool", {}, out};
  LineStream stream{context, input.ends[0]};
  for (auto batch = stream.next_batch(3); !batch.empty(); batch = stream.next_batch(3)) {
    for (const InputLine& line : batch) {
      stream.answer(line, [&] {
        out.write(
            {{"type", "heard"}, {"text", hart::cli::required_string(line.value, "text")}});
      });
    }
  }
  CHECK(stream.status() == 65);
  out.finish();

  LineReader answers{output.ends[0]};
  CHECK(next_text(answers) == "{\"type\":\"heard\",\"text\":\"a\",\"id\":1}");
  const Json malformed = Json::parse(next_text(answers));
  CHECK(malformed["type"] == "error");
  CHECK(malformed["code"] == "data");
  CHECK(malformed["line"] == 3);
  CHECK_FALSE(malformed.contains("id"));
  CHECK(Json::parse(next_text(answers))["message"] == "the line is not a JSON object");
  CHECK(next_text(answers) ==
        "{\"type\":\"error\",\"code\":\"data\",\"message\":\"\\\"text\\\" is "
        "missing\",\"line\":5,"
        "\"id\":\"x\"}");
  CHECK(next_text(answers) == "{\"type\":\"heard\",\"text\":\"b\"}");
  CHECK(next_text(answers) == "(end)");
}

TEST_CASE("line stream: a fault that is not the line's ends the stream") {
  Pipe input;
  input.put("{}\n");
  Pipe output;
  Output out{output.ends[1], false};
  Context context{"tool", {}, out};
  LineStream stream{context, input.ends[0]};
  const auto batch = stream.next_batch(1);
  REQUIRE(batch.size() == 1);
  CHECK_THROWS_AS(stream.answer(batch[0], [] { throw Error{Fault::io, "disk"}; }), Error);
}

TEST_CASE("line stream: a batch holds what has arrived and waits for nothing") {
  Pipe input;
  input.put("{}\n{}\n{\"half\":");
  Pipe output;
  Output out{output.ends[1], false};
  Context context{"tool", {}, out};
  LineStream stream{context, input.ends[0]};
  CHECK(stream.next_batch(8).size() == 2);
  input.put("1}\n");
  CHECK(stream.next_batch(8).size() == 1);
}

TEST_CASE(
    "line stream: numbers are taken from the outer object, what is none stays where it is") {
  Pipe pipe;
  pipe.put(
      "{\"id\":1,\"vector\":[1,2.5]}\n{\"vector\":[1,\"x\"]}\n{\"a\":{\"vector\":[3]}}\n"
      "{\"vector\":[4],}\n{\"vector\":[5]} x\n");
  pipe.close_input();
  Output out{-1, false};
  Context context{"tool", {}, out};
  LineStream stream{context, pipe.ends[0]};
  stream.take_numbers("vector");
  const auto batch = stream.next_batch(10);
  REQUIRE(batch.size() == 5);
  CHECK(batch[0].numbers == std::vector<float>{1, 2.5f});
  CHECK(batch[0].value["vector"].is_null());
  CHECK(batch[0].id == Json(1));
  CHECK(batch[1].numbers.empty());
  CHECK(batch[1].value["vector"].size() == 2);
  CHECK(batch[2].numbers.empty());
  CHECK(batch[2].value["a"]["vector"] == Json::array({3}));
  CHECK(batch[2].ok());
  // The place of the error is that in the line, not in what is left of it.
  for (const std::size_t bad : {3u, 4u}) {
    REQUIRE_FALSE(batch[bad].ok());
    CHECK_THROWS_WITH_AS(std::rethrow_exception(batch[bad].error),
                         doctest::Contains(bad == 3 ? "byte 15" : "byte 16"), Error);
  }
}
