#pragma once

#include "store/connection.h"

namespace hart::store {

/// As long as it lives, the views of the content that a tenant holds also show what the store's
/// owner hides from the tenant: for the owner, who checks all of it. Temporary views of the
/// connection take the place of the stored ones, so no statement over those may be older than
/// this object or outlive it.
class WithheldView {
 public:
  explicit WithheldView(Connection& db);
  ~WithheldView();
  WithheldView(const WithheldView&) = delete;
  WithheldView& operator=(const WithheldView&) = delete;

 private:
  Connection& db_;
};

}  // namespace hart::store
