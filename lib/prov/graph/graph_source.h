#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "prov/cypher/value.h"
#include "prov/graph/edge_numbers.h"
#include "prov/graph/entity.h"
#include "prov/graph/node_key.h"
#include "prov/graph/receipt_rows.h"
#include "prov/hidden_content.h"
#include "prov/opened_receipt.h"
#include "store/catalog.h"
#include "store/store.h"

namespace hart::prov {

/// What the parts of a StoreGraph share: receipts that were opened, the way from an id to its
/// node, and the numbers of relationships.
class GraphSource {
 public:
  explicit GraphSource(store::Store& store);

  [[nodiscard]] store::Store& store() noexcept { return store_; }
  [[nodiscard]] EntityReader& entities() noexcept { return entities_; }
  [[nodiscard]] EdgeTypes& edge_types() noexcept { return edge_types_; }
  [[nodiscard]] EdgeNumbers& edge_numbers() noexcept { return edge_numbers_; }
  [[nodiscard]] ReceiptRows& rows() noexcept { return rows_; }

  /// The receipt, opened to the tenant; it lives until kOpened others were asked for. Throws
  /// Error(internal) when there is none.
  [[nodiscard]] OpenedReceipt& opened(std::int64_t stream);
  /// The UUID of a receipt, which need not be opened for it. Throws as `opened` does.
  [[nodiscard]] Uuid uuid(std::int64_t stream);

  /// How many numbers the hits of several searches in one receipt take up. Throws as `opened`.
  [[nodiscard]] std::uint32_t hit_count(std::int64_t stream);

  /// The node of an atom that a receipt names: the catalog's, else what is known of it. Nothing
  /// when it is in neither.
  [[nodiscard]] std::optional<cypher::NodeId> atom_node(const Id& atom);
  [[nodiscard]] std::optional<cypher::NodeId> model_node(const Id& model);
  /// The id of an atom's or a model's node.
  [[nodiscard]] Id id_of(const NodeKey& key);
  struct AtomRow {
    std::int64_t atom_id = 0;
    Id id;
    std::uint64_t bytes = 0;
  };
  /// The catalog's row of an atom that the tenant holds; it lives until the next call. Throws
  /// Error(internal) when there is none.
  [[nodiscard]] const AtomRow& atom(std::int64_t atom_id);
  /// The atom of the catalog behind an id, when the tenant holds it.
  [[nodiscard]] std::optional<std::int64_t> held_atom(const Id& id);

  /// What was read so far is read anew when it is asked for: the store may have changed.
  void forget();

 private:
  static constexpr std::size_t kOpened = 16;

  /// Nodes behind ids, one for each place: receipts name the same models and atoms again and
  /// again.
  struct KnownNode {
    bool is_known = false;
    bool is_model = false;
    Id id;
    std::optional<cypher::NodeId> node;
  };
  static constexpr std::size_t kKnownNodes = 4096;
  template <typename Find>
  std::optional<cypher::NodeId> node_behind(const Id& id, bool is_model, const Find& find);

  store::Store& store_;
  store::AtomLookup atoms_;
  EntityReader entities_;
  EdgeTypes edge_types_;
  EdgeNumbers edge_numbers_;
  ReceiptRows rows_;
  StreamLookup streams_;
  OpeningsLookup openings_;
  HiddenContent hidden_;
  store::Statement atom_;
  store::Statement uuid_;
  AtomRow atom_row_;
  std::vector<KnownNode> known_nodes_{kKnownNodes};
  std::list<OpenedReceipt> opened_;  ///< the one asked for last comes first
};

/// How many alternatives the tokens of a receipt had, of those that can be opened and have a
/// number.
[[nodiscard]] std::uint32_t alternative_count(OpenedReceipt& opened);

/// How many pieces of evidence have a number, besides the hits of several searches.
[[nodiscard]] std::uint32_t evidence_count(const Receipt& receipt);

}  // namespace hart::prov
