#include "common/output.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "core/error.h"

using hart::Json;
using hart::cli::format_bytes;
using hart::cli::Output;
using hart::cli::printable;
using hart::cli::Table;

namespace {

/// What `write` leaves in a pipe.
template <typename Write> std::string written(bool human, Write write) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  Output out{ends[1], human};
  write(out);
  out.finish();
  std::string text(1 << 16, '\0');
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

TEST_CASE("output: a program reads one line of JSON a result, keys in their order") {
  const auto text = written(false, [](Output& out) {
    out.write({{"type", "hit"}, {"rank", 1}});
    out.write({{"type", "end"}}, "for people only");
    out.text("for people only");
  });
  CHECK(text == "{\"type\":\"hit\",\"rank\":1}\n{\"type\":\"end\"}\n");
}

TEST_CASE("output: people read aligned keys and no type") {
  const auto text = written(true, [](Output& out) {
    out.write({{"type", "hit"}, {"rank", 1}, {"name", "a b"}});
  });
  CHECK(text == "rank  1\nname  a b\n");
}

TEST_CASE("output: what is JSON already gets the id, too, and is nothing for people") {
  const auto write = [](Output& out) {
    out.write_json(R"({"type":"hit"})");
    out.echo_id(Json(7));
    out.write_json(R"({"type":"hit","k":1})");
  };
  CHECK(written(false, write) == "{\"type\":\"hit\"}\n{\"type\":\"hit\",\"k\":1,\"id\":7}\n");
  CHECK(written(true, [&](Output& out) {
          write(out);
          out.text("end");
        }) == "end\n");
}

TEST_CASE("output: the id of the line that is answered is added, unless the object has one") {
  const auto text = written(false, [](Output& out) {
    out.echo_id(Json{{"n", 7}});
    out.write({{"type", "hit"}});
    out.write({{"type", "hit"}, {"id", "own"}});
    out.echo_id(std::nullopt);
    out.write({{"type", "end"}});
  });
  CHECK(text ==
        "{\"type\":\"hit\",\"id\":{\"n\":7}}\n{\"type\":\"hit\",\"id\":\"own\"}\n{\"type\":"
        "\"end\"}\n");
}

TEST_CASE("output: a full device is an I/O error") {
  const int full = open("/dev/full", O_WRONLY);
  REQUIRE(full >= 0);
  Output out{full, false};
  out.write({{"type", "lost"}});
  try {
    out.finish();
    FAIL("a write to /dev/full succeeded");
  } catch (const hart::Error& error) {
    CHECK(error.fault() == hart::Fault::io);
  }
  close(full);
}

TEST_CASE("output: a reader that has gone is no error of ours") {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  Output out{ends[1], false};
  out.write({{"type", "lost"}});
  CHECK_THROWS_AS(out.flush(), hart::cli::ClosedPipe);
  close(ends[1]);
}

TEST_CASE("table: numbers stand right, words left, and no line ends in blanks") {
  Table table{{"name", "bytes"}};
  table.row({"a", "10"});
  table.row({"longer", "9"});
  CHECK(table.format() == "name    bytes\na          10\nlonger      9\n");
  Table reversed{{"bytes", "name"}};
  reversed.row({"10", "a"});
  reversed.row({"9", "longer"});
  CHECK(reversed.format() == "bytes  name\n   10  a\n    9  longer\n");
}

TEST_CASE("table: columns count characters, and a cell stays on its line") {
  Table table{{"word", "kind"}};
  table.row({"na\u00efve", "x"});
  table.row({"two\nlines", "y"});
  CHECK(table.format() == "word       kind\nna\u00efve      x\ntwo lines  y\n");
}

TEST_CASE("printable: nothing that drives a terminal gets through, and text stays text") {
  CHECK(printable("a\x1b[31mb") == "a\uFFFD[31mb");
  CHECK(printable("tab\tand\nline") == "tab\tand\nline");
  CHECK(printable("\xC2\x9B") == "\uFFFD");
  CHECK(printable("\x7F") == "\uFFFD");
  CHECK(printable("\u00e9 \u65e5 \U0001F600") == "\u00e9 \u65e5 \U0001F600");
  CHECK(printable("\xC0\xAF") == "\uFFFD\uFFFD");
  CHECK(printable("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(printable("\xE2\x82") == "\uFFFD\uFFFD");
}

TEST_CASE("format_bytes: the unit changes at powers of 1024") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1024) == "1.0 KiB");
  CHECK(format_bytes(1536) == "1.5 KiB");
  CHECK(format_bytes((std::uint64_t{1} << 20) - 1) == "1.0 MiB");
  CHECK(format_bytes(~std::uint64_t{0}) == "16.0 EiB");
}
