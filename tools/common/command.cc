#include <charconv>
#include <cmath>
#include <sstream>
#include <type_traits>

#include "common/cli.h"
#include "common/option_spec.h"

namespace hart::cli {
namespace {

template <typename T> struct IsOptional : std::false_type {};
template <typename T> struct IsOptional<std::optional<T>> : std::true_type {};

template <typename T> T parse_number(const std::string& text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range)
    throw Error{Fault::usage, "'" + text + "' is out of range"};
  if (error != std::errc{} || stop != end) {
    const char* kind = std::is_floating_point_v<T> ? "a number"
                       : std::is_unsigned_v<T>     ? "a whole number, 0 or more"
                                                   : "a whole number";
    throw Error{Fault::usage, "'" + text + "' is not " + kind};
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value))
      throw Error{Fault::usage, "'" + text + "' is not a finite number"};
  }
  return value;
}

template <typename T> void assign(T& target, const std::string& text) {
  if constexpr (std::is_same_v<T, std::string>) {
    target = text;
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    target.push_back(text);
  } else if constexpr (IsOptional<T>::value) {
    typename T::value_type value{};
    assign(value, text);
    target = std::move(value);
  } else {
    target = parse_number<T>(text);
  }
}

template <typename T> std::string default_text(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_arithmetic_v<T>) {
    std::ostringstream text;
    text << value;
    return text.str();
  } else {
    return {};
  }
}

std::vector<std::string> split_names(const std::string& names) {
  std::vector<std::string> parts;
  std::istringstream stream{names};
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

template <typename T>
std::unique_ptr<OptionSpec> make_spec(const std::string& names, const std::string& metavar,
                                      T& value, const std::string& help) {
  auto spec = std::make_unique<OptionSpec>();
  spec->names = split_names(names);
  spec->metavar = metavar;
  spec->help = help;
  spec->repeatable = std::is_same_v<T, std::vector<std::string>>;
  spec->default_text = default_text(value);
  spec->set = [&value](const std::string& text) { assign(value, text); };
  return spec;
}

}  // namespace

Option& Option::required() {
  spec_.required = true;
  return *this;
}

Option& Option::choices(std::vector<std::string> values) {
  spec_.choices = std::move(values);
  return *this;
}

Option& Option::range(double lowest, double highest) {
  spec_.range = {lowest, highest};
  return *this;
}

Option& Option::hidden() {
  spec_.hidden = true;
  return *this;
}

Command::Command(std::string name, std::string summary)
    : name_{std::move(name)}, summary_{std::move(summary)} {}

Command::~Command() = default;

std::string Command::path() const {
  if (parent_ == nullptr) return {};
  const std::string above = parent_->path();
  return above.empty() ? name_ : above + "." + name_;
}

Command& Command::subcommand(const std::string& name, const std::string& summary) {
  subcommands_.push_back(std::make_unique<Command>(name, summary));
  subcommands_.back()->parent_ = this;
  return *subcommands_.back();
}

template <typename T>
Option Command::option(const std::string& names, const std::string& metavar, T& value,
                       const std::string& help) {
  options_.push_back(make_spec(names, metavar, value, help));
  return Option{*options_.back()};
}

template <typename T>
Option Command::positional(const std::string& metavar, T& value, const std::string& help) {
  positionals_.push_back(make_spec("", metavar, value, help));
  OptionSpec& spec = *positionals_.back();
  spec.default_text.clear();
  spec.required = !spec.repeatable && !IsOptional<T>::value;
  return Option{spec};
}

Option Command::flag(const std::string& names, bool& value, const std::string& help) {
  auto spec = std::make_unique<OptionSpec>();
  spec->names = split_names(names);
  spec->help = help;
  spec->repeatable = true;
  spec->set = [&value](const std::string&) { value = true; };
  options_.push_back(std::move(spec));
  return Option{*options_.back()};
}

void Command::dry_run() {
  accepts_dry_run_ = true;
}

#define HART_INSTANTIATE(T)                                                      \
  template Option Command::option<T>(const std::string&, const std::string&, T&, \
                                     const std::string&);                        \
  template Option Command::positional<T>(const std::string&, T&, const std::string&);

HART_INSTANTIATE(std::string)
HART_INSTANTIATE(int)
HART_INSTANTIATE(unsigned)
HART_INSTANTIATE(std::int64_t)
HART_INSTANTIATE(std::uint64_t)
HART_INSTANTIATE(float)
HART_INSTANTIATE(double)
HART_INSTANTIATE(std::vector<std::string>)
HART_INSTANTIATE(std::optional<std::string>)
HART_INSTANTIATE(std::optional<int>)
HART_INSTANTIATE(std::optional<unsigned>)
HART_INSTANTIATE(std::optional<std::int64_t>)
HART_INSTANTIATE(std::optional<std::uint64_t>)
HART_INSTANTIATE(std::optional<float>)
HART_INSTANTIATE(std::optional<double>)

#undef HART_INSTANTIATE

}  // namespace hart::cli
