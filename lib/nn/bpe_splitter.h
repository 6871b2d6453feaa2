#pragma once

#include <string_view>
#include <vector>

namespace hart::nn {

/// Cuts text into the words that byte-level BPE encodes one by one: together they are the text.
/// Appends to `words`, which view into `text`. Bytes that are not valid UTF-8 count as one
/// character each that is neither letter, number nor space.
using BpeSplitter = void (*)(std::string_view text, std::vector<std::string_view>& words);

/// The splitter that `tokenizer.ggml.pre` names ("gpt-2"), or null when there is none of ours.
/// An empty name, a file of the time before that key, means "gpt-2".
[[nodiscard]] BpeSplitter find_bpe_splitter(std::string_view name) noexcept;

/// GPT-2's: the matches, one after the other, of the expression
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
/// Source: A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019,
/// code.
void split_gpt2(std::string_view text, std::vector<std::string_view>& words);

}  // namespace hart::nn
