#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "common/cli.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "models.h"
#include "search/density.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

struct DensityOptions {
  std::vector<std::string> atoms;
  std::string model;
  unsigned k = 10;
  std::optional<double> radius;
  unsigned level = 4;
  unsigned limit = 20;
  std::optional<std::string> within;
  std::optional<std::string> box;
};

/// Six decimal places: the map is two units wide.
double rounded(double value) {
  return std::round(value * 1e6) / 1e6;
}

Json axis_json(const geometry::Box& box, std::size_t axis) {
  return Json::array({rounded(box.min[axis]), rounded(box.max[axis])});
}

Json cell_json(const search::CellDensity& cell, unsigned level) {
  return {{"type", "density"},
          {"cell", std::to_string(cell.prefix)},
          {"level", level},
          {"count", cell.count},
          {"share", rounded(cell.share)},
          {"density", rounded(cell.density)},
          {"x", axis_json(cell.box, 0)},
          {"y", axis_json(cell.box, 1)},
          {"z", axis_json(cell.box, 2)}};
}

search::SpatialFilter make_filter(const DensityOptions& options) {
  search::SpatialFilter filter;
  filter.within = options.within.value_or("");
  if (options.within && options.within->empty())
    throw Error{Fault::usage, "--within: the text of the area is empty"};
  if (options.box) filter.box = search::parse_box(*options.box);
  search::check_spatial_filter(filter);
  return filter;
}

/// The densities of one run: the places are read once.
class DensitySession {
 public:
  DensitySession(const DensityOptions& options, const search::SpatialFilter& filter,
                 cli::Context& context)
      : options_{options},
        context_{context},
        store_{context.open_store()},
        model_{choose_model(store_, options.model)},
        places_{search::places_in_space(store_, model_, filter)} {}

  void write_cells() {
    for (const search::CellDensity& cell :
         search::cell_densities(places_, static_cast<int>(options_.level), options_.limit))
      context_.out.write(cell_json(cell, options_.level));
  }

  void write_around(const std::string& reference) {
    const store::Atom atom = store::resolve_atom(store_, reference);
    const search::Place centre = place_of_atom(atom);
    const search::LocalDensity local =
        options_.radius ? search::density_within(places_, centre, *options_.radius)
                        : search::density_of_nearest(places_, centre, options_.k);
    context_.out.write({{"type", "density"},
                        {"atom", atom.id.text()},
                        {"count", local.neighbors},
                        {"radius", rounded(local.radius)},
                        {"density", rounded(local.density)},
                        {"spatial", Json::array({centre.point.x, centre.point.y, centre.point.z,
                                                 centre.point.m})}});
  }

  [[nodiscard]] bool empty() const noexcept { return places_.empty(); }

 private:
  /// Where an atom stands, whether or not the filter lets it through.
  search::Place place_of_atom(const store::Atom& atom) {
    const auto place = search::place_of_atom(store_, model_, atom.atom_id);
    if (!place)
      throw Error{Fault::no_input,
                  atom.id.text() + " has no place in the map of " + model_.name};
    return *place;
  }

  const DensityOptions& options_;
  cli::Context& context_;
  store::Store store_;
  store::EmbeddingModel model_;
  std::vector<search::Place> places_;
};

int density(const DensityOptions& options, cli::Context& context) {
  DensitySession session{options, make_filter(options), context};
  if (options.atoms.empty()) {
    session.write_cells();
    return session.empty() ? 1 : 0;
  }
  if (options.atoms == std::vector<std::string>{"-"})
    return cli::for_each_line(context, [&](const cli::InputLine& line) {
      const auto atom = cli::optional_string(line.value, "atom");
      if (!atom) throw Error{Fault::data, "the line has no atom"};
      session.write_around(*atom);
    });
  for (const std::string& atom : options.atoms) session.write_around(atom);
  return 0;
}

}  // namespace

void add_density(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("density", "How densely the map is filled: by cells, or around atoms");
  auto& options = command.options<DensityOptions>();
  command.positional("ATOM", options.atoms,
                     "around these; - is JSON lines; without: the fullest cells");
  command.option("-k,--count", "N", options.k, "around an atom: out to its N-th nearest")
      .range(1, 1'000'000);
  command.option("--radius", "R", options.radius, "around an atom: within R instead")
      .range(0, 4);
  command.option("--level", "N", options.level, "cells of 1/2^N of the map's side")
      .range(1, search::kMaxDensityLevel);
  command.option("--limit", "N", options.limit, "cells to print").range(1, 1'000'000);
  command.option("--within", "WKT", options.within, "count only places in this polygon");
  command.option("--box", "RANGES", options.box, "count only places in a box, 'x=-1:0.5 z=0:'");
  command.option("-m,--model", "NAME", options.model, "the embedding model; else the newest");
  command.action([&options](cli::Context& context) { return density(options, context); });
}

}  // namespace hart::search_tool
