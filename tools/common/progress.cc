#include "common/progress.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace hart::cli {
namespace {

constexpr auto kRedrawInterval = std::chrono::milliseconds{100};
constexpr int kBarWidth = 24;

void print_error(const std::string& text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

std::string amount_text(std::uint64_t amount, Progress::Unit unit) {
  return unit == Progress::Unit::bytes ? format_bytes(amount) : std::to_string(amount);
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  std::array<char, 32> text{};
  if (whole >= 3600) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld", whole / 60, whole % 60);
  }
  return text.data();
}

std::string bar_text(double share, bool color) {
  const int filled = static_cast<int>(share * kBarWidth);
  const std::string bar(static_cast<std::size_t>(filled), '=');
  const std::string rest(static_cast<std::size_t>(kBarWidth - filled), ' ');
  std::array<char, 8> percent{};
  std::snprintf(percent.data(), percent.size(), "%3.0f%%", share * 100);
  return " [" + (color ? "\x1b[32m" + bar + "\x1b[0m" : bar) + rest + "] " + percent.data();
}

}  // namespace

Progress::Progress(const Context& context, std::string label, std::uint64_t total, Unit unit)
    : context_{context},
      label_{printable(label)},
      total_{total},
      unit_{unit},
      shown_{!context.common.quiet && !context.common.no_progress &&
             isatty(STDERR_FILENO) != 0},
      start_{Clock::now()},
      next_{start_ + kRedrawInterval} {
  const char* const no_color = std::getenv("NO_COLOR");
  color_ = !no_color || !*no_color;
}

Progress::~Progress() {
  if (shown_) print_error("\r\x1b[K");
}

void Progress::at(std::uint64_t done) {
  context_.check_interrupt();
  done_ = done;
  if (!shown_) return;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + kRedrawInterval;
  draw(now);
}

void Progress::draw(Clock::time_point now) const {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  std::string line = "\r" + label_;
  if (total_ > 0) {
    const double share =
        done_ < total_ ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
    line += bar_text(share, color_);
  }
  line += "  " + amount_text(done_, unit_) + "  " +
          amount_text(static_cast<std::uint64_t>(rate), unit_) + "/s";
  if (total_ > done_ && rate > 0)
    line += "  " + duration_text(static_cast<double>(total_ - done_) / rate) + " left";
  print_error(line + "\x1b[K");
}

}  // namespace hart::cli
