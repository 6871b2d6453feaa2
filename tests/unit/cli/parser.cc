#include "common/parser.h"

#include <doctest/doctest.h>

#include "common/option_spec.h"

using hart::Error;
using hart::Fault;
using hart::cli::Command;
using hart::cli::Context;
using hart::cli::Parser;

namespace {

struct Line {
  Command root{"tool", "A tool"};
  std::vector<std::string> words;
  std::vector<std::string> stops;
  int count = 10;
  std::uint64_t size = 0;
  std::optional<double> temperature;
  std::optional<std::string> shape;
  std::string store;
  bool loud = false;
  hart::cli::OptionSpec store_spec;
  std::vector<hart::cli::OptionSpec*> common{&store_spec};

  Line() {
    store_spec.names = {"-s", "--store"};
    store_spec.metavar = "DIR";
    store_spec.set = [this](const std::string& value) { store = value; };
    Command& show = root.subcommand("show", "Shows");
    show.positional("WORD", words, "words");
    show.option("-c,--count", "N", count, "count").range(-5, 100);
    show.option("--size", "N", size, "size");
    show.option("--stop", "TEXT", stops, "stops");
    show.option("--temperature", "T", temperature, "randomness");
    show.option("--shape", "NAME", shape, "form").choices({"round", "square"});
    show.flag("-l,--loud", loud, "loud");
    show.action([](Context&) { return 0; });
    root.subcommand("index", "Indexes").subcommand("build", "Builds").action([](Context&) {
      return 0;
    });
  }

  Parser::Result parse(const std::vector<std::string>& arguments) {
    return Parser{root, common}.parse(arguments);
  }

  std::string refusal(const std::vector<std::string>& arguments) {
    try {
      (void)parse(arguments);
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::usage);
      return error.what();
    }
    return "accepted";
  }
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("parser: options and arguments stand in any order") {
  Line line;
  CHECK(line.parse({"-s", "before", "show", "a", "--count=7", "b", "-l", "c"}).request ==
        Parser::Request::act);
  CHECK(line.words == Words{"a", "b", "c"});
  CHECK(line.count == 7);
  CHECK(line.loud);
  CHECK(line.store == "before");
}

TEST_CASE("parser: common options may follow the subcommand, the last one counting") {
  Line line;
  (void)line.parse({"-s", "first", "show", "x", "--store", "second"});
  CHECK(line.store == "second");
}

TEST_CASE("parser: a repeated option takes one value each time and no argument after it") {
  Line line;
  (void)line.parse({"show", "--stop", "one", "word", "--stop=two", "--stop="});
  CHECK(line.stops == Words{"one", "two", ""});
  CHECK(line.words == Words{"word"});
}

TEST_CASE("parser: after -- everything is an argument") {
  Line line;
  (void)line.parse({"show", "--", "-l", "--count", "--", "index"});
  CHECK(line.words == Words{"-l", "--count", "--", "index"});
  CHECK_FALSE(line.loud);
}

TEST_CASE("parser: arbitrary text is one argument, whatever it looks like") {
  Line line;
  (void)line.parse({"show", "[a,b]", "++", "-", "", "help", "index", "-3", "{}"});
  CHECK(line.words == Words{"[a,b]", "++", "-", "", "help", "index", "-3", "{}"});
}

TEST_CASE("parser: short options combine, and the last takes the rest as its value") {
  Line line;
  (void)line.parse({"show", "-lc7"});
  CHECK(line.loud);
  CHECK(line.count == 7);
  (void)Line{}.parse({"show", "-c", "-5"});
}

TEST_CASE("parser: the value of an option is taken as it is, a dash in front included") {
  Line line;
  (void)line.parse({"show", "--stop", "--loud", "--temperature", "-0.5"});
  CHECK(line.stops == Words{"--loud"});
  CHECK(line.temperature == -0.5);
  CHECK_FALSE(line.loud);
}

TEST_CASE("parser: numbers are whole, in range and without anything after them") {
  CHECK(Line{}.refusal({"show", "-c", "101"}) == "-c: '101' is not between -5 and 100");
  CHECK(Line{}.refusal({"show", "-c", "100"}) == "accepted");
  CHECK(Line{}.refusal({"show", "-c", "-6"}) == "-c: '-6' is not between -5 and 100");
  CHECK(Line{}.refusal({"show", "-c", "7x"}) == "-c: '7x' is not a whole number");
  CHECK(Line{}.refusal({"show", "-c", ""}) == "-c: '' is not a whole number");
  CHECK(Line{}.refusal({"show", "--size", "-1"}) ==
        "--size: '-1' is not a whole number, 0 or more");
  CHECK(Line{}.refusal({"show", "--size", "18446744073709551616"}) ==
        "--size: '18446744073709551616' is out of range");
  CHECK(Line{}.refusal({"show", "--size", "18446744073709551615"}) == "accepted");
  CHECK(Line{}.refusal({"show", "--temperature", "nan"}) ==
        "--temperature: 'nan' is not a finite number");
}

TEST_CASE("parser: a choice is one of those listed") {
  CHECK(Line{}.refusal({"show", "--shape", "oval"}) ==
        "--shape: 'oval' is not one of round, square");
  Line line;
  (void)line.parse({"show", "--shape", "square"});
  CHECK(line.shape == "square");
}

TEST_CASE("parser: mistakes are named, with the word that may have been meant") {
  CHECK(Line{}.refusal({"shwo"}) == "unknown subcommand 'shwo': did you mean 'show'?");
  CHECK(Line{}.refusal({"show", "--cuont", "3"}) ==
        "unknown option '--cuont': did you mean '--count'?");
  CHECK(Line{}.refusal({"show", "--loud=yes"}) == "option '--loud' takes no value");
  CHECK(Line{}.refusal({"show", "--count"}) == "option '--count' needs a value");
  CHECK(Line{}.refusal({"index", "build", "extra"}) == "unexpected argument 'extra'");
  CHECK(Line{}.refusal({"-l", "show"}) == "unknown option '-l'");
}

TEST_CASE("parser: a call without an action asks for its usage") {
  CHECK(Line{}.parse({}).request == Parser::Request::usage);
  CHECK(Line{}.parse({"index"}).request == Parser::Request::usage);
  CHECK(Line{}.parse({"index", "build"}).request == Parser::Request::act);
}

TEST_CASE("parser: help and version are answered whatever follows") {
  CHECK(Line{}.parse({"show", "--help", "--nonsense"}).request == Parser::Request::help);
  CHECK(Line{}.parse({"--version"}).request == Parser::Request::version);
  const auto manual = Line{}.parse({"help", "index", "build"});
  CHECK(manual.request == Parser::Request::manual);
  CHECK(manual.subject == Words{"index", "build"});
}

TEST_CASE("parser: a required argument or option that is missing is named") {
  Command root{"tool", "A tool"};
  std::string file;
  std::string model;
  Command& load = root.subcommand("load", "Loads");
  load.positional("FILE", file, "file");
  load.option("-m,--model", "MODEL", model, "model").required();
  load.action([](Context&) { return 0; });
  const std::vector<hart::cli::OptionSpec*> none;
  CHECK_THROWS_WITH_AS((void)Parser(root, none).parse({"load"}), "argument FILE is missing",
                       Error);
  CHECK_THROWS_WITH_AS((void)Parser(root, none).parse({"load", "x"}),
                       "option --model is missing", Error);
}
