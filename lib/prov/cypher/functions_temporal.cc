#include <array>
#include <string>

#include "prov/cypher/functions.h"
#include "prov/cypher/temporal.h"

namespace hart::prov::cypher {

namespace {

using TimeArgs = std::span<const Value>;

/// Adds the position to what the temporal functions refuse.
template <typename Body> Value at_position(const CallContext& context, Body body) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    fail(Fault::data, context.at, "ArgumentError: InvalidArgumentValue", error.what());
  }
}

Temporal now(const CallContext& context, TemporalKind kind) {
  const std::int64_t seconds = context.now_us / 1'000'000;
  return convert_temporal(kind, from_epoch(seconds, context.now_us % 1'000'000 * 1'000));
}

template <TemporalKind kind> Value make_function(CallContext& context, TimeArgs args) {
  if (args.empty()) return now(context, kind);
  const Value& source = args[0];
  if (source.kind() != Kind::string && source.kind() != Kind::map && !source.is_temporal())
    refuse_argument(context, "a string, a map or a time", source);
  return at_position(context, [&]() -> Value {
    if (source.kind() == Kind::string) return parse_temporal(kind, source.string());
    if (source.kind() == Kind::map) return build_temporal(kind, source.map());
    return convert_temporal(kind, source.temporal());
  });
}

template <TemporalKind kind> Value clock_function(CallContext& context, TimeArgs args) {
  if (args.empty()) return now(context, kind);
  if (args[0].kind() != Kind::string) refuse_argument(context, "a time zone", args[0]);
  return at_position(context, [&]() -> Value {
    const Map zone{{"datetime", Value{now(context, TemporalKind::datetime)}},
                   {"timezone", args[0]}};
    return convert_temporal(kind, build_temporal(TemporalKind::datetime, zone));
  });
}

template <TemporalKind kind> Value truncate_function(CallContext& context, TimeArgs args) {
  if (args[0].kind() != Kind::string) refuse_argument(context, "a unit's name", args[0]);
  if (args.size() > 1 && !args[1].is_temporal()) refuse_argument(context, "a time", args[1]);
  if (args.size() > 2 && args[2].kind() != Kind::map)
    refuse_argument(context, "a map", args[2]);
  return at_position(context, [&]() -> Value {
    return truncate_temporal(
        kind, args[0].string(),
        args.size() > 1 ? args[1].temporal() : now(context, TemporalKind::datetime),
        args.size() > 2 ? args[2].map() : Map{});
  });
}

Value from_epoch_function(CallContext& context, TimeArgs args) {
  for (const Value& arg : args)
    if (arg.kind() != Kind::integer) refuse_argument(context, "an integer", arg);
  return at_position(context, [&]() -> Value {
    return from_epoch(args[0].integer(), args.size() > 1 ? args[1].integer() : 0);
  });
}

Value from_epoch_millis_function(CallContext& context, TimeArgs args) {
  if (args[0].kind() != Kind::integer) refuse_argument(context, "an integer", args[0]);
  const std::int64_t millis = args[0].integer();
  return at_position(context, [&]() -> Value {
    return from_epoch(millis / 1'000, millis % 1'000 * 1'000'000);
  });
}

Value duration_function(CallContext& context, TimeArgs args) {
  const Value& source = args[0];
  if (source.kind() == Kind::duration) return source;
  if (source.kind() != Kind::string && source.kind() != Kind::map)
    refuse_argument(context, "a string, a map or a duration", source);
  return at_position(context, [&]() -> Value {
    if (source.kind() == Kind::string) return parse_duration(source.string());
    return build_duration(source.map());
  });
}

template <DurationUnit unit> Value between_function(CallContext& context, TimeArgs args) {
  for (const Value& arg : args)
    if (!arg.is_temporal()) refuse_argument(context, "a time", arg);
  return at_position(context, [&]() -> Value {
    return duration_between(unit, args[0].temporal(), args[1].temporal());
  });
}

constexpr StaticType kTime{Type::temporal};
constexpr StaticType kDurationType{Type::duration};

#define HART_TEMPORAL_FUNCTIONS(name, kind)                     \
  {name, 0, 1, make_function<kind>, kTime},                     \
      {name ".transaction", 0, 1, clock_function<kind>, kTime}, \
      {name ".statement", 0, 1, clock_function<kind>, kTime},   \
      {name ".realtime", 0, 1, clock_function<kind>, kTime}, {  \
    name ".truncate", 1, 3, truncate_function<kind>, kTime      \
  }

constexpr std::array<Function, 32> kTemporalFunctions{{
    HART_TEMPORAL_FUNCTIONS("date", TemporalKind::date),
    HART_TEMPORAL_FUNCTIONS("localtime", TemporalKind::localtime),
    HART_TEMPORAL_FUNCTIONS("time", TemporalKind::time),
    HART_TEMPORAL_FUNCTIONS("localdatetime", TemporalKind::localdatetime),
    HART_TEMPORAL_FUNCTIONS("datetime", TemporalKind::datetime),
    {"datetime.fromepoch", 1, 2, from_epoch_function, kTime},
    {"datetime.fromepochmillis", 1, 1, from_epoch_millis_function, kTime},
    {"duration", 1, 1, duration_function, kDurationType},
    {"duration.between", 2, 2, between_function<DurationUnit::between>, kDurationType},
    {"duration.inmonths", 2, 2, between_function<DurationUnit::months>, kDurationType},
    {"duration.indays", 2, 2, between_function<DurationUnit::days>, kDurationType},
    {"duration.inseconds", 2, 2, between_function<DurationUnit::seconds>, kDurationType},
}};

#undef HART_TEMPORAL_FUNCTIONS

}  // namespace

std::span<const Function> temporal_functions() noexcept {
  return kTemporalFunctions;
}

}  // namespace hart::prov::cypher
