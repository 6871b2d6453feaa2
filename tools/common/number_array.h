#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hart::cli {

/// Takes the numbers under `key` out of the text of a JSON object, where reading them as a Json
/// would cost more than the rest of the work: an array of numbers, or their bytes as
/// `{"dtype":"f32","base64":"…"}` with its keys in either order. On success `numbers` holds
/// them, and what stood there in `text` is replaced by `null`. Values of an array are rounded
/// to binary64 and then to binary32. `numbers` should have room for as many as are expected.
///
/// Returns false, and leaves both as they are, on everything out of the ordinary: no such
/// numbers or none at all, the key standing twice anywhere in the text, an element that is no
/// JSON number or not finite as binary32, another dtype. The caller then reads the text as
/// Json, which also finds the error to report. What is wrong elsewhere in `text` is not looked
/// at.
[[nodiscard]] bool take_numbers(std::string& text, std::string_view key,
                                std::vector<float>& numbers);

}  // namespace hart::cli
