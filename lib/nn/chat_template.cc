#include "nn/chat_template.h"

#include "core/error.h"
#include "nn/template_evaluator.h"
#include "nn/template_parser.h"

namespace hart::nn {

struct ChatTemplate::Tree {
  jinja::Statements statements;
};

ChatTemplate::ChatTemplate(std::string_view source)
    : tree_{std::make_unique<const Tree>(Tree{jinja::parse_template(source)})} {}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

std::string ChatTemplate::render(const Json& variables, const TemplateOptions& options) const {
  if (!variables.is_object())
    throw Error{Fault::data, "a template's variables must be an object"};
  jinja::Runtime runtime{{options.limits.steps, options.limits.value_bytes}, options.now};
  jinja::Evaluator evaluator{runtime, options.limits.output_bytes};
  for (auto variable = variables.begin(); variable != variables.end(); ++variable)
    evaluator.set_variable(variable.key(), jinja::from_json(variable.value()));
  return evaluator.render(tree_->statements);
}

}  // namespace hart::nn
