#pragma once

#include <string>

#include "core/clock.h"
#include "store/connection.h"

namespace hart::store {

/// Where the seconds of `tenant_object_period` begin: 2020-01-01, in seconds since 1970. The
/// triggers of the schema count so.
inline constexpr TimeUs kHistoryEpochSeconds = 1'577'836'800;

/// Makes the views of what a tenant holds show what held at `time`: current rows that had begun
/// by then, and rows of the history that began by then and ended later. Temporary views of the
/// connection take the place of the stored ones, so that every read of this connection is one
/// of the past. What `gc` has collected since is not there.
///
/// The connection stays in one read transaction from here on: the history's interval index
/// opens tables of its own, which only the owner may, and a change of the schema would open
/// them again in the middle of a tenant's statement.
void show_as_of(Connection& db, TimeUs time);

/// The same for a snapshot of the acting tenant's: objects are those that the snapshot holds
/// and no others, whatever became of them since; everything below them is as at its instant.
/// Throws Error(no_input) when there is no snapshot of that name.
void show_snapshot(Connection& db, const std::string& name);

}  // namespace hart::store
