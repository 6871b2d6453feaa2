#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "bill/rating.h"
#include "json_append.h"

namespace hart::cli {

/// Writes what became of usage events as JSON text.
class UsageAnswer {
 public:
  /// `{"type":"<type>","source":...` to `"rated":...`, without the closing brace: what was
  /// used, every factor of its price, and the amount.
  void append(std::string& out, std::string_view type, const bill::UsageEvent& event,
              TimeUs time, const bill::Price& price, std::int64_t total_micros);
  /// `,"id":<id>}`
  static void close(std::string& out, std::string_view id_json);

  /// Forgets the prices that it has written: they may be gone.
  void forget() { prices_.clear(); }

 private:
  /// A price as JSON, before and after the amount.
  struct PriceText {
    std::string before;
    std::string after;
  };
  const PriceText& text_of(const bill::Price& price);

  TimeWriter times_;
  std::unordered_map<const bill::Price*, PriceText> prices_;
};

}  // namespace hart::cli
