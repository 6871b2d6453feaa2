#include "core/bytes.h"
#include "core/error.h"
#include "prov/sync/child_process.h"
#include "prov/sync/sync_target.h"

namespace hart::prov {
namespace {

class CommandTarget : public SyncTarget {
 public:
  explicit CommandTarget(std::vector<std::string> arguments)
      : arguments_{std::move(arguments)} {}

  Delivery deliver(const SyncBatch& batch) override {
    const ChildStatus status = run_child(arguments_, {}, batch.payload);
    if (status.signal == 0 && status.code == 0) return {};
    const bool is_temporary =
        status.signal == 0 && (status.code == static_cast<int>(Fault::unavailable) ||
                               status.code == static_cast<int>(Fault::busy));
    return {is_temporary ? Delivery::Outcome::unavailable : Delivery::Outcome::refused,
            "the command " + status.text()};
  }

 private:
  std::vector<std::string> arguments_;
};

/// A URL whose user part has a password: where that stands.
struct PasswordRange {
  std::size_t begin = 0;  ///< of the colon before it
  std::size_t end = 0;    ///< of the @ behind it
};

std::optional<PasswordRange> password_in(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return std::nullopt;
  const std::size_t user = scheme + 3;
  const std::size_t authority_end = std::min(url.find_first_of("/?#", user), url.size());
  const std::size_t at = url.rfind('@', authority_end);
  if (at == std::string::npos || at < user || at >= authority_end) return std::nullopt;
  const std::size_t colon = url.find(':', user);
  if (colon == std::string::npos || colon > at) return std::nullopt;
  return PasswordRange{colon, at};
}

std::string percent_decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      out += text[i];
      continue;
    }
    out += as_text(from_hex(std::string_view{text}.substr(i + 1, 2)));
    i += 2;
  }
  return out;
}

class PostgresTarget : public SyncTarget {
 public:
  explicit PostgresTarget(const std::string& url)
      : arguments_{"psql",     "--no-psqlrc",         "--quiet", "--no-password",
                   "--set",    "ON_ERROR_STOP=1",     "--set",   "VERBOSITY=terse",
                   "--dbname", without_password(url), "--file",  "-"} {
    environment_ = {{"PGCLIENTENCODING", "UTF8"}};
    if (const auto range = password_in(url))
      environment_.emplace_back(
          "PGPASSWORD",
          percent_decoded(url.substr(range->begin + 1, range->end - range->begin - 1)));
  }

  Delivery deliver(const SyncBatch& batch) override {
    const ChildStatus status = run_child(arguments_, environment_, batch.payload);
    if (status.signal == 0 && status.code == 0) return {};
    // 3: an error in the script; 1 and 2: of psql's own, or the connection's (psql(1)).
    const bool is_refusal = status.signal == 0 && status.code == 3;
    return {is_refusal ? Delivery::Outcome::refused : Delivery::Outcome::unavailable,
            "psql " + status.text()};
  }

 private:
  std::vector<std::string> arguments_;
  std::vector<std::pair<std::string, std::string>> environment_;
};

}  // namespace

std::unique_ptr<SyncTarget> command_target(std::vector<std::string> arguments) {
  return std::make_unique<CommandTarget>(std::move(arguments));
}

std::unique_ptr<SyncTarget> postgres_target(const std::string& url) {
  return std::make_unique<PostgresTarget>(url);
}

std::string without_password(const std::string& url) {
  const auto range = password_in(url);
  if (!range) return url;
  return url.substr(0, range->begin) + url.substr(range->end);
}

bool is_postgres_url(std::string_view target) {
  return target.starts_with("postgresql://") || target.starts_with("postgres://");
}

}  // namespace hart::prov
