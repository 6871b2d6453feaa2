#pragma once

#include "prov/export/graph_scan.h"

namespace hart::prov::exports {

/// A format that is written while a graph is scanned.
class GraphFormat : public GraphVisitor {
 public:
  /// Writes what comes last. Call once, after the scan.
  virtual void finish() = 0;
};

}  // namespace hart::prov::exports
