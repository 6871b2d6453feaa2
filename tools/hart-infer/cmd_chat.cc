#include <unistd.h>

#include <memory>
#include <vector>

#include "commands.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "generation_output.h"
#include "infer/chat.h"
#include "model_choice.h"
#include "reports.h"
#include "reuse_options.h"
#include "sampling_options.h"

namespace hart::infer_tool {
namespace {

/// Template files are a few kilobytes.
constexpr std::uint64_t kMaxTemplateBytes = 16 << 20;

struct ChatOptions {
  std::string model;
  std::string chat_template;
  std::string system;
  unsigned tokens = 512;
  nn::SamplerOptions sampling;
  ReuseOptions reuse;
  ReceiptKeyOptions receipt_key;
  std::vector<std::string> stop;
  unsigned context_length = 0;
  bool stream = false;
};

infer::GenerateRequest settings_of(const ChatOptions& options, const cli::Context& context) {
  infer::GenerateRequest settings;
  settings.sampling = options.sampling;
  settings.max_tokens = options.tokens;
  settings.stop = options.stop;
  settings.context_length = options.context_length;
  settings.threads = context.common.threads;
  settings.lookup = lookup_of(options.reuse);
  return settings;
}

/// The array under `messages`: objects with a role.
std::vector<Json> read_messages(const Json& value) {
  if (!value.is_array() || value.empty())
    throw Error{Fault::data, "`messages` must be an array that is not empty"};
  std::vector<Json> messages;
  for (const Json& message : value) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
      throw Error{Fault::data, "a message must be an object with a `role`"};
    messages.push_back(message);
  }
  return messages;
}

/// One conversation, whose turns come from standard input.
class Chatting {
 public:
  Chatting(const ChatOptions& options, cli::Context& context)
      : options_{options},
        context_{context},
        chosen_{choose_model(context, options.model, true)},
        reports_{chosen_.store, options.receipt_key},
        kept_{options.reuse, chosen_},
        chat_{*chosen_.model, settings_of(options, context),
              options.chat_template.empty()
                  ? ""
                  : cli::read_input(options.chat_template, kMaxTemplateBytes),
              kept_.reuse()} {
    if (!options.system.empty())
      chat_.begin({{{"role", "system"}, {"content", options.system}}});
  }

  /// `text` is a turn of the user; `messages` is another conversation up to the turn to answer.
  void answer(const Json& line) {
    if (!line.contains("messages")) return answer_text(cli::required_string(line, "text"));
    const std::vector<Json> messages = read_messages(line["messages"]);
    const std::vector<Json> before = chat_.messages();
    chat_.begin({});
    try {
      answer_turns(messages);
    } catch (const Error&) {
      chat_.begin(before);
      throw;
    }
  }

  void answer_text(const std::string& text) {
    answer_turns({{{"role", "user"}, {"content", text}}});
  }

 private:
  void answer_turns(const std::vector<Json>& turns) {
    const infer::Generation generation = chat_.reply(
        turns, reports_.reporting(), [this](const infer::TokenEvent& event) { show(event); });
    if (!context_.out.human())
      return context_.out.write(
          inference_json(generation, chosen_.model->name(), generation.text));
    context_.out.raw(as_bytes("\n"));
    context_.out.flush();
  }

  void show(const infer::TokenEvent& event) {
    context_.check_interrupt();
    if (context_.out.human()) {
      context_.out.raw(as_bytes(cli::printable(event.text)));
    } else if (options_.stream) {
      context_.out.write(token_json(event));
    } else {
      return;
    }
    context_.out.flush();
  }

  const ChatOptions& options_;
  cli::Context& context_;
  ChosenModel chosen_;
  Reports reports_;
  KeptWork kept_;
  infer::Chat chat_;
};

/// A person at a terminal writes turns as they are, a line each.
int talk(Chatting& chatting, cli::Context& context) {
  cli::LineReader lines{0, [&context] { context.check_interrupt(); }};
  while (true) {
    context.out.raw(as_bytes("> "));
    context.out.flush();
    const auto line = lines.next();
    if (!line) break;
    if (line->text.find_first_not_of(" \t") == std::string_view::npos) continue;
    chatting.answer_text(std::string{line->text});
  }
  context.out.raw(as_bytes("\n"));
  return 0;
}

int chat(const ChatOptions& options, cli::Context& context) {
  if (options.chat_template == "-")
    throw Error{Fault::usage, "standard input holds the turns: it cannot hold the template"};
  Chatting chatting{options, context};
  if (::isatty(0) != 0 && context.out.human()) return talk(chatting, context);
  return cli::for_each_line(context,
                            [&](const cli::InputLine& line) { chatting.answer(line.value); });
}

}  // namespace

void add_chat(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("chat", "Talk with a model, by its own chat template");
  auto& options = command.options<ChatOptions>();
  command.option("-m,--model", "MODEL", options.model,
                 "a name in the store, or a .gguf file (default: the store's only model)");
  command.option("--system", "TEXT", options.system, "what the model is told first");
  command.option("--chat-template", "FILE", options.chat_template,
                 "a template in Jinja, instead of the model's own");
  command.option("-n,--tokens", "N", options.tokens, "at most so many a reply").range(1, 1e9);
  add_sampling_options(command, options.sampling);
  add_reuse_options(command, options.reuse);
  add_receipt_key_options(command, options.receipt_key);
  command.option("--stop", "TEXT", options.stop, "end before this text; may be repeated");
  command.option("--context-length", "N", options.context_length,
                 "positions to hold (0: grows with the conversation)");
  command.flag("--stream", options.stream, "one line a token, then the result");
  command.action([&options](cli::Context& context) { return chat(options, context); });
}

}  // namespace hart::infer_tool
