#include "nn/chat_template.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace hart::nn {
namespace {

std::string render(const std::string& source, const Json& variables = Json::object(),
                   const TemplateOptions& options = {}) {
  return ChatTemplate{source}.render(variables, options);
}

/// What the error says, or "" when there is none.
std::string error_of(const std::string& source, const Json& variables = Json::object(),
                     const TemplateOptions& options = {}) {
  try {
    static_cast<void>(render(source, variables, options));
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    return error.what();
  }
  return {};
}

const Json& fixture() {
  static const Json cases = [] {
    std::ifstream file{std::string{HART_TEST_DATA} + "/chat_template/cases.json"};
    return Json::parse(file);
  }();
  return cases;
}

TEST_CASE("chat template: every case renders, or is refused, as jinja2 does it") {
  const TemplateOptions options{.now =
                                    parse_time(fixture()["now"].get_ref<const std::string&>())};
  std::size_t rendered = 0;
  for (const Json& each : fixture()["cases"]) {
    const Json& source =
        each.contains("family") ? fixture()["families"].at(each["family"]) : each["template"];
    const Json& variables = fixture()["variables"].at(each["variables"]);
    CAPTURE(each["name"].get<std::string>());
    CAPTURE(source.get<std::string>());
    if (each.contains("error")) {
      CAPTURE(each["error"].get<std::string>());
      CHECK(error_of(source, variables, options).starts_with("line "));
    } else {
      CHECK(render(source, variables, options) == each["expected"].get<std::string>());
      ++rendered;
    }
  }
  CHECK(rendered >= 150);
}

TEST_CASE("chat template: a message names line, column and what was expected") {
  CHECK(error_of("a\n  {{ 1 + }}") == "line 2, column 10: expected an expression, found '}}'");
  CHECK(error_of("{% if x %}\n\nb") ==
        "line 3, column 2: expected '{% endif %}' for the tag in line 1, "
        "found the end of the template");
  CHECK(error_of("{{ 'é' ? }}") == "line 1, column 9: unexpected character '?'");
  CHECK(error_of("{{ (1] }}") == "line 1, column 6: unexpected ']', expected ')'");
  CHECK(error_of("{% include 'x' %}").find("one of the tags if, for, set") !=
        std::string::npos);
  CHECK(error_of("x {{ \xFF }}").find("UTF-8 at byte 5") != std::string::npos);
}

TEST_CASE("chat template: an error in rendering names the place of the innermost expression") {
  CHECK(error_of("\n{{ [1, gone.name] }}") == "line 2, column 13: 'gone' is undefined");
  CHECK(error_of("{% macro m() %}\n{{ 1 / 0 }}{% endmacro %}\n{{ m() }}") ==
        "line 2, column 6: division by zero");
  CHECK(error_of("{{ raise_exception('take turns') }}") == "line 1, column 4: take turns");
  CHECK(error_of("{{ 'a' | nofilter }}") == "line 1, column 10: no filter is named 'nofilter'");
}

TEST_CASE("chat template: lists and dicts cannot be changed") {
  const Json variables{{"list", {1}}, {"map", {{"a", 1}}}};
  CHECK(error_of("{{ list.append(2) }}", variables) ==
        "line 1, column 9: access to attribute 'append' of 'list' object is unsafe");
  CHECK(error_of("{{ map.clear() }}", variables).find("unsafe") != std::string::npos);
  CHECK(error_of("{{ ''.__class__() }}").find("unsafe") != std::string::npos);
}

TEST_CASE("chat template: the time is the caller's, in UTC") {
  const std::string source = "{{ strftime_now('%Y-%m-%d %H:%M') }}";
  CHECK(render(source) == "1970-01-01 00:00");
  CHECK(render(source, Json::object(), {.now = parse_time("2026-02-28T23:59:59Z")}) ==
        "2026-02-28 23:59");
}

TEST_CASE("chat template: the output's limit holds to the byte") {
  const std::string source = "{% for i in range(5) %}ab{% endfor %}";
  CHECK(render(source, Json::object(), {.limits = {.output_bytes = 10}}) == "ababababab");
  CHECK(error_of(source, Json::object(), {.limits = {.output_bytes = 9}})
            .find("more than 9 bytes") != std::string::npos);
}

TEST_CASE("chat template: endless work and endless text end in an error") {
  const TemplateOptions few{.limits = {.value_bytes = 1 << 20, .steps = 100'000}};
  const auto refused = [&](const std::string& source, const std::string& why) {
    CAPTURE(source);
    CHECK(error_of(source, Json::object(), few).find(why) != std::string::npos);
  };
  refused("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
          "too many steps");
  refused(
      "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}"
      "{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
      "too much text");
  refused("{{ 'a' * 999999999999 }}", "too much text");
  refused("{{ [1] * 9223372036854775807 }}", "too much text");
  refused("{{ ('a' * 9999) | replace('a', 'b' * 9999) }}", "too much text");
  refused("{{ 'a' | indent(999999999) }}{{ 'a'.ljust(999999999) }}", "too much text");
  refused("{{ [0] | batch(9999999999, 1) | list }}", "too much text");
  // Products of 2^64.
  refused("{{ [0] | batch(2 ** 62, 1) | list }}", "too much text");
  refused("{{ [0] | slice(2 ** 62) | list }}", "too much text");
  refused("{{ '🦙'.ljust(2 ** 62, '🦙') }}", "too much text");
  refused("{{ 'abcd' * 2 ** 62 }}", "too much text");
  refused("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recurses too deep");
}

TEST_CASE("chat template: values that hold each other neither crash nor hang") {
  const std::string doubling =
      "{% set ns = namespace(x=[0]) %}{% for i in range(99) %}"
      "{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == ns.x }}";
  CHECK(error_of(doubling).find("holds too many") != std::string::npos);
  const std::string deep =
      "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}"
      "{% set ns.x = [ns.x] %}{% endfor %}";
  CHECK(error_of(deep).find("nested deeper") != std::string::npos);
  const std::string loops =
      "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}"
      "{% for j in [ns.x] %}{% set ns.x = loop %}{% endfor %}{% endfor %}";
  CHECK(error_of(loops).find("nested deeper") != std::string::npos);
  CHECK(
      error_of("{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}").find("holds itself") !=
      std::string::npos);
  CHECK(render("{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me[0].me | length }}") ==
        "1");
}

TEST_CASE("chat template: a macro outlives the loop that it stands in") {
  CHECK(render("{% set ns = namespace() %}{% for i in [7, 8] %}{% set k = i * 2 %}"
               "{% macro m() %}{{ k }}{% endmacro %}{% set ns.m = m %}{% endfor %}"
               "{{ ns.m() }}") == "16");
}

TEST_CASE("chat template: nesting in the source is bounded") {
  const auto repeated = [](const std::string& part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
  };
  for (const std::string& source :
       {"{{ " + repeated("(", 5000) + "1" + repeated(")", 5000) + " }}",
        "{{ " + repeated("-", 5000) + "1 }}", "{{ " + repeated("not ", 5000) + "1 }}",
        "{{ x" + repeated(".x", 5000) + " }}", "{{ 1" + repeated(" + 1", 5000) + " }}",
        "{{ 1" + repeated("|abs", 5000) + " }}", repeated("{% if 1 %}", 5000)}) {
    CAPTURE(source.substr(0, 20));
    CHECK(error_of(source).find("nested less than") != std::string::npos);
  }
  CHECK(render("{{ 1" + repeated(" + 1", 150) + " }}") == "151");
  // `~` and elif are lists, not trees.
  CHECK(render("{{ ''" + repeated(" ~ 1", 3000) + " }}").size() == 3000);
  CHECK(render("{% if 0 %}" + repeated("{% elif 0 %}", 3000) + "{% else %}z{% endif %}") ==
        "z");
}

TEST_CASE("chat template: integers that need more than 64 bits are refused") {
  const Json variables{{"low", INT64_MIN}, {"high", INT64_MAX}};
  for (const std::string source :
       {"{{ high + 1 }}", "{{ low - 1 }}", "{{ -low }}", "{{ low // -1 }}", "{{ high * 2 }}",
        "{{ 2 ** 63 }}", "{{ low | abs }}", "{{ 99999999999999999999 }}", "{{ 1e19 | int }}",
        "{{ high | round(-19) }}", "{{ '-1e30' | int }}"}) {
    CAPTURE(source);
    CHECK(error_of(source, variables).find("64 bits") != std::string::npos);
  }
  CHECK(render("{{ low % -1 }} {{ 2 ** 62 }} {{ high }}", variables) ==
        "0 4611686018427387904 9223372036854775807");
}

TEST_CASE("chat template: one template renders many conversations") {
  const ChatTemplate chat{"{% for m in messages %}{{ m.content }};{% endfor %}"};
  CHECK(chat.render({{"messages", {{{"content", "a"}}, {{"content", "b"}}}}}) == "a;b;");
  CHECK(chat.render({{"messages", Json::array()}}) == "");
  CHECK(chat.render(Json::object()) == "");
  CHECK_THROWS_AS(static_cast<void>(chat.render(Json::array())), Error);
}

}  // namespace
}  // namespace hart::nn
