#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "prov/export/byte_sink.h"
#include "prov/export/prov_record.h"

namespace hart::prov::exports {

/// PROV-JSON (W3C member submission of 24 April 2013). Records stand by their kind, which a
/// graph is not: each kind goes through a spool. Relations are called _:r1, _:r2, …
class ProvJson : public ProvWriter {
 public:
  explicit ProvJson(ByteSink& sink) : sink_{sink} {}
  void record(const ProvRecord& record) override;
  void finish() override;

 private:
  ByteSink& sink_;
  std::array<Spool, kProvKinds> spools_;
  std::string text_;
  std::uint64_t relations_ = 0;
};

/// PROV-N (W3C recommendation of 30 April 2013).
class ProvN : public ProvWriter {
 public:
  explicit ProvN(ByteSink& sink);
  void record(const ProvRecord& record) override;
  void finish() override;

 private:
  TextWriter out_;
};

}  // namespace hart::prov::exports
