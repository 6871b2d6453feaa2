#pragma once

namespace hart::geometry {

/// A point with three coordinates and a measure. What they mean is the business of the table
/// that keeps it; points of different tables are never compared.
struct PointZM {
  double x = 0;
  double y = 0;
  double z = 0;
  double m = 0;

  bool operator==(const PointZM&) const = default;
};

}  // namespace hart::geometry
