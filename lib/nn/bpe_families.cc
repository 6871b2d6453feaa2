#include <array>

#include "nn/bpe_splitter.h"

// The expressions of the families, as their tokenizer.json files and llama.cpp state them. The
// parts that families share are macros, for only literals join at compile time.

#define HART_CONTRACTIONS "'s|'t|'re|'ve|'m|'ll|'d"
#define HART_ANY_CASE_CONTRACTIONS "(?i:" HART_CONTRACTIONS ")"
#define HART_SPACES R"(\s+(?!\S)|\s+)"
#define HART_GPT2 HART_CONTRACTIONS R"(| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|)" HART_SPACES
#define HART_LINES R"(\s*[\r\n]+|)" HART_SPACES
#define HART_WORD R"([^\r\n\p{L}\p{N}]?\p{L}+|)"
#define HART_UPPER R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])"
#define HART_LOWER R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])"
#define HART_OTHERS R"( ?[^\s\p{L}\p{N}]+[\r\n]*|)"
#define HART_OTHERS_SLASH R"( ?[^\s\p{L}\p{N}]+[\r\n/]*|)"
#define HART_ASCII_PUNCTUATION R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])"
#define HART_CJK R"([一-龥ࠀ-一가-퟿]+)"

namespace hart::nn {
namespace {

using Expression = std::string_view;

constexpr std::array<Expression, 1> kGpt2 = {HART_GPT2};
constexpr std::array<Expression, 1> kLlama3 = {
    HART_ANY_CASE_CONTRACTIONS "|" HART_WORD R"(\p{N}{1,3}|)" HART_OTHERS HART_LINES};
constexpr std::array<Expression, 1> kQwen2 = {HART_ANY_CASE_CONTRACTIONS
                                              "|" HART_WORD R"(\p{N}|)" HART_OTHERS HART_LINES};
constexpr std::array<Expression, 1> kQwen35 = {
    HART_ANY_CASE_CONTRACTIONS
    R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|)" HART_LINES};
constexpr std::array<Expression, 1> kTekken = {HART_UPPER
                                               "*" HART_LOWER "+|" HART_UPPER "+" HART_LOWER
                                               R"(*|\p{N}|)" HART_OTHERS_SLASH HART_LINES};
constexpr std::array<Expression, 1> kGpt4o = {
    HART_UPPER "*" HART_LOWER "+" HART_ANY_CASE_CONTRACTIONS "?|" HART_UPPER "+" HART_LOWER
               "*" HART_ANY_CASE_CONTRACTIONS R"(?|\p{N}{1,3}|)" HART_OTHERS_SLASH HART_LINES};
constexpr std::array<Expression, 2> kDigits = {R"(\p{N})", HART_GPT2};
constexpr std::array<Expression, 3> kFalcon = {R"([\p{P}\$\+<=>\^~\|`]+)", HART_GPT2,
                                               "[0-9][0-9][0-9]"};
constexpr std::array<Expression, 4> kDefault = {R"([\p{P}\$\+<=>\^~\|]+)", HART_GPT2,
                                                R"(\p{N}+)", "[0-9][0-9][0-9]"};
constexpr std::array<Expression, 6> kDeepseekLlm = {
    R"([\r\n])",
    R"(\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗ)"
    R"(ὙὛὝ\x{1F5F}-\x{1F7D}ᾀ-ᾴᾶ-ᾼ\x{1FBE}ῂ-ῄῆ-ῌ\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\x{2126}ℨ\x{212A}-\x{212D}ℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆ)"
    R"(ﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+)",
    R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)",
    R"(\s+$)",
    HART_CJK,
    R"(\p{N}+)"};
constexpr std::array<Expression, 5> kDeepseekCoder = {R"([\r\n])", R"(\s?\p{L}+)",
                                                      R"(\s?\p{P}+)", HART_CJK, R"(\p{N})"};
constexpr std::array<Expression, 3> kDeepseekV3 = {
    R"(\p{N}{1,3})", R"([一-龥぀-ゟ゠-ヿ]+)",
    HART_ASCII_PUNCTUATION
    R"([A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|)" HART_LINES};
constexpr std::array<Expression, 1> kBloom = {R"( ?[^(\s|.,!?…。，、।۔،)]+)"};
constexpr std::array<Expression, 2> kViking = {R"( ?[^(\s|.,!?…。，、।۔،)]+)", R"(\p{N})"};
constexpr std::array<Expression, 2> kSuperBpe = {R"(\p{N}+)", R"((?=(\d{3})+(?!\d)))"};
constexpr std::array<Expression, 1> kBailing = {
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|)"
    R"(\s*[\r\n]|)" HART_SPACES};
constexpr std::array<Expression, 1> kSeedCoder = {
    HART_ANY_CASE_CONTRACTIONS "|" HART_WORD R"(\p{N}| ?[^\s\p{L}\p{N}\r\n]+|)" HART_LINES};
constexpr std::array<Expression, 6> kChameleon = {
    R"(<sentinel:[0-9]+>)",    R"((IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z)",
    R"(([\t\n]|    |  ))",     R"(\p{N})",
    R"([\p{P}!-/:-@\[-`{-~])", HART_GPT2};
constexpr std::array<Expression, 1> kKimiK2 = {
    R"(\p{Han}+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)" HART_ANY_CASE_CONTRACTIONS
    R"(?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)" HART_ANY_CASE_CONTRACTIONS
    R"(?|\p{N}{1,3}|)" HART_OTHERS HART_LINES};

struct NamedFamily {
  std::string_view name;
  BpeFamily family;
};

constexpr BpeFamily kLlama3Family{kLlama3, true, true};

constexpr auto kFamilies = std::to_array<NamedFamily>({
    {"", {kGpt2}},
    {"gpt-2", {kGpt2}},
    {"phi-2", {kGpt2}},
    {"mpt", {kGpt2}},
    {"olmo", {kGpt2}},
    {"jais", {kGpt2}},
    {"trillion", {kGpt2}},
    {"granite-docling", {kGpt2}},
    {"gigachat", {kGpt2}},
    {"mellum", {kGpt2}},
    {"modern-bert", {kGpt2}},
    {"a.x-4.0", {kGpt2}},
    {"roberta-bpe", {kGpt2}},
    {"jina-es", {kGpt2}},
    {"jina-de", {kGpt2}},
    {"jina-v1-en", {kGpt2}},
    {"jina-v2-es", {kGpt2}},
    {"jina-v2-de", {kGpt2}},
    {"jina-v2-code", {kGpt2}},
    {"default", {kDefault}},
    {"llama3", kLlama3Family},
    {"llama-v3", kLlama3Family},
    {"llama-bpe", kLlama3Family},
    {"falcon3", kLlama3Family},
    {"pixtral", kLlama3Family},
    {"dbrx", {kLlama3}},
    {"smaug-bpe", {kLlama3}},
    {"glm4", {kLlama3}},
    {"chatglm-bpe", {kLlama3}},
    {"qwen2", {kQwen2}},
    {"deepseek-r1-qwen", {kQwen2}},
    {"megrez", {kQwen2}},
    {"hunyuan", {kQwen2}},
    {"stablelm2", {kQwen2}},
    {"grok-2", {kQwen2}},
    {"qwen35", {kQwen35}},
    {"tekken", {kTekken, true, true}},
    {"gpt-4o", {kGpt4o}},
    {"llama4", {kGpt4o}},
    {"o200k", {kGpt4o}},
    {"kimi-k2", {kKimiK2}},
    {"starcoder", {kDigits}},
    {"refact", {kDigits}},
    {"command-r", {kDigits}},
    {"smollm", {kDigits}},
    {"codeshell", {kDigits}},
    {"exaone", {kDigits}},
    {"minerva-7b", {kDigits}},
    {"falcon", {kFalcon}},
    {"deepseek-llm", {kDeepseekLlm}},
    {"deepseek-coder", {kDeepseekCoder}},
    {"deepseek-v3", {kDeepseekV3}},
    {"hunyuan-dense", {kDeepseekV3}},
    {"bloom", {kBloom}},
    {"poro-chat", {kBloom}},
    {"gpt3-finnish", {kBloom}},
    {"viking", {kViking}},
    {"superbpe", {kSuperBpe}},
    {"bailingmoe", {kBailing}},
    {"seed-coder", {kSeedCoder}},
    {"chameleon", {kChameleon, false, true}},
});

}  // namespace

const BpeFamily* find_bpe_family(std::string_view name) noexcept {
  for (const NamedFamily& entry : kFamilies)
    if (entry.name == name) return &entry.family;
  return nullptr;
}

}  // namespace hart::nn
