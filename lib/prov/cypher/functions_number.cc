#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "prov/cypher/functions.h"

namespace hart::prov::cypher {

namespace {

using Args = std::span<const Value>;

double number_argument(const CallContext& context, const Value& value) {
  if (!value.is_number()) refuse_argument(context, "a number", value);
  return value.number();
}

template <double (*operation)(double)> Value real_function(CallContext& context, Args args) {
  return operation(number_argument(context, args[0]));
}

double round_half_up(double x) {
  return std::floor(x + 0.5);
}
double cot(double x) {
  return 1 / std::tan(x);
}
double degrees(double x) {
  return x * 180 / std::numbers::pi;
}
double radians(double x) {
  return x * std::numbers::pi / 180;
}
double haversin(double x) {
  return (1 - std::cos(x)) / 2;
}

Value abs_function(CallContext& context, Args args) {
  if (args[0].kind() != Kind::integer) return std::abs(number_argument(context, args[0]));
  const std::int64_t value = args[0].integer();
  if (value == INT64_MIN)
    fail(Fault::data, context.at, "ArithmeticError: IntegerOverflow",
         "the magnitude does not fit in 64 bits");
  return value < 0 ? -value : value;
}

Value sign_function(CallContext& context, Args args) {
  const double value = number_argument(context, args[0]);
  return std::int64_t{value > 0 ? 1 : value < 0 ? -1 : 0};
}

Value atan2_function(CallContext& context, Args args) {
  return std::atan2(number_argument(context, args[0]), number_argument(context, args[1]));
}

Value rand_function(CallContext&, Args) {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>{0, 1}(generator);
}

Value pi_function(CallContext&, Args) {
  return std::numbers::pi;
}
Value e_function(CallContext&, Args) {
  return std::numbers::e;
}

Value timestamp_function(CallContext& context, Args) {
  return context.now_us / 1'000;
}

constexpr StaticType kFloat{Type::floating};
constexpr StaticType kInteger{Type::integer};
constexpr TypeSet kNumbers = types_of(Type::integer, Type::floating);

constexpr std::array<Function, 24> kFunctions{{
    {"abs", 1, 1, abs_function, {}, kNumbers},
    {"ceil", 1, 1, real_function<std::ceil>, kFloat, kNumbers},
    {"floor", 1, 1, real_function<std::floor>, kFloat, kNumbers},
    {"round", 1, 1, real_function<round_half_up>, kFloat, kNumbers},
    {"sign", 1, 1, sign_function, kInteger, kNumbers},
    {"sqrt", 1, 1, real_function<std::sqrt>, kFloat, kNumbers},
    {"exp", 1, 1, real_function<std::exp>, kFloat, kNumbers},
    {"log", 1, 1, real_function<std::log>, kFloat, kNumbers},
    {"log10", 1, 1, real_function<std::log10>, kFloat, kNumbers},
    {"sin", 1, 1, real_function<std::sin>, kFloat, kNumbers},
    {"cos", 1, 1, real_function<std::cos>, kFloat, kNumbers},
    {"tan", 1, 1, real_function<std::tan>, kFloat, kNumbers},
    {"cot", 1, 1, real_function<cot>, kFloat, kNumbers},
    {"asin", 1, 1, real_function<std::asin>, kFloat, kNumbers},
    {"acos", 1, 1, real_function<std::acos>, kFloat, kNumbers},
    {"atan", 1, 1, real_function<std::atan>, kFloat, kNumbers},
    {"atan2", 2, 2, atan2_function, kFloat, kNumbers},
    {"degrees", 1, 1, real_function<degrees>, kFloat, kNumbers},
    {"radians", 1, 1, real_function<radians>, kFloat, kNumbers},
    {"haversin", 1, 1, real_function<haversin>, kFloat, kNumbers},
    {"rand", 0, 0, rand_function, kFloat},
    {"pi", 0, 0, pi_function, kFloat},
    {"e", 0, 0, e_function, kFloat},
    {"timestamp", 0, 0, timestamp_function, kInteger},
}};

}  // namespace

std::span<const Function> number_functions() noexcept {
  return kFunctions;
}

}  // namespace hart::prov::cypher
