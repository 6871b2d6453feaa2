#include "nn/template_token_stream.h"

namespace hart::nn::jinja {
namespace {

/// How a message calls the token.
std::string describe(const Token& token) {
  switch (token.type) {
    case TokenType::end:
      return "the end of the template";
    case TokenType::text:
      return "text";
    case TokenType::string:
      return "a string";
    default:
      return "'" + token.text + "'";
  }
}

}  // namespace

void TokenStream::fail_expected(const std::string& what) const {
  fail_at(current().position, "expected " + what + ", found " + describe(current()));
}

void TokenStream::expect_symbol(std::string_view text) {
  if (!skip_symbol(text)) fail_expected("'" + std::string{text} + "'");
}

std::string TokenStream::expect_name(const std::string& what) {
  if (!at(TokenType::name)) fail_expected(what);
  return next().text;
}

void TokenStream::expect_type(TokenType type, const std::string& what) {
  if (!at(type)) fail_expected(what);
  next();
}

}  // namespace hart::nn::jinja
