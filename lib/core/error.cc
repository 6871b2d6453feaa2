#include "core/error.h"

#include <cerrno>
#include <cstring>

namespace hart {

const char* fault_name(Fault fault) noexcept {
  switch (fault) {
    case Fault::usage:
      return "usage";
    case Fault::data:
      return "data";
    case Fault::no_input:
      return "no_input";
    case Fault::unavailable:
      return "unavailable";
    case Fault::internal:
      return "internal";
    case Fault::cannot_create:
      return "cannot_create";
    case Fault::io:
      return "io";
    case Fault::busy:
      return "busy";
    case Fault::denied:
      return "denied";
    case Fault::config:
      return "config";
  }
  return "internal";
}

void throw_errno(Fault fault, const std::string& what, int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      fault = fault == Fault::cannot_create ? fault : Fault::no_input;
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO:
      fault = Fault::io;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      fault = Fault::denied;
      break;
    default:
      break;
  }
  throw Error{fault, what + ": " + std::strerror(error_number)};
}

}  // namespace hart
