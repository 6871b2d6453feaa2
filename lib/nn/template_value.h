#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"

/// The values that a chat template computes with, and how they behave: as Python's do, because
/// templates are written for Jinja.
namespace hart::nn::jinja {

/// Throws Error(data, message). The evaluation adds where in the template it happened.
[[noreturn]] void fail(const std::string& message);

/// How deep lists and dicts may hold each other, so that walking one cannot exhaust the stack.
inline constexpr unsigned kMaxNesting = 300;
/// How many values one may hold, counted as often as they are reached: a list may hold another
/// twice, that one a third twice, and so on.
inline constexpr std::uint64_t kMaxExtent = std::uint64_t{1} << 26;

/// What walking through a value takes.
struct Extent {
  unsigned nesting = 0;     ///< 0 for all but sequences, mappings and what holds them
  std::uint64_t count = 1;  ///< values to visit; 64 bytes of a string count as one
};

class Value;
using Values = std::vector<Value>;

/// What a call passes: positional arguments, then those with a name.
struct Arguments {
  Values positional;
  std::vector<std::pair<std::string, Value>> named;
};

struct Sequence;
struct Mapping;
struct Namespace;
struct Loop;
struct Callable;

enum class Kind {
  undefined,
  none,
  boolean,
  integer,
  floating,
  string,
  sequence,
  mapping,
  name_space,
  loop,
  callable
};

/// A value. Strings are valid UTF-8 and count code points. What strings, sequences and mappings
/// hold never changes, so that copies share it; shared_ptr because a value has no one owner, as
/// in the language it follows. Only namespaces change: whoever makes them breaks their cycles.
class Value {
 public:
  /// Undefined, with nothing to say why.
  Value() = default;
  /// Undefined; using it fails with `reason`.
  [[nodiscard]] static Value undefined(std::string reason);
  [[nodiscard]] static Value none();
  [[nodiscard]] static Value list(Values items);
  [[nodiscard]] static Value tuple(Values items);
  [[nodiscard]] static Value generator(Values items);

  template <std::same_as<bool> T> explicit Value(T value) : held_{value} {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) explicit Value(T value)
      : held_{static_cast<std::int64_t>(value)} {}
  explicit Value(double value) : held_{value} {}
  explicit Value(std::string value)
      : held_{std::make_shared<const std::string>(std::move(value))} {}
  explicit Value(std::string_view value) : Value{std::string{value}} {}
  explicit Value(const char* value) : Value{std::string{value}} {}
  explicit Value(Sequence value);
  explicit Value(Mapping value);
  explicit Value(Callable value);
  explicit Value(std::shared_ptr<Namespace> value) : held_{std::move(value)} {}
  explicit Value(std::shared_ptr<Loop> value) : held_{std::move(value)} {}

  [[nodiscard]] Kind kind() const noexcept { return static_cast<Kind>(held_.index()); }
  [[nodiscard]] bool is(Kind kind_asked) const noexcept { return kind() == kind_asked; }
  [[nodiscard]] bool is_undefined() const noexcept { return is(Kind::undefined); }
  [[nodiscard]] bool is_none() const noexcept { return is(Kind::none); }
  [[nodiscard]] bool is_string() const noexcept { return is(Kind::string); }
  /// An integer or a boolean, which counts as 0 or 1.
  [[nodiscard]] bool is_integral() const noexcept {
    return is(Kind::integer) || is(Kind::boolean);
  }
  [[nodiscard]] bool is_number() const noexcept { return is_integral() || is(Kind::floating); }

  /// Precondition of all that follow: the kind fits.
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] double number() const;
  [[nodiscard]] const std::string& text() const {
    return *std::get<std::shared_ptr<const std::string>>(held_);
  }
  [[nodiscard]] const Sequence& sequence() const {
    return *std::get<std::shared_ptr<const Sequence>>(held_);
  }
  [[nodiscard]] const Mapping& mapping() const {
    return *std::get<std::shared_ptr<const Mapping>>(held_);
  }
  [[nodiscard]] Namespace& name_space() const {
    return *std::get<std::shared_ptr<Namespace>>(held_);
  }
  [[nodiscard]] Loop& loop() const { return *std::get<std::shared_ptr<Loop>>(held_); }
  [[nodiscard]] const Callable& callable() const {
    return *std::get<std::shared_ptr<const Callable>>(held_);
  }
  /// Why an undefined value is: "'x' is undefined".
  [[nodiscard]] std::string reason() const;

  /// Where the content lies: equal for a value and its copies, as `is sameas` asks.
  [[nodiscard]] const void* address() const noexcept;
  [[nodiscard]] Extent extent() const noexcept;

 private:
  struct Missing {
    std::shared_ptr<const std::string> reason;
  };
  struct NoneValue {};
  std::variant<Missing, NoneValue, bool, std::int64_t, double,
               std::shared_ptr<const std::string>, std::shared_ptr<const Sequence>,
               std::shared_ptr<const Mapping>, std::shared_ptr<Namespace>,
               std::shared_ptr<Loop>, std::shared_ptr<const Callable>>
      held_;
};

enum class SequenceKind { list, tuple, range, keys, values, items, generator };

/// Whatever is iterated in order. A generator yields its items once, has no length and is
/// always true, as the result of `select` is; the others can be read again and again.
struct Sequence {
  SequenceKind kind = SequenceKind::list;
  Values items;
  std::string range_text{};       ///< of a range: how it prints
  mutable std::size_t taken = 0;  ///< of a generator: how many items are gone
  Extent extent{};                ///< set by Value
};

/// A dict: entries in the order of insertion, keys hashable in Python.
struct Mapping {
  std::vector<std::pair<Value, Value>> entries;
  Extent extent{};  ///< set by Value

  [[nodiscard]] const Value* find(const Value& key) const;
  [[nodiscard]] const Value* find(std::string_view key) const;
  /// Replaces the value under `key`, or adds it. Fails for a key that is no plain value.
  void set(Value key, Value value);
};

/// What `namespace(…)` makes: names whose values `set` may change from an inner scope.
struct Namespace {
  std::vector<std::pair<std::string, Value>> names;

  [[nodiscard]] const Value* find(std::string_view name) const;
  void set(const std::string& name, Value value);
};

/// Something that can be called: a macro, a method of a value, a function.
struct Callable {
  std::string name;
  std::function<Value(const Arguments&)> call;
  Extent extent{};  ///< that of the value whose method it is
};

/// The variable `loop` inside a `for`.
struct Loop {
  Value items;  ///< a list
  std::size_t index0 = 0;
  std::size_t depth0 = 0;
  Value again;  ///< of a recursive loop: what a call of `loop` does
};

/// Python's name of the type: "str", "int", "NoneType", "dict_items", …
[[nodiscard]] const char* type_name(const Value& value) noexcept;

/// Whether the value counts as true: neither undefined, none, false, zero nor empty.
[[nodiscard]] bool truth(const Value& value);

/// `a == b`: numbers by value whatever their type, sequences of one type item by item, mappings
/// whatever their order.
[[nodiscard]] bool equal(const Value& a, const Value& b);

/// Fails for what can be no key of a dict: lists, dicts and all that changes.
void require_hashable(const Value& key);

/// Negative, zero or positive as `a` is below, equal to or above `b`. Fails where Python has no
/// order: between types, for none, mappings and undefined.
[[nodiscard]] int compare(const Value& a, const Value& b);

/// A JSON value as Python reads it. Invalid UTF-8 becomes U+FFFD.
[[nodiscard]] Value from_json(const Json& json);

}  // namespace hart::nn::jinja
