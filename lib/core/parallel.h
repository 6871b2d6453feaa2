#pragma once

#include <cstddef>
#include <functional>

namespace hart {

/// Threads to use when the caller has no wish: the processors this process may run on.
[[nodiscard]] unsigned default_threads() noexcept;

/// Runs body(begin, end) over disjoint parts that cover [0, count), on at most `threads`
/// threads, the caller's among them. Parts are contiguous and never smaller than `grain` unless
/// count is. The split depends on count, grain and threads only; results must not depend on it.
/// The first exception thrown by a part is rethrown after all have ended. The threads stay and
/// are used again by the next call; a call inside or beside another one gets threads of its
/// own.
void parallel_for(std::size_t count, std::size_t grain, unsigned threads,
                  const std::function<void(std::size_t begin, std::size_t end)>& body);

}  // namespace hart
