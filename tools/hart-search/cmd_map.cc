#include <algorithm>
#include <string>

#include "atom/output_file.h"
#include "commands.h"
#include "common/cli.h"
#include "core/error.h"
#include "models.h"
#include "search/map_layout.h"
#include "search/map_points.h"
#include "search/map_relations.h"
#include "search/map_svg.h"

namespace hart::search_tool {
namespace {

struct MapOptions {
  std::string output;
  std::string model;
  std::string colour = "modality";
  std::string title;
  unsigned points = 5'000;
  unsigned labels = 60;
  unsigned width = 1'200;
  unsigned height = 900;
  std::uint64_t seed = 1;
  bool edges = false;
};

constexpr std::size_t kLongestLabel = 28;

/// Few points are drawn large, many small, so that they neither vanish nor run together.
double radius_of(std::size_t points) {
  return points <= 300 ? 4 : points <= 2'000 ? 3 : points <= 10'000 ? 2 : 1.4;
}

std::string caption_of(const search::MapPoints& map, const store::EmbeddingModel& model) {
  std::string caption = "vectors of " + model.name + ", first two axes of their map; ";
  if (map.points.size() < map.placed) caption += std::to_string(map.points.size()) + " of ";
  return caption + std::to_string(map.placed) + " points";
}

void write_file(const std::string& path, const std::string& svg) {
  if (atom::is_device(path)) return atom::DeviceFile{path}.write(as_bytes(svg));
  atom::TemporaryFile file{path};
  file.write(as_bytes(svg));
  file.complete(path);
}

int draw(const MapOptions& options, cli::Context& context) {
  store::Store store = context.open_store();
  const store::Snapshot snapshot{store.db()};
  const store::EmbeddingModel model = choose_model(store, options.model);
  search::MapPointOptions reading;
  reading.most = options.points;
  reading.seed = options.seed;
  reading.colour = *search::find_map_colour(options.colour);
  reading.threads = context.common.threads;
  const search::MapPoints map = search::read_map_points(store, model, reading);
  if (map.points.empty())
    throw Error{Fault::no_input,
                model.name + " has no vectors with a place in the map: run project fit"};

  search::MapPicture picture;
  picture.width = options.width;
  picture.height = options.height;
  picture.title = options.title;
  picture.caption = caption_of(map, model);
  picture.points = &map;
  picture.point_radius = radius_of(map.points.size());
  if (options.edges) picture.edges = search::map_edges(store, map.points);
  search::MapLayoutOptions layout_options;
  layout_options.area = search::map_area(picture);
  layout_options.labels = options.labels;
  layout_options.font_px = picture.font_px;
  layout_options.point_radius = picture.point_radius;
  const search::MapLayout layout =
      search::layout_map(map.points, layout_options, [&](const search::MapPoint& point) {
        return search::map_label(store, point.atom_id, kLongestLabel);
      });
  picture.layout = &layout;
  const std::string svg = search::map_svg(picture);
  if (options.output == "-") {
    context.out.raw(as_bytes(svg));
    return 0;
  }
  write_file(options.output, svg);
  context.out.write({{"type", "map"},
                     {"file", options.output},
                     {"model", model.name},
                     {"points", map.points.size()},
                     {"placed", map.placed},
                     {"labels", layout.labels.size()},
                     {"edges", picture.edges.size()},
                     {"groups", map.groups},
                     {"bytes", svg.size()}},
                    options.output + ": " + std::to_string(map.points.size()) + " points, " +
                        std::to_string(layout.labels.size()) + " labels");
  return 0;
}

}  // namespace

void add_map(cli::Command& tool) {
  cli::Command& command = tool.subcommand("map", "Draw the semantic space as SVG");
  auto& options = command.options<MapOptions>();
  command.option("-o,--output", "FILE", options.output, "the picture; - is standard output")
      .required();
  command.option("--colour", "BY", options.colour, "what colours tell apart")
      .choices({"modality", "cluster", "kind"});
  command.option("--points", "N", options.points, "show at most so many, a sample")
      .range(1, 1'000'000);
  command.option("--labels", "N", options.labels, "name at most so many").range(0, 1'000);
  command.flag("--edges", options.edges, "draw the edges of the atom graph");
  command.option("--width", "PIXELS", options.width, "of the picture").range(200, 20'000);
  command.option("--height", "PIXELS", options.height, "of the picture").range(200, 20'000);
  command.option("--title", "TEXT", options.title, "above the map");
  command.option("--seed", "N", options.seed, "which sample, and of clusters");
  command.option("-m,--model", "NAME", options.model, "the embedding model");
  command.action([&options](cli::Context& context) { return draw(options, context); });
}

}  // namespace hart::search_tool
