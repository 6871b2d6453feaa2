#include "hit_output.h"

#include <algorithm>
#include <cstdio>

#include "common/json_text.h"

namespace hart::search_tool {
namespace {

std::string shortened(const std::string& text) {
  constexpr std::size_t kShown = 240;
  std::string line = text.substr(0, kShown);
  // Not in the middle of a UTF-8 sequence.
  while (line.size() < text.size() && !line.empty() && (text[line.size()] & 0xC0) == 0x80)
    line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line.size() < text.size() ? line + " …" : line;
}

/// A hit for people, from all its keys.
std::string hit_text(const Json& hit) {
  char head[64];
  std::snprintf(head, sizeof head, "%3zu  %8.4f  ", hit["rank"].get<std::size_t>(),
                hit["score"].get<double>());
  std::string text = head;
  text += hit["name"].is_null() ? hit["atom"].get<std::string>()
                                : hit["name"].get<std::string>() + ":" + hit["position"].dump();
  if (!hit["text"].is_null()) text += "\n     " + shortened(hit["text"].get<std::string>());
  return text;
}

}  // namespace

HitOutput::HitOutput(store::Store& store, HitFields fields, bool many)
    : fields_{fields}, ids_{store, many}, details_{store, fields} {}

void HitOutput::begin_snapshot() {
  if (ids_.begin_snapshot()) details_.forget();
}

void HitOutput::begin_value(std::string_view key) {
  json_ += ",\"";
  json_ += key;
  json_ += "\":";
}

void HitOutput::append_atom(std::int64_t atom_id) {
  begin_value("atom");
  if (const Id* id = ids_.find(atom_id))
    cli::append_id(json_, *id);
  else
    json_ += "null";
}

void HitOutput::make_json(const search::Query& query, const search::Hit& hit,
                          std::size_t rank) {
  json_ = R"({"type":"hit")";
  if (fields_.has(HitFields::rank)) {
    begin_value("rank");
    json_ += std::to_string(rank);
  }
  if (fields_.has(HitFields::atom)) append_atom(hit.atom_id);
  if (fields_.has(HitFields::score)) {
    begin_value("score");
    cli::append_rounded(json_, hit.score);
  }
  if (fields_.has(HitFields::distance)) {
    begin_value("distance");
    if (hit.distance)
      cli::append_rounded(json_, *hit.distance);
    else
      json_ += "null";
  }
  json_ += details_.of(hit.atom_id, query);
  if (fields_.has(HitFields::receipt)) {
    begin_value("receipt");
    json_ += receipt_.empty() ? "null" : '"' + receipt_ + '"';
  }
  json_ += '}';
}

void HitOutput::write(const search::Query& query, const search::Hit& hit, std::size_t rank,
                      cli::Output& out) {
  make_json(query, hit, rank);
  if (out.human())
    out.text(hit_text(parse_json(json_, "hit")));
  else
    out.write_json(json_);
}

Json facet_json(const search::Facet& facet) {
  return {{"type", "facet"},
          {"field", facet.field},
          {"value", facet.value},
          {"count", facet.count}};
}

std::string facet_text(const search::Facet& facet) {
  const std::string value = facet.value.is_null()     ? "(none)"
                            : facet.value.is_string() ? facet.value.get<std::string>()
                                                      : dump_json(facet.value);
  char figure[32];
  std::snprintf(figure, sizeof figure, "%8llu  ", static_cast<unsigned long long>(facet.count));
  return facet.field + figure + value;
}

std::string explain_text(const search::Explain& explain) {
  std::string text;
  for (const std::string& line : search::plan_lines(explain)) text += line + "\n";
  text += "time:";
  for (const search::Phase& phase : explain.phases) {
    char figure[64];
    std::snprintf(figure, sizeof figure, " %s %.2f ms", phase.name.c_str(),
                  phase.seconds * 1e3);
    text += figure;
  }
  return text;
}

}  // namespace hart::search_tool
