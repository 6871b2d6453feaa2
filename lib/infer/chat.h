#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/json.h"
#include "infer/generate.h"
#include "infer/sequence.h"
#include "nn/chat_template.h"

namespace hart::infer {

/// A conversation with a model, written as its chat template says. What the model has read
/// stays evaluated from turn to turn: only what a new turn adds or changes is read, and no
/// reply depends on that.
class Chat {
 public:
  /// `settings` are those of every reply; its prompt and its evidence are not used. `source` is
  /// the text of a chat template; empty: the model's own. `model` and what `reuse` names must
  /// outlive the chat. Throws Error(data) when there is no template, and as ChatTemplate does.
  Chat(RunnableModel& model, GenerateRequest settings, const std::string& source = {},
       const Reuse& reuse = {});
  Chat(const Chat&) = delete;
  Chat& operator=(const Chat&) = delete;

  /// The conversation so far: objects with `role` and `content`.
  [[nodiscard]] const std::vector<Json>& messages() const noexcept { return messages_; }

  /// Adds `turns` to the conversation, generates the reply and adds it too. End-of-turn tokens
  /// end it. Control tokens are read out of the template's text, and so out of what a turn
  /// says: that is how the models' own libraries write conversations. Metered and reported as
  /// `generate` does. Throws as `generate` and ChatTemplate::render do; the conversation is
  /// then as it was before.
  [[nodiscard]] Generation reply(const std::vector<Json>& turns, const Reporting& reporting,
                                 const std::function<void(const TokenEvent&)>& each_token);
  /// Begins anew with `messages`; nothing is generated.
  void begin(std::vector<Json> messages) { messages_ = std::move(messages); }

 private:
  [[nodiscard]] std::string write(const std::vector<Json>& messages) const;

  RunnableModel& model_;
  GenerateRequest settings_;
  nn::ChatTemplate template_;
  Sequence own_;
  Reuse reuse_;
  std::vector<Json> messages_;
};

}  // namespace hart::infer
