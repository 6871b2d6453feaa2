#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "formats/regex.h"

namespace hart::nn {

/// How a family of byte-level vocabularies is used.
struct BpeFamily {
  /// Regular expressions, each of which cuts what the ones before it left: see BpeSplitter.
  std::span<const std::string_view> expressions;
  /// A word that is a token becomes it whatever the merges say.
  bool ignores_merges = false;
  /// The begin token is put in front where the file does not say.
  bool adds_bos = false;
};

/// The family that `tokenizer.ggml.pre` names ("gpt-2", "llama-bpe", "qwen2", …), or null when
/// it is not known. An empty name, a file of the time before that key, means "gpt-2". Names and
/// expressions are those of the models' own tokenizer.json files and of llama.cpp.
[[nodiscard]] const BpeFamily* find_bpe_family(std::string_view name) noexcept;

using WordVisitor = std::function<void(std::string_view word)>;

/// Cuts text into the words that byte-level BPE encodes one by one: together they are the text.
/// Each expression cuts every piece that the one before it left into its matches and what
/// stands between them; it sees nothing of the text around the piece. Bytes that are not valid
/// UTF-8 count as one character each, U+FFFD. Immutable.
class BpeSplitter {
 public:
  /// Throws Error(data) as formats::Regex does.
  explicit BpeSplitter(std::span<const std::string_view> expressions);

  /// What a search remembers: for one thread.
  class Session {
   public:
    /// `splitter` must outlive the session.
    explicit Session(const BpeSplitter& splitter);
    /// Calls visit(word) for the words of `text`, in order. Throws Error(data) when an
    /// expression takes too long, which those of find_bpe_family never do.
    void split(std::string_view text, const WordVisitor& visit);

   private:
    void split_from(std::size_t level, std::string_view text, const WordVisitor& visit);
    std::vector<formats::RegexMatcher> matchers_;
  };

 private:
  std::vector<formats::Regex> expressions_;
};

}  // namespace hart::nn
