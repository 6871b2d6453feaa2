#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/template_lexer.h"

namespace hart::nn::jinja {

/// Reads the tokens of a template one after the other, for the parsers.
class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_{std::move(tokens)} {}

  [[nodiscard]] const Token& current() const noexcept { return tokens_[at_]; }
  /// The token after the current one, or the current one at the end.
  [[nodiscard]] const Token& ahead() const noexcept {
    return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_];
  }
  const Token& next() noexcept {
    const Token& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }

  [[nodiscard]] bool at(TokenType type) const noexcept { return current().type == type; }
  [[nodiscard]] bool at_symbol(std::string_view text) const noexcept {
    return at(TokenType::symbol) && current().text == text;
  }
  [[nodiscard]] bool at_name(std::string_view text) const noexcept {
    return at(TokenType::name) && current().text == text;
  }
  bool skip_symbol(std::string_view text) noexcept {
    const bool found = at_symbol(text);
    if (found) next();
    return found;
  }
  bool skip_name(std::string_view text) noexcept {
    const bool found = at_name(text);
    if (found) next();
    return found;
  }

  /// These pass the token, or throw Error(data, "line L, column C: expected …, found …").
  void expect_symbol(std::string_view text);
  std::string expect_name(const std::string& what);
  void expect_type(TokenType type, const std::string& what);
  [[noreturn]] void fail_expected(const std::string& what) const;

 private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace hart::nn::jinja
