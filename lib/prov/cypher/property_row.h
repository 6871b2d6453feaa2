#pragma once

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "prov/cypher/value.h"

namespace hart::prov::cypher {

/// The properties of one node or relationship, ascending by key. It is made to be filled again
/// and again: what was read last leaves its memory to what is read next.
/// Keys are not copied; they live as long as the graph that they come from.
class PropertyRow {
 public:
  using Entry = std::pair<std::string_view, Value>;
  using Iterator = std::vector<Entry>::const_iterator;

  PropertyRow() = default;
  PropertyRow(std::initializer_list<Entry> entries) {
    for (const Entry& entry : entries) set(entry.first, entry.second);
  }

  void clear() noexcept { entries_.clear(); }
  /// Adds one whose key comes after all that are there.
  void append(std::string_view key, Value value) {
    entries_.emplace_back(key, std::move(value));
  }
  /// Adds one, or puts it in the place of the one with its key.
  void set(std::string_view key, Value value) {
    const auto place = std::ranges::lower_bound(entries_, key, {}, &Entry::first);
    if (place != entries_.end() && place->first == key) {
      place->second = std::move(value);
    } else {
      entries_.emplace(place, key, std::move(value));
    }
  }

  /// Null for a property that is not there.
  [[nodiscard]] const Value& get(std::string_view key) const noexcept {
    static const Value kNone;
    for (const Entry& entry : entries_)
      if (entry.first == key) return entry.second;
    return kNone;
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] Iterator begin() const noexcept { return entries_.begin(); }
  [[nodiscard]] Iterator end() const noexcept { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace hart::prov::cypher
