#include "prov/export/prov_writers.h"

#include "prov/export/escape.h"

namespace hart::prov::exports {
namespace {

void append_json_value(std::string& out, const ProvAttribute& attribute) {
  if (attribute.type == ProvType::string) {
    append_json_string(out, attribute.text);
    return;
  }
  if (attribute.type == ProvType::boolean) {
    out += attribute.text;
    return;
  }
  out += "{\"$\":";
  append_json_string(out, attribute.text);
  out += ",\"type\":\"";
  out += prov_type_name(attribute.type);
  out += "\"}";
}

/// "name":value, or "name":[value,value] for those that follow each other under one name.
std::size_t append_json_attribute(std::string& out,
                                  const std::vector<ProvAttribute>& attributes,
                                  std::size_t first) {
  std::size_t end = first + 1;
  while (end < attributes.size() && attributes[end].name == attributes[first].name) ++end;
  append_json_string(out, attributes[first].name);
  out += end > first + 1 ? ":[" : ":";
  for (std::size_t i = first; i < end; ++i) {
    if (i > first) out += ',';
    append_json_value(out, attributes[i]);
  }
  if (end > first + 1) out += ']';
  return end;
}

void append_provn_value(std::string& out, const ProvAttribute& attribute) {
  if (attribute.type == ProvType::qualified_name) {
    out += "'" + attribute.text + "'";
    return;
  }
  append_provn_string(out, attribute.text);
  if (attribute.type == ProvType::string) return;
  out += " %% ";
  out += prov_type_name(attribute.type);
}

bool is_relation(ProvKind kind) {
  return kind > ProvKind::agent;
}

}  // namespace

void ProvJson::record(const ProvRecord& record) {
  Spool& spool = spools_[static_cast<std::size_t>(record.kind)];
  text_ = spool.empty() ? "\n    " : ",\n    ";
  append_json_string(
      text_, is_relation(record.kind) ? "_:r" + std::to_string(++relations_) : record.id);
  text_ += ":{";
  bool first = true;
  const auto separate = [&] {
    if (!first) text_ += ',';
    first = false;
  };
  const auto roles = prov_roles(record.kind);
  for (std::size_t i = 0; i < record.arguments.size(); ++i) {
    if (record.arguments[i].empty()) continue;
    separate();
    append_json_string(text_, roles.at(i));
    text_ += ':';
    append_json_string(text_, record.arguments[i]);
  }
  for (std::size_t at = 0; at < record.attributes.size();) {
    separate();
    at = append_json_attribute(text_, record.attributes, at);
  }
  text_ += '}';
  spool.write(text_);
}

void ProvJson::finish() {
  text_ = "{\n  \"prefix\":{\"hart\":\"";
  text_ += kProvNamespace;
  sink_.write(text_ + "\"}");
  for (std::size_t kind = 0; kind < spools_.size(); ++kind) {
    if (spools_[kind].empty()) continue;
    text_ = ",\n  \"";
    text_ += prov_kind_name(static_cast<ProvKind>(kind));
    sink_.write(text_ + "\":{");
    spools_[kind].copy_to(sink_);
    sink_.write("\n  }");
  }
  sink_.write("\n}\n");
}

ProvN::ProvN(ByteSink& sink) : out_{sink} {
  out_.put("document\n  prefix hart <");
  out_.put(kProvNamespace);
  out_.put(">\n\n");
}

void ProvN::record(const ProvRecord& record) {
  std::string& out = out_.text();
  out += "  ";
  out += prov_kind_name(record.kind);
  out += '(' + record.id;
  for (std::size_t i = 0; i < provn_arguments(record.kind); ++i) {
    if (i > 0 || !record.id.empty()) out += ", ";
    const bool known = i < record.arguments.size() && !record.arguments[i].empty();
    out += known ? record.arguments[i] : "-";
  }
  if (!record.attributes.empty()) out += ", [";
  for (std::size_t i = 0; i < record.attributes.size(); ++i) {
    if (i > 0) out += ", ";
    out += record.attributes[i].name + "=";
    append_provn_value(out, record.attributes[i]);
  }
  if (!record.attributes.empty()) out += ']';
  out += ")\n";
  out_.written();
}

void ProvN::finish() {
  out_.put("endDocument\n");
  out_.flush();
}

}  // namespace hart::prov::exports
