#include "ooda/phase_log.h"

#include <exception>

namespace hart::ooda {

void PhaseLog::begin(std::string_view phase) {
  phase_ = phase;
  started_ = store_.now();
  started_s_ = steady_seconds();
}

void PhaseLog::end(const Json& details, std::optional<double> success_score) {
  write(details, std::nullopt, success_score);
}

void PhaseLog::fail(const std::string& error) noexcept {
  if (phase_.empty()) return;
  try {
    write(Json::object(), error, std::nullopt);
  } catch (const std::exception&) {
    // The cycle is ending with an error already; that one is reported.
  }
}

void PhaseLog::write(const Json& details, std::optional<std::string> error,
                     std::optional<double> success_score) {
  const auto duration_us = static_cast<std::int64_t>((steady_seconds() - started_s_) * 1e6);
  const std::string phase = std::move(phase_);
  phase_.clear();
  if (!enabled_) return;
  store::WriteTransaction transaction{store_};
  store_.db()
      .prepare(
          "INSERT INTO ooda_log (tenant_id, cycle, phase, started_us, duration_us, details,"
          " error, success_score) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
          store::Scope::owner)
      .run(store_.tenant_id(), ByteView{cycle_}, phase, started_, duration_us,
           dump_json(details), error, success_score);
  transaction.commit();
}

}  // namespace hart::ooda
