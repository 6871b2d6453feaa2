#include "about.h"

#include "prov/graph/node_key.h"
#include "store/catalog.h"

namespace hart::cli {
namespace {

constexpr std::size_t kShownBytes = 72;

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace

std::string first_line(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.size() > kShownBytes) {
    std::size_t end = kShownBytes;
    while (end > 0 && is_continuation(line[end])) --end;
    line = line.substr(0, end);
  }
  return std::string{line} + (line.size() < text.size() ? "…" : "");
}

std::string about_atom(store::Store& store, const prov::StoreGraph& graph, const Id& atom) {
  const auto held = store::find_atom(store, atom);
  if (held) {
    const auto node = prov::node_id({prov::NodeKind::atom, held->atom_id, 0});
    for (const char* key : {"text", "name"}) {
      const prov::cypher::Value value = graph.node_property(node, key);
      if (value.kind() == prov::cypher::Kind::string && !value.string().empty())
        return first_line(value.string());
    }
  }
  return atom.text();
}

}  // namespace hart::cli
