#include "graph_store.h"

#include <string>

#include "core/error.h"
#include "prov/graph/derivation.h"

namespace hart::cli {
namespace {

store::Store open_for_graph(const Context& context) {
  try {
    return context.open_store(true);
  } catch (const Error& error) {
    if (error.fault() != Fault::denied) throw;
    return context.open_store();
  }
}

}  // namespace

store::Store open_graph_store(const Context& context) {
  store::Store store = open_for_graph(context);
  if (prov::underived_receipts(store) == 0) return store;
  try {
    if (store.writable()) prov::derive_graph(store);
  } catch (const Error& error) {
    if (error.fault() != Fault::busy) throw;
  }
  if (const auto lacking = prov::underived_receipts(store); lacking > 0)
    context.notice("the provenance graph lacks the measures and influences of " +
                   std::to_string(lacking) + " receipts: the store could not be written");
  return store;
}

}  // namespace hart::cli
