#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "core/error.h"
#include "header_builder.h"
#include "nn/tokenizer.h"

namespace hart::nn {
namespace {

using Tokens = std::vector<TokenId>;

/// <unk> 0, <s> 1, </s> 2, <0x00>… 3…258, then the given tokens with their scores.
HeaderBuilder spm_header(const std::vector<std::pair<std::string, double>>& tokens) {
  std::vector<std::string> texts = {"<unk>", "<s>", "</s>"};
  std::vector<std::int64_t> kinds = {2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    const char* digits = "0123456789ABCDEF";
    texts.push_back(std::string{"<0x"} + digits[byte / 16] + digits[byte % 16] + ">");
    kinds.push_back(6);
  }
  std::vector<double> scores(texts.size(), 0.0);
  for (const auto& [text, score] : tokens) {
    texts.push_back(text);
    kinds.push_back(1);
    scores.push_back(score);
  }
  HeaderBuilder builder;
  builder.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", texts);
  builder.integers("tokenizer.ggml.token_type", kinds).numbers("tokenizer.ggml.scores", scores);
  return builder;
}

constexpr TokenId kFirst = 259;  ///< the first token given to spm_header
TokenId byte_token(int byte) {
  return 3 + byte;
}

/// Single letters a–e and space mark, and merges of them.
HeaderBuilder letters_header() {
  return spm_header({{"▁", -10},
                     {"a", -11},
                     {"b", -12},
                     {"c", -13},
                     {"ab", -3},
                     {"bc", -2},
                     {"abc", -4},
                     {"▁a", -1}});
}

/// Byte-level BPE: the letters a, b, c and Ġ (the space), merges "a b", "b c", "Ġ a", "ab c".
HeaderBuilder bpe_header() {
  HeaderBuilder builder;
  builder.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
  builder.texts("tokenizer.ggml.tokens",
                {"a", "b", "c", "Ġ", "ab", "bc", "Ġa", "abc", "<|end|>", "<x>", "?"});
  builder.integers("tokenizer.ggml.token_type", {1, 1, 1, 1, 1, 1, 1, 1, 3, 4, 2});
  builder.texts("tokenizer.ggml.merges", {"b c", "a b", "Ġ a", "ab c"});
  return builder;
}

bool refuses(const HeaderBuilder& builder, const std::string& because) {
  try {
    (void)make_tokenizer(builder.header());
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(error.fault() == Fault::data);
    CHECK(std::string{error.what()}.find(because) != std::string::npos);
    return true;
  }
  return false;
}

TEST_CASE("SPM: the highest score merges first, the leftmost among equals") {
  const auto tokenizer = make_tokenizer(letters_header().header());
  // "▁abc": ▁a (-1) wins over bc (-2); then bc merges, and "▁abc" is no token.
  CHECK(tokenizer->encode("abc") == Tokens{kFirst + 7, kFirst + 5});
  const auto equal = make_tokenizer(spm_header({{"a", -5}, {"aa", -1}}).header());
  // The space mark is no token here and is spelt in bytes.
  CHECK(equal->encode("aaa") ==
        Tokens{byte_token(0xE2), byte_token(0x96), byte_token(0x81), kFirst + 1, kFirst});
}

TEST_CASE("SPM: without the space prefix the text begins as it is") {
  HeaderBuilder builder = letters_header();
  builder.boolean("tokenizer.ggml.add_space_prefix", false);
  const auto tokenizer = make_tokenizer(builder.header());
  CHECK(tokenizer->encode("abc") == Tokens{kFirst + 6});
  CHECK(tokenizer->decode(Tokens{kFirst + 7}) == " a");
}

TEST_CASE("SPM: what no token spells becomes byte tokens, valid UTF-8 or not") {
  const auto tokenizer = make_tokenizer(letters_header().header());
  CHECK(tokenizer->encode("é") == Tokens{kFirst, byte_token(0xC3), byte_token(0xA9)});
  CHECK(tokenizer->encode("\xFF") == Tokens{kFirst, byte_token(0xFF)});
  CHECK(tokenizer->encode("a\xE2\x96") ==
        Tokens{kFirst + 7, byte_token(0xE2), byte_token(0x96)});
  CHECK(tokenizer->decode(tokenizer->encode("é a\xFF")) == "é a\xFF");
}

TEST_CASE("SPM: words give the same tokens one by one as in a single pass") {
  // A token with a space mark inside switches the division into words off, and is never
  // reached.
  auto tokens = std::vector<std::pair<std::string, double>>{
      {"▁", -9}, {"a", -9}, {"b", -9}, {"▁a", -3}, {"ab", -2}, {"▁▁", -1}, {"▁ab", -4}};
  const auto by_word = make_tokenizer(spm_header(tokens).header());
  tokens.push_back({"zzz▁zzz", 0});
  const auto whole = make_tokenizer(spm_header(tokens).header());
  for (const char* text : {"ab ab  a b   ab ", " a", "   ", "b b a  aab", "ab\n ab"})
    CHECK(by_word->encode(text) == whole->encode(text));
}

TEST_CASE("tokenizer: special tokens are added and parsed only when asked for") {
  const auto tokenizer = make_tokenizer(letters_header().header());
  CHECK(tokenizer->encode("") == Tokens{});
  CHECK(tokenizer->encode("", {.add_special = true}) == Tokens{1});
  CHECK(tokenizer->encode("a", {.add_special = true}) == Tokens{1, kFirst + 7});
  const Tokens parsed = tokenizer->encode("a</s>b", {.parse_special = true});
  CHECK(parsed == Tokens{kFirst + 7, 2, kFirst, kFirst + 2});
  CHECK(tokenizer->decode(parsed) == "ab");
  CHECK(tokenizer->encode("a</s>").size() > 2);
  CHECK(tokenizer->decode(tokenizer->encode("a</s>")) == "a</s>");
}

TEST_CASE(
    "tokenizer: add_eos puts the end token behind, an id outside the vocabulary is none") {
  HeaderBuilder builder = letters_header();
  builder.boolean("tokenizer.ggml.add_eos_token", true);
  CHECK(make_tokenizer(builder.header())->encode("", {.add_special = true}) == Tokens{1, 2});
  builder.integer("tokenizer.ggml.eos_token_id", 4294967295);
  const auto without = make_tokenizer(builder.header());
  CHECK(!without->eos());
  CHECK(without->is_end(2));  // it is spelt </s>
  CHECK(!without->is_end(1));
  CHECK(without->encode("", {.add_special = true}) == Tokens{1});
}

TEST_CASE("tokenizer: generation ends at the end token, an end of turn, a usual spelling") {
  HeaderBuilder builder = bpe_header();
  builder.integer("tokenizer.ggml.eos_token_id", 5).integer("tokenizer.ggml.eot_token_id", 6);
  const auto tokenizer = make_tokenizer(builder.header());
  CHECK(tokenizer->is_end(5));
  CHECK(tokenizer->is_end(6));
  CHECK(tokenizer->is_end(8));
  CHECK(!tokenizer->is_end(7));
  CHECK(!tokenizer->is_end(-1));
}

TEST_CASE("BPE: merges apply by rank") {
  const auto tokenizer = make_tokenizer(bpe_header().header());
  CHECK(tokenizer->encode("abc") == Tokens{0, 5});
  CHECK(tokenizer->encode("ab") == Tokens{4});
  CHECK(tokenizer->encode(" ab") == Tokens{3, 4});
  CHECK(tokenizer->encode("abab") == Tokens{4, 4});
  CHECK(tokenizer->encode("b bc") == Tokens{1, 3, 5});
  CHECK(tokenizer->decode(Tokens{3, 4, 6}) == " ab a");
}

TEST_CASE("BPE: user-defined tokens are always one token, control tokens when parsed") {
  const auto tokenizer = make_tokenizer(bpe_header().header());
  CHECK(tokenizer->encode("a<x>b") == Tokens{0, 9, 1});
  CHECK(tokenizer->decode(Tokens{0, 9, 1}) == "a<x>b");
  CHECK(tokenizer->encode("a<|end|>b", {.parse_special = true}) == Tokens{0, 8, 1});
  CHECK(tokenizer->decode(Tokens{0, 8, 1}) == "ab");
}

TEST_CASE("BPE: a byte that the vocabulary lacks becomes the unknown token, or nothing") {
  HeaderBuilder builder = bpe_header();
  CHECK(make_tokenizer(builder.header())->encode("azb") == Tokens{0, 1});
  builder.integer("tokenizer.ggml.unknown_token_id", 10);
  CHECK(make_tokenizer(builder.header())->encode("azb") == Tokens{0, 10, 1});
}

TEST_CASE("BPE: merges through symbols that are no tokens reach those that are") {
  HeaderBuilder builder = bpe_header();
  // "cb" is no token: it is left as its bytes unless it grows into "cba".
  builder.texts("tokenizer.ggml.merges", {"c b", "cb a"});
  builder.texts("tokenizer.ggml.tokens",
                {"a", "b", "c", "Ġ", "cba", "bc", "Ġa", "abc", "d", "e", "f"});
  const auto tokenizer = make_tokenizer(builder.header());
  CHECK(tokenizer->encode("cba") == Tokens{4});
  CHECK(tokenizer->encode("cbb") == Tokens{2, 1, 1});
}

TEST_CASE("BPE: a word of a million letters is no worse than linearithmic") {
  const auto tokenizer = make_tokenizer(bpe_header().header());
  std::string text;
  for (int i = 0; i < 250000; ++i) text += "aabc";
  const Tokens tokens = tokenizer->encode(text);
  CHECK(tokens.size() == 3 * 250000);
  CHECK(tokenizer->decode(tokens) == text);
}

/// [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, then pieces; those that begin words are marked.
HeaderBuilder word_piece_header() {
  HeaderBuilder builder;
  builder.text("tokenizer.ggml.model", "bert");
  builder.texts("tokenizer.ggml.tokens", {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁un", "able",
                                          "▁a", "▁,", "▁é", "▁e", "ab", "▁中"});
  builder.integers("tokenizer.ggml.token_type", {3, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1});
  builder.integer("tokenizer.ggml.unknown_token_id", 1)
      .integer("tokenizer.ggml.cls_token_id", 2);
  builder.integer("tokenizer.ggml.seperator_token_id", 3);
  return builder;
}

TEST_CASE("WordPiece: the longest piece first; a word of which a part is missing is unknown") {
  const auto tokenizer = make_tokenizer(word_piece_header().header());
  CHECK(tokenizer->encode("unable, a") == Tokens{4, 5, 7, 6});
  CHECK(tokenizer->encode("unablex a") == Tokens{1, 6});
  CHECK(tokenizer->encode("able") == Tokens{1});  // no piece that begins a word
  CHECK(tokenizer->encode("a中a") == Tokens{6, 11, 6});
  CHECK(tokenizer->encode("UN\u0301ABLE É\xFF") == Tokens{4, 5, 9});
  CHECK(tokenizer->encode("a", {.add_special = true}) == Tokens{2, 6, 3});
  CHECK(tokenizer->decode(Tokens{2, 4, 5, 7, 6, 3}) == "unable , a");
  const auto cased = make_tokenizer(
      word_piece_header().boolean("tokenizer.ggml.normalizer.lowercase", false).header());
  CHECK(cased->encode("é A") == Tokens{8, 1});
}

/// <pad> 0, </s> 1, <unk> 2, pieces, and one that the user defined.
HeaderBuilder unigram_header() {
  HeaderBuilder builder;
  builder.text("tokenizer.ggml.model", "t5");
  builder.texts("tokenizer.ggml.tokens",
                {"<pad>", "</s>", "<unk>", "▁", "a", "b", "ab", "▁a", "ba", "<x>"});
  builder.integers("tokenizer.ggml.token_type", {3, 3, 2, 1, 1, 1, 1, 1, 1, 4});
  builder.numbers("tokenizer.ggml.scores", {0, 0, 0, -2, -3, -3, -4, -4, -1, 0});
  builder.boolean("tokenizer.ggml.add_space_prefix", true);
  builder.boolean("tokenizer.ggml.remove_extra_whitespaces", true);
  return builder;
}

TEST_CASE("Unigram: the segmentation of the greatest score, not the longest piece") {
  const auto tokenizer = make_tokenizer(unigram_header().header());
  // "▁a" "ba" is -5; "▁" "ab" "a" would be -9.
  CHECK(tokenizer->encode("aba") == Tokens{7, 8});
  CHECK(tokenizer->encode("  a   ab ") == Tokens{7, 3, 6});
  CHECK(tokenizer->encode("azzb") == Tokens{7, 2, 5});  // two unknown characters are one token
  CHECK(tokenizer->encode("a<x>b") == Tokens{7, 9, 3, 5});
  CHECK(tokenizer->encode("a", {.add_special = true}) == Tokens{7, 1});
  CHECK(tokenizer->decode(Tokens{7, 8, 3, 6, 1}) == "aba ab");
  HeaderBuilder spaces = unigram_header();
  spaces.boolean("tokenizer.ggml.remove_extra_whitespaces", false);
  CHECK(make_tokenizer(spaces.header())->encode("a  a") == Tokens{7, 3, 7});
}

TEST_CASE("Unigram: a compiled normalizer that contradicts itself is refused, not followed") {
  HeaderBuilder builder = unigram_header();
  builder.integers("tokenizer.ggml.precompiled_charsmap", {255, 255, 255, 127, 0});
  CHECK(refuses(builder, "larger than the map"));
  builder.integers("tokenizer.ggml.precompiled_charsmap", {1});
  CHECK(refuses(builder, "too short"));
  // One unit whose offset leads far outside the trie.
  builder.integers("tokenizer.ggml.precompiled_charsmap", {4, 0, 0, 0, 0, 255, 255, 255, 65});
  CHECK(make_tokenizer(builder.header())->encode("aba") == Tokens{7, 8});
}

TEST_CASE("PieceStream: a character is shown once all its bytes are there") {
  const auto tokenizer = make_tokenizer(letters_header().header());
  PieceStream stream{*tokenizer};
  CHECK(stream.push(byte_token(0xF0)).empty());
  CHECK(stream.push(byte_token(0x9F)).empty());
  CHECK(stream.push(byte_token(0xA6)).empty());
  CHECK(stream.push(byte_token(0x99)) == "🦙");
  CHECK(stream.push(kFirst + 7) == " a");
  CHECK(stream.push(byte_token(0xC3)).empty());
  CHECK(stream.push(kFirst + 1) ==
        "\xC3"
        "a");
  CHECK(stream.push(byte_token(0x80)) == "\x80");
  CHECK(stream.push(byte_token(0xE2)).empty());
  CHECK(stream.finish() == "\xE2");
  CHECK(stream.finish().empty());
}

TEST_CASE("make_tokenizer: refuses what it does not know, by name") {
  CHECK(refuses(HeaderBuilder{}, "tokenizer.ggml.model"));
  CHECK(refuses(letters_header().text("tokenizer.ggml.model", "rwkv"), "'rwkv'"));
  CHECK(refuses(bpe_header().text("tokenizer.ggml.pre", "quenya"), "'quenya'"));
  CHECK(refuses(letters_header().remove("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens"));
  CHECK(refuses(letters_header().remove("tokenizer.ggml.scores"), "tokenizer.ggml.scores"));
  CHECK(refuses(bpe_header().remove("tokenizer.ggml.merges"), "tokenizer.ggml.merges"));
}

TEST_CASE("make_tokenizer: refuses vocabularies that contradict themselves") {
  CHECK(refuses(letters_header().numbers("tokenizer.ggml.scores", {1, 2}), "2 entries"));
  CHECK(refuses(letters_header().integers("tokenizer.ggml.token_type", {1}), "1 entries"));
  CHECK(refuses(
      bpe_header().integers("tokenizer.ggml.token_type", {1, 1, 1, 1, 1, 1, 1, 1, 3, 4, 7}),
      "type 7"));
  CHECK(refuses(bpe_header().texts("tokenizer.ggml.merges", {"ab"}), "entry 0"));
  CHECK(refuses(bpe_header().texts("tokenizer.ggml.merges", {"a b", "a "}), "entry 1"));
  CHECK(refuses(bpe_header().integers("tokenizer.ggml.tokens", {1}), "tokenizer.ggml.tokens"));
  HeaderBuilder nan = letters_header();
  std::vector<double> scores(kFirst + 8, 0.0);
  scores[5] = std::numeric_limits<double>::quiet_NaN();
  CHECK(refuses(nan.numbers("tokenizer.ggml.scores", scores), "token 5"));
}

TEST_CASE("tokenizer: a token outside the vocabulary cannot be decoded") {
  const auto tokenizer = make_tokenizer(bpe_header().header());
  CHECK_THROWS_AS((void)tokenizer->piece(-1), Error);
  CHECK_THROWS_AS((void)tokenizer->piece(tokenizer->vocab_size()), Error);
  CHECK_NOTHROW((void)tokenizer->piece(tokenizer->vocab_size() - 1));
}

}  // namespace
}  // namespace hart::nn
