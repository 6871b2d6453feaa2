#pragma once

#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/template_value.h"

namespace hart::nn::jinja {

/// The variables that a loop's turn, a macro's call or a block sees as its own.
struct Scope {
  Scope* parent = nullptr;
  std::vector<std::pair<std::string, Value>> variables{};
  bool kept = false;  ///< a macro or a recursive loop refers to it

  /// The variable here or in a scope around, or null.
  [[nodiscard]] const Value* find(std::string_view name) const noexcept {
    for (const Scope* scope = this; scope != nullptr; scope = scope->parent)
      for (const auto& [key, value] : scope->variables)
        if (key == name) return &value;
    return nullptr;
  }
  /// Sets the variable here, whatever the scopes around hold.
  void set(const std::string& name, Value value) {
    for (auto& [key, held] : variables) {
      if (key != name) continue;
      held = std::move(value);
      return;
    }
    variables.emplace_back(name, std::move(value));
  }
};

/// All scopes of one rendering. A macro may outlive the loop that it stands in, by way of a
/// namespace: the scope that it refers to then stays until the end.
class Scopes {
 public:
  [[nodiscard]] Scope& current() noexcept { return *current_; }

  /// Keeps the current scope and all around it.
  void keep_current() noexcept {
    for (Scope* scope = current_; scope != nullptr && !scope->kept; scope = scope->parent)
      scope->kept = true;
  }

  /// A scope inside `parent` while this object lives.
  class Inside {
   public:
    Inside(Scopes& scopes, Scope* parent) : scopes_{scopes}, outer_{scopes.current_} {
      scope_ = scopes.all_.insert(scopes.all_.end(), Scope{.parent = parent});
      scopes.current_ = &*scope_;
    }
    ~Inside() {
      scopes_.current_ = outer_;
      if (!scope_->kept) scopes_.all_.erase(scope_);
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Scopes& scopes_;
    Scope* outer_;
    std::list<Scope>::iterator scope_;
  };

 private:
  std::list<Scope> all_{1};
  Scope* current_ = &all_.front();
};

}  // namespace hart::nn::jinja
