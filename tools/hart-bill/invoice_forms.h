#pragma once

#include <string>

#include "bill/invoice.h"
#include "core/json.h"

namespace hart::cli {

/// An invoice as JSON; `type` is `invoice`, or `estimate` for one without a number.
[[nodiscard]] Json invoice_json(const bill::Invoice& invoice, const std::string& tenant);

/// The same as aligned text; ends without a newline.
[[nodiscard]] std::string invoice_text(const bill::Invoice& invoice, const std::string& tenant);

/// The same as one page of HTML that loads nothing and prints on paper; ends without a newline.
[[nodiscard]] std::string invoice_html(const bill::Invoice& invoice, const std::string& tenant);

}  // namespace hart::cli
