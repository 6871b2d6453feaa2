#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hart::cli {

/// Takes the array of numbers under `key` out of the text of a JSON object, where reading it as
/// a Json would cost more than the rest of the work: on success `numbers` holds it and the
/// array in `text` is replaced by `null`. Values are rounded to binary64 and then to binary32.
///
/// Returns false, and leaves both as they are, on everything out of the ordinary: no such
/// array or an empty one, the key standing twice anywhere in the text, an element that is no
/// JSON number or not finite as binary32. The caller then reads the text as Json, which also
/// finds the error to report. What is wrong elsewhere in `text` is not looked at.
[[nodiscard]] bool take_numbers(std::string& text, std::string_view key,
                                std::vector<float>& numbers);

}  // namespace hart::cli
