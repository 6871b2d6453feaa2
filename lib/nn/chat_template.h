#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/json.h"

namespace hart::nn {

/// What one rendering may take, whatever the template says.
struct TemplateLimits {
  std::uint64_t output_bytes = std::uint64_t{64} << 20;  ///< of the text that is returned
  std::uint64_t value_bytes = std::uint64_t{1} << 30;    ///< of all values made on the way
  std::uint64_t steps = 50'000'000;                      ///< nodes evaluated, items visited
};

struct TemplateOptions {
  TimeUs now = 0;  ///< what `strftime_now` tells, in UTC: the caller's clock
  TemplateLimits limits = {};
};

/// A chat template: how a model's training wrote a conversation as one text. The language is
/// Jinja as transformers' `apply_chat_template` runs it: trim_blocks and lstrip_blocks, loop
/// controls, `generation` blocks (whose text is plain text here), the functions
/// raise_exception and strftime_now, `tojson` without HTML escapes, and a sandbox that changes
/// no list or dict. All of Jinja's expressions, filters and tests that chat templates use are
/// there; what is not: template inheritance and `include`, `random`, `pprint`, `urlize`,
/// `xmlattr` and kin, markup that remembers being escaped, integers of more than 64 bits.
/// Immutable: any number of threads may render one.
class ChatTemplate {
 public:
  /// Throws Error(data, "line L, column C: expected …") for text that is no template.
  explicit ChatTemplate(std::string_view source);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  /// The conversation's text. `variables` is an object: `messages`, `add_generation_prompt`,
  /// `bos_token`, `eos_token`, `tools`, `documents` and whatever else the template reads; one
  /// that is absent is undefined, as in Jinja. Throws Error(data, "line L, column C: …") where
  /// the template raises an exception, uses what is undefined or exceeds a limit.
  [[nodiscard]] std::string render(const Json& variables,
                                   const TemplateOptions& options = {}) const;

 private:
  struct Tree;
  std::unique_ptr<const Tree> tree_;
};

}  // namespace hart::nn
