#include <limits>
#include <map>
#include <string>
#include <vector>

#include "atom/identity.h"
#include "commands.h"
#include "core/error.h"
#include "object_json.h"
#include "store/packs.h"
#include "store/storage_totals.h"
#include "tensor/dtype.h"

namespace hart::ingest {
namespace {

struct TreeOptions {
  std::string id;
  std::optional<std::int64_t> depth;
  std::optional<std::int64_t> limit;
  std::optional<std::string> as_of;
};

/// How an atom's bytes lie in the packs.
struct StoredForm {
  std::string codec;  ///< "+" between several
  double bytes = 0;   ///< of extents that it shares, its part
};

/// What a model says of a tensor that the tensor alone does not know.
struct TensorFacts {
  tensor::DType dtype = tensor::DType::f32;
  Json shape;
  std::optional<double> importance;
};

struct Node {
  store::Atom atom;
  std::string name;       ///< in its parent
  std::string full_name;  ///< with the names of the layers above
  std::int64_t position = 0;
  std::string kind;
};

class TreeWriter {
 public:
  TreeWriter(store::Store& store, const TreeOptions& options, cli::Context& context)
      : store_{store},
        context_{context},
        depth_{options.depth.value_or(std::numeric_limits<std::int64_t>::max())},
        limit_{options.limit.value_or(std::numeric_limits<std::int64_t>::max())},
        payload_{store.db().prepare(
            "SELECT codec, SUM(CAST(stored_bytes AS REAL) * bytes / decoded_bytes)"
            " FROM my_atom_payload WHERE atom_id = ? AND extent_id IS NOT NULL"
            " GROUP BY codec ORDER BY codec")} {}

  void read_tensors(std::int64_t model_atom_id);
  void write(const Node& node, std::int64_t depth, const std::string& lead,
             const std::string& lead_below);

 private:
  [[nodiscard]] StoredForm stored_form(std::int64_t atom_id);
  [[nodiscard]] std::vector<Node> components(const Node& parent);
  void write_node(const Node& node, std::int64_t depth, const std::string& lead);
  [[nodiscard]] std::string line(const Node& node, const TensorFacts* tensor,
                                 const StoredForm& stored) const;

  store::Store& store_;
  cli::Context& context_;
  std::int64_t depth_;
  std::int64_t limit_;
  std::int64_t written_ = 0;
  store::Statement payload_;
  std::map<std::string, TensorFacts> tensors_;
};

std::string kind_of(const store::Atom& atom) {
  if (atom.form == store::AtomForm::inlined) return "content";
  return std::string{atom::kind_name(atom::decode_descriptor(atom.value).kind)};
}

void TreeWriter::read_tensors(std::int64_t model_atom_id) {
  store::Statement rows = store_.db().prepare(
      "SELECT t.name, t.dtype, t.shape, i.importance FROM my_tensor_atom AS t"
      " LEFT JOIN my_tensor_importance AS i"
      "   ON i.model_atom_id = t.model_atom_id AND i.position = t.position"
      " WHERE t.model_atom_id = ?");
  rows.with(model_atom_id);
  while (rows.step()) {
    TensorFacts facts;
    facts.dtype = static_cast<tensor::DType>(rows.integer(1));
    facts.shape = parse_json(rows.text(2), "stored shape");
    if (!rows.is_null(3)) facts.importance = rows.real(3);
    tensors_.emplace(rows.text(0), std::move(facts));
  }
}

StoredForm TreeWriter::stored_form(std::int64_t atom_id) {
  StoredForm form;
  payload_.with(atom_id);
  while (payload_.step()) {
    form.codec += form.codec.empty() ? "" : "+";
    form.codec += store::codec_name(static_cast<store::Codec>(payload_.integer(0)));
    form.bytes += payload_.real(1);
  }
  payload_.reset();
  return form;
}

std::vector<Node> TreeWriter::components(const Node& parent) {
  std::vector<Node> nodes;
  store::for_each_component(store_, parent.atom.atom_id, [&](const store::Component& part) {
    Node node;
    node.kind = kind_of(part.atom);
    node.name = part.name;
    node.full_name = parent.kind == "layer" ? parent.full_name + "." + part.name : part.name;
    node.position = part.position;
    node.atom = part.atom;
    nodes.push_back(std::move(node));
  });
  return nodes;
}

std::string TreeWriter::line(const Node& node, const TensorFacts* tensor,
                             const StoredForm& stored) const {
  if (node.atom.form == store::AtomForm::inlined && node.name.empty())
    return dump_json(Json(std::string{as_text(node.atom.value)}));
  std::string text = node.name.empty() ? node.atom.id.text().substr(0, 17) : node.name;
  text += "  " + node.kind;
  if (tensor != nullptr) {
    text += " ";
    text += tensor::dtype_info(tensor->dtype).name;
    text += " " + dump_json(tensor->shape);
  }
  text += "  " + cli::format_bytes(node.atom.bytes);
  if (!stored.codec.empty())
    text += "  " + stored.codec + " " +
            cli::format_bytes(static_cast<std::uint64_t>(stored.bytes + 0.5));
  if (tensor != nullptr && tensor->importance)
    text += "  importance " + dump_json(Json(*tensor->importance));
  return text;
}

void TreeWriter::write_node(const Node& node, std::int64_t depth, const std::string& lead) {
  const auto found = tensors_.find(node.full_name);
  const TensorFacts* tensor =
      node.kind == "tensor" && found != tensors_.end() ? &found->second : nullptr;
  const StoredForm stored = stored_form(node.atom.atom_id);
  if (context_.out.human()) return context_.out.text(lead + line(node, tensor, stored));
  Json json{{"type", "node"}, {"depth", depth}, {"position", node.position}};
  if (!node.name.empty()) json["name"] = node.name;
  json["atom"] = node.atom.id.text();
  json["kind"] = node.kind;
  json["bytes"] = node.atom.bytes;
  if (node.atom.form == store::AtomForm::inlined) json["value"] = to_base64(node.atom.value);
  if (tensor != nullptr) {
    json["dtype"] = tensor::dtype_info(tensor->dtype).name;
    json["shape"] = tensor->shape;
    if (tensor->importance) json["importance"] = *tensor->importance;
  }
  if (!stored.codec.empty()) {
    json["codec"] = stored.codec;
    json["stored_bytes"] = static_cast<std::uint64_t>(stored.bytes + 0.5);
  }
  context_.out.write(json);
}

void TreeWriter::write(const Node& node, std::int64_t depth, const std::string& lead,
                       const std::string& lead_below) {
  context_.check_interrupt();
  if (written_ >= limit_) return;
  ++written_;
  write_node(node, depth, lead);
  if (depth >= depth_) return;
  const std::vector<Node> nodes = components(node);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (written_ >= limit_) return context_.out.text(lead_below + "…");
    const bool last = i + 1 == nodes.size();
    write(nodes[i], depth + 1, lead_below + (last ? "└── " : "├── "),
          lead_below + (last ? "    " : "│   "));
  }
}

Node root_node(store::Store& store, std::int64_t atom_id, const std::string& name) {
  Node root;
  root.atom = *store::atom_by_id(store, atom_id);
  root.kind = kind_of(root.atom);
  root.name = name;
  return root;
}

/// What stands at the top: an object's structure, or its file where it has none, after the
/// folder where it is one; or the atom that was named.
std::vector<Node> roots_of(store::Store& store, const std::string& reference) {
  try {
    const store::Object object = store::resolve_object(store, reference);
    std::vector<Node> roots;
    if (object.structure_id == 0 || object.atom.space == IdSpace::structure)
      roots.push_back(root_node(store, object.atom_id, object.name));
    if (object.structure_id != 0)
      roots.push_back(root_node(store, object.structure_id, object.name));
    return roots;
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input) throw;
    return {root_node(store, store::resolve_atom(store, reference).atom_id, {})};
  }
}

int tree(const TreeOptions& options, cli::Context& context) {
  store::Store store = context.open_store_as_of(options.as_of);
  const store::Snapshot snapshot{store.db()};
  TreeWriter writer{store, options, context};
  for (const Node& root : roots_of(store, options.id)) {
    writer.read_tensors(root.atom.atom_id);
    writer.write(root, 0, "", "");
  }
  return 0;
}

}  // namespace

void add_tree(cli::Command& tool) {
  cli::Command& command = tool.subcommand("tree", "What an object is composed of, all the way");
  auto& options = command.options<TreeOptions>();
  command.positional("ID", options.id, "id, prefix, name or name@version").required();
  command.option("--depth", "N", options.depth, "no deeper than this; 0 is the object alone")
      .range(0, 1e6);
  command.option("--limit", "N", options.limit, "at most so many lines").range(1, 1e15);
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return tree(options, context); });
}

}  // namespace hart::ingest
