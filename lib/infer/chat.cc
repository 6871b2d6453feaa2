#include "infer/chat.h"

#include <optional>
#include <utility>

#include "core/clock.h"
#include "core/error.h"

namespace hart::infer {
namespace {

nn::ChatTemplate choose_template(const RunnableModel& model, const std::string& source) {
  const std::string text = source.empty() ? model.chat_template() : source;
  if (text.empty())
    throw Error{Fault::data,
                model.name() +
                    " has no chat template: give one with --chat-template FILE, or "
                    "use generate"};
  try {
    return nn::ChatTemplate{text};
  } catch (const Error& error) {
    throw Error{error.fault(), std::string{"chat template: "} + error.what()};
  }
}

Json token_text(const nn::Tokenizer& tokenizer, std::optional<nn::TokenId> token) {
  return token ? std::string{tokenizer.vocabulary().text(*token)} : std::string{};
}

}  // namespace

Chat::Chat(RunnableModel& model, GenerateRequest settings, const std::string& source,
           const Reuse& reuse)
    : model_{model},
      settings_{std::move(settings)},
      template_{choose_template(model, source)},
      own_{model},
      reuse_{reuse} {
  if (reuse_.sequence == nullptr) reuse_.sequence = &own_;
}

std::string Chat::write(const std::vector<Json>& messages) const {
  const nn::Tokenizer& tokenizer = model_.tokenizer();
  // What transformers gives every template.
  const Json variables{{"messages", messages},
                       {"tools", nullptr},
                       {"documents", nullptr},
                       {"add_generation_prompt", true},
                       {"bos_token", token_text(tokenizer, tokenizer.bos())},
                       {"eos_token", token_text(tokenizer, tokenizer.eos())}};
  try {
    return template_.render(variables, {.now = now_us()});
  } catch (const Error& error) {
    throw Error{error.fault(), std::string{"chat template: "} + error.what()};
  }
}

Generation Chat::reply(const std::vector<Json>& turns, const Reporting& reporting,
                       const std::function<void(const TokenEvent&)>& each_token) {
  std::vector<Json> messages = messages_;
  messages.insert(messages.end(), turns.begin(), turns.end());
  GenerateRequest request = settings_;
  request.prompt = write(messages);
  request.encoding = {.add_special = false, .parse_special = true};
  const std::vector<nn::TokenId> prompt =
      model_.tokenizer().encode(request.prompt, request.encoding);
  if (prompt.empty()) throw Error{Fault::data, "the chat template wrote nothing"};
  Generation generation =
      generate_after(model_, prompt, request, reporting, each_token, reuse_);
  messages.push_back({{"role", "assistant"}, {"content", generation.text}});
  messages_ = std::move(messages);
  return generation;
}

}  // namespace hart::infer
