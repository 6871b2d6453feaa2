// Filters that work on the items of a sequence.

#include <algorithm>

#include "nn/template_arguments.h"
#include "nn/template_attribute_path.h"
#include "nn/template_filters.h"
#include "nn/template_format.h"
#include "nn/template_operators.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

Value length_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"length", arguments, {}};
  return Value{length_of(input)};
}

Value list_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"list", arguments, {}};
  return Value::list(items_of(input, runtime.budget));
}

Value first_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"first", arguments, {}};
  if (input.is(Kind::sequence) && input.sequence().kind == SequenceKind::generator) {
    const Sequence& generator = input.sequence();
    if (generator.taken < generator.items.size()) return generator.items[generator.taken++];
  } else {
    Values items = items_of(input, runtime.budget);
    if (!items.empty()) return items.front();
  }
  return Value::undefined("no first item, the sequence is empty");
}

Value last_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"last", arguments, {}};
  if (input.is(Kind::sequence) && input.sequence().kind == SequenceKind::generator)
    fail("'generator' object is not reversible");
  Values items = items_of(input, runtime.budget);
  return items.empty() ? Value::undefined("no last item, the sequence is empty") : items.back();
}

Value reverse_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"reverse", arguments, {}};
  Values items = items_of(input, runtime.budget);
  std::reverse(items.begin(), items.end());
  if (!input.is_string()) return Value::generator(std::move(items));
  std::string text;
  for (const Value& item : items) text += item.text();
  return Value{std::move(text)};
}

Value join_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"join", arguments, {"d", "attribute"}};
  const std::string separator = bound.has(0) ? to_text(bound[0], runtime.budget) : "";
  std::string out;
  bool first = true;
  for (const Value& item : items_of(input, runtime.budget)) {
    const Value value = bound.is_set(1) ? follow_path(runtime, item, bound[1]) : item;
    const std::string text = to_text(value, runtime.budget);
    runtime.budget.take_bytes(separator.size() + text.size());
    if (!first) out += separator;
    first = false;
    out += text;
  }
  return Value{std::move(out)};
}

Value items_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"items", arguments, {}};
  if (input.is_undefined()) return Value::generator({});
  if (!input.is(Kind::mapping)) fail("can only get item pairs from a mapping");
  runtime.budget.take_steps(input.mapping().entries.size());
  Values pairs;
  for (const auto& [key, value] : input.mapping().entries)
    pairs.push_back(Value::tuple({key, value}));
  return Value::generator(std::move(pairs));
}

/// Sorts `items` by `key`, stably; with `reverse` equal items still keep their order.
void sort_by(Runtime& runtime, Values& items, bool reverse,
             const std::function<Value(const Value&)>& key) {
  std::vector<std::pair<Value, Value>> keyed;
  std::uint64_t cost = 0;
  for (Value& item : items) {
    Value its_key = key(item);
    cost += its_key.extent().count;
    keyed.emplace_back(std::move(its_key), std::move(item));
  }
  // Each key is compared about log2(n) times.
  runtime.budget.take_steps(cost * 20);
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return reverse ? compare(b.first, a.first) < 0 : compare(a.first, b.first) < 0;
  });
  items.clear();
  for (auto& [its_key, item] : keyed) items.push_back(std::move(item));
}

/// The paths of `attribute="a,b"`.
Values split_paths(const Value& attribute) {
  if (!attribute.is_string()) return {attribute};
  Values paths;
  for (const std::string_view path : split_at(attribute.text(), ",", -1))
    paths.emplace_back(path);
  return paths;
}

Value sort_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"sort", arguments, {"reverse", "case_sensitive", "attribute"}};
  const bool case_sensitive = bound.flag(1, false);
  const Values paths = bound.is_set(2) ? split_paths(bound[2]) : Values{Value::none()};
  Values items = items_of(input, runtime.budget);
  sort_by(runtime, items, bound.flag(0, false), [&](const Value& item) {
    Values keys;
    for (const Value& path : paths)
      keys.push_back(comparable(follow_path(runtime, item, path), case_sensitive));
    return Value::list(std::move(keys));
  });
  return Value::list(std::move(items));
}

Value dictsort_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"dictsort", arguments, {"case_sensitive", "by", "reverse"}};
  require_defined(input);
  if (!input.is(Kind::mapping)) fail("dictsort needs a dict");
  const std::string by = bound.text(1, "key");
  if (by != "key" && by != "value") fail("dictsort goes by 'key' or 'value'");
  Values pairs;
  for (const auto& [key, value] : input.mapping().entries)
    pairs.push_back(Value::tuple({key, value}));
  sort_by(runtime, pairs, bound.flag(2, false), [&](const Value& pair) {
    return comparable(pair.sequence().items[by == "key" ? 0 : 1], bound.flag(0, false));
  });
  return Value::list(std::move(pairs));
}

Value unique_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"unique", arguments, {"case_sensitive", "attribute"}};
  Values seen;
  Values unique;
  for (const Value& item : items_of(input, runtime.budget)) {
    Value key = bound.is_set(1) ? follow_path(runtime, item, bound[1]) : item;
    key = comparable(key, bound.flag(0, false));
    runtime.budget.take_steps(seen.size() * (1 + key.extent().count / 8));
    if (std::any_of(seen.begin(), seen.end(),
                    [&](const Value& each) { return equal(each, key); }))
      continue;
    seen.push_back(std::move(key));
    unique.push_back(item);
  }
  return Value::generator(std::move(unique));
}

template <bool largest>
Value extreme_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{
      largest ? "max" : "min", arguments, {"case_sensitive", "attribute"}};
  const Values items = items_of(input, runtime.budget);
  if (items.empty()) return Value::undefined("no aggregated item, the sequence is empty");
  const auto key = [&](const Value& item) {
    const Value value = bound.is_set(1) ? follow_path(runtime, item, bound[1]) : item;
    return comparable(value, bound.flag(0, false));
  };
  const Value* best = &items.front();
  Value best_key = key(*best);
  for (const Value& item : items) {
    Value its_key = key(item);
    runtime.budget.take_steps(its_key.extent().count);
    const int order = compare(its_key, best_key);
    if (largest ? order <= 0 : order >= 0) continue;
    best = &item;
    best_key = std::move(its_key);
  }
  return *best;
}

Value sum_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"sum", arguments, {"attribute", "start"}};
  Value sum = bound.has(1) ? bound[1] : Value{0};
  if (sum.is_string()) fail("sum cannot add strings: use join");
  for (const Value& item : items_of(input, runtime.budget)) {
    const Value value = bound.is_set(0) ? follow_path(runtime, item, bound[0]) : item;
    sum = apply_binary(BinaryOperator::add, sum, value, runtime.budget);
  }
  return sum;
}

Value batch_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"batch", arguments, {"linecount", "fill_with"}, 1};
  const std::int64_t size = bound.integer(0, 1);
  if (size < 1) fail("batch needs a positive count");
  const auto count = static_cast<std::size_t>(size);
  Values rows;
  Values row;
  for (Value& item : items_of(input, runtime.budget)) {
    row.push_back(std::move(item));
    if (row.size() == count) rows.push_back(Value::list(std::exchange(row, {})));
  }
  if (!row.empty()) {
    if (bound.is_set(1)) {
      runtime.budget.take_bytes(count - row.size(), sizeof(Value));
      row.resize(count, bound[1]);
    }
    rows.push_back(Value::list(std::move(row)));
  }
  return Value::generator(std::move(rows));
}

Value slice_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"slice", arguments, {"slices", "fill_with"}, 1};
  const Values items = items_of(input, runtime.budget);
  const std::int64_t slices = bound.integer(0, 1);
  if (slices < 1) fail("slice needs a positive count");
  runtime.budget.take_bytes(static_cast<std::uint64_t>(slices), sizeof(Value));
  const auto count = static_cast<std::size_t>(slices);
  const std::size_t each = items.size() / count;
  const std::size_t longer = items.size() % count;
  Values rows;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = at + each + (i < longer ? 1 : 0);
    Values row{items.begin() + static_cast<std::ptrdiff_t>(at),
               items.begin() + static_cast<std::ptrdiff_t>(end)};
    if (bound.is_set(1) && i >= longer) row.push_back(bound[1]);
    rows.push_back(Value::list(std::move(row)));
    at = end;
  }
  return Value::generator(std::move(rows));
}

Value groupby_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{
      "groupby", arguments, {"attribute", "default", "case_sensitive"}, 1};
  const auto key = [&](const Value& item) {
    Value value = follow_path(runtime, item, bound[0]);
    if (value.is_undefined() && bound.has(1)) value = bound[1];
    return value;
  };
  const bool case_sensitive = bound.flag(2, false);
  Values items = items_of(input, runtime.budget);
  sort_by(runtime, items, false,
          [&](const Value& item) { return comparable(key(item), case_sensitive); });
  Values groups;
  for (std::size_t begin = 0; begin < items.size();) {
    const Value first = key(items[begin]);
    std::size_t end = begin;
    Values group;
    for (; end < items.size() && equal(comparable(key(items[end]), case_sensitive),
                                       comparable(first, case_sensitive));
         ++end)
      group.push_back(items[end]);
    // A key that differs from itself, as NaN does, stands alone.
    if (end == begin) group.push_back(items[end++]);
    groups.push_back(Value::tuple({first, Value::list(std::move(group))}));
    begin = end;
  }
  return Value::list(std::move(groups));
}

constexpr NamedFilter kSequenceFilters[] = {
    {"length", length_filter},     {"count", length_filter},   {"list", list_filter},
    {"first", first_filter},       {"last", last_filter},      {"reverse", reverse_filter},
    {"join", join_filter},         {"items", items_filter},    {"sort", sort_filter},
    {"dictsort", dictsort_filter}, {"unique", unique_filter},  {"min", extreme_filter<false>},
    {"max", extreme_filter<true>}, {"sum", sum_filter},        {"batch", batch_filter},
    {"slice", slice_filter},       {"groupby", groupby_filter}};

}  // namespace

FilterFunction find_sequence_filter(std::string_view name) noexcept {
  for (const NamedFilter& entry : kSequenceFilters)
    if (entry.name == name) return entry.filter;
  return nullptr;
}

}  // namespace hart::nn::jinja
