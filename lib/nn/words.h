#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hart::nn {

/// Calls `visit` with the lower-case words of `text`: maximal runs of ASCII letters and digits
/// of at least two characters, after the letters U+00C0 to U+00FF were folded to ASCII (é to e,
/// ß to ss, Æ to ae). Everything else separates words, invalid UTF-8 too. The word is valid
/// during the call.
void for_each_word(std::string_view text,
                   const std::function<void(std::string_view word)>& visit);

/// Forms of which `word` may be an inflection, the likeliest first: "puppies" gives "puppy", …,
/// "running" gives "runne", "runn", "run". None is shorter than three letters.
[[nodiscard]] std::vector<std::string> word_stems(std::string_view word);

}  // namespace hart::nn
