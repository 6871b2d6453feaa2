#include <array>

#include "core/error.h"
#include "search/filter.h"

namespace hart::search {
namespace {

using Limits = std::array<std::optional<double>, 4>;

Json limits_json(const Limits& limits) {
  Json json = Json::array();
  for (const std::optional<double>& limit : limits)
    json.push_back(limit ? Json(*limit) : Json(nullptr));
  return json;
}

Limits read_limits(const Json& json) {
  Limits limits;
  if (json.size() != limits.size())
    throw Error{Fault::data, "recorded filter: a box has four limits a side"};
  for (std::size_t axis = 0; axis < limits.size(); ++axis)
    if (!json[axis].is_null()) limits[axis] = json[axis].get<double>();
  return limits;
}

Json spatial_json(const SpatialFilter& spatial) {
  Json json = Json::object();
  if (!spatial.within.empty()) json["within"] = spatial.within;
  if (spatial.box) {
    json["min"] = limits_json(spatial.box->min);
    json["max"] = limits_json(spatial.box->max);
  }
  if (spatial.centre) {
    json["centre"] = {spatial.centre->x, spatial.centre->y, spatial.centre->z};
    json["radius"] = spatial.radius;
  }
  return json;
}

SpatialFilter read_spatial(const Json& json) {
  SpatialFilter spatial;
  spatial.within = json.value("within", std::string{});
  if (json.contains("min"))
    spatial.box = SpatialBox{read_limits(json.at("min")), read_limits(json.at("max"))};
  if (json.contains("centre")) {
    const Json& centre = json["centre"];
    spatial.centre = geometry::PointZM{centre.at(0).get<double>(), centre.at(1).get<double>(),
                                       centre.at(2).get<double>(), 0};
    spatial.radius = json.at("radius").get<double>();
  }
  check_spatial_filter(spatial);
  return spatial;
}

Neighbourhood read_neighbourhood(const Json& json) {
  Neighbourhood near;
  near.atom_id = json.at("atom").get<std::int64_t>();
  near.hops = json.at("hops").get<std::size_t>();
  near.types = json.at("types").get<std::vector<std::string>>();
  return near;
}

}  // namespace

Json filter_json(const Filter& filter) {
  Json json = Json::object();
  if (filter.modality) json["modality"] = store::modality_name(*filter.modality);
  if (filter.since) json["since"] = *filter.since;
  if (filter.until) json["until"] = *filter.until;
  if (filter.where) json["where"] = where_text(*filter.where);
  if (!filter.spatial.empty()) json["spatial"] = spatial_json(filter.spatial);
  if (filter.near)
    json["near"] = {{"atom", filter.near->atom_id},
                    {"hops", filter.near->hops},
                    {"types", filter.near->types}};
  return json;
}

Filter filter_from_json(const Json& json) {
  try {
    Filter filter;
    if (json.contains("modality")) {
      filter.modality = store::find_modality(json["modality"].get<std::string>());
      if (!filter.modality) throw Error{Fault::data, "recorded filter: unknown modality"};
    }
    if (json.contains("since")) filter.since = json["since"].get<TimeUs>();
    if (json.contains("until")) filter.until = json["until"].get<TimeUs>();
    if (json.contains("where")) filter.where = parse_where(json["where"].get<std::string>());
    if (json.contains("spatial")) filter.spatial = read_spatial(json["spatial"]);
    if (json.contains("near")) filter.near = read_neighbourhood(json["near"]);
    return filter;
  } catch (const Json::exception& error) {
    throw Error{Fault::data, std::string{"recorded filter: "} + error.what()};
  } catch (const Error& error) {
    throw Error{Fault::data, error.what()};
  }
}

}  // namespace hart::search
