#pragma once

#include <string>

#include "core/json.h"

namespace hart::nn {

/// The grammar, as GBNF text, of JSON texts that `schema` (JSON Schema, draft 2020-12) accepts.
/// Every text of the grammar is valid; not every valid text is in it: see below.
///
/// Supported: `true`, `{}`; `type` (one or a list), `enum`, `const`; `properties`, `required`,
/// `additionalProperties`; `items`, `prefixItems`, `minItems`, `maxItems`; `minLength`,
/// `maxLength`, `pattern`, `format` (date, time, date-time, uuid); `minimum`, `maximum`,
/// `exclusiveMinimum`, `exclusiveMaximum` (whole numbers); `anyOf`, `oneOf` (of alternatives
/// that exclude each other), `allOf`; `$ref` into the schema itself, recursion included, with
/// `$defs` and `definitions`. Annotations (`title`, `description`, `default`, `examples`,
/// `deprecated`, `readOnly`, `writeOnly`, `$comment`, `$schema`, and `$id` at the root) say
/// nothing about a text. Whatever else stands in a schema is refused.
///
/// The texts are a part of the valid ones in these ways: properties come in the order in which
/// the schema names them, others after them; where `additionalProperties` is not said, only
/// those named come; a schema that has keywords of one type and no `type` means that type; all
/// of `prefixItems` are given; numbers have at most 16 digits before and after the point and
/// exponents of at most two; between tokens stands a space, or a line end and up to 20 blanks,
/// or nothing; names of additional properties have no escapes; escapes never name half of a
/// surrogate pair.
///
/// Throws Error(data, "json schema: <JSON pointer>: ...") naming the place of what is not
/// supported, contradicts itself, or is no schema.
[[nodiscard]] std::string json_schema_to_gbnf(const Json& schema);

}  // namespace hart::nn
