#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace hart {

/// What went wrong, in terms a caller can act on. The value is the exit status (sysexits.h).
enum class Fault : int {
  usage = 2,           ///< the call itself is wrong
  data = 65,           ///< malformed or unsupported input
  no_input = 66,       ///< no such file, store, object, model or tenant
  unavailable = 69,    ///< a needed device, helper or service is missing
  internal = 70,       ///< a defect of ours
  cannot_create = 73,  ///< the output cannot be created
  io = 74,             ///< reading or writing failed, a full disk included
  busy = 75,           ///< locked or rate-limited: try again
  denied = 77,         ///< key, scope or quota says no
  config = 78,         ///< configuration, or a schema of another version
};

/// The stable name of a fault, as it stands under `code` in JSON error objects.
[[nodiscard]] const char* fault_name(Fault fault) noexcept;

/// The only exception that the library throws. Messages name the object and the cause, start in
/// lower case and have no full stop.
class Error : public std::runtime_error {
 public:
  Error(Fault fault, const std::string& message) : std::runtime_error{message}, fault_{fault} {}

  [[nodiscard]] Fault fault() const noexcept { return fault_; }

 private:
  Fault fault_;
};

/// Throws Error(fault, "<what>: <strerror(error_number)>"); ENOENT becomes no_input, ENOSPC,
/// EDQUOT and EIO become io, EACCES and EPERM become denied, whatever `fault` says.
[[noreturn]] void throw_errno(Fault fault, const std::string& what, int error_number);

}  // namespace hart
