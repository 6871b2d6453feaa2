#include "prov/export/prov_record.h"

#include <array>

#include "prov/cypher/temporal.h"
#include "prov/export/escape.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {
namespace {

struct KindForm {
  std::string_view name;
  std::array<std::string_view, 3> roles;
  std::size_t provn_arguments;
};

// W3C PROV-DM, section 5; PROV-N, section 3; PROV-JSON, section 3. A relation has no name of
// its own here.
constexpr std::array<KindForm, kProvKinds> kKindForms{{
    {"entity", {}, 0},
    {"activity", {"prov:startTime", "prov:endTime", ""}, 2},
    {"agent", {}, 0},
    {"used", {"prov:activity", "prov:entity", ""}, 3},
    {"wasGeneratedBy", {"prov:entity", "prov:activity", ""}, 3},
    {"wasAssociatedWith", {"prov:activity", "prov:agent", "prov:plan"}, 3},
    {"wasDerivedFrom", {"prov:generatedEntity", "prov:usedEntity", ""}, 5},
    {"wasInfluencedBy", {"prov:influencee", "prov:influencer", ""}, 2},
}};

constexpr std::array<std::string_view, 7> kProvTypeNames{
    "",        "prov:QUALIFIED_NAME", "xsd:long", "xsd:double", "xsd:boolean", "xsd:dateTime",
    "xsd:date"};

const KindForm& form_of(ProvKind kind) {
  return kKindForms[static_cast<std::size_t>(kind)];
}

/// Days of 0001-01-01 and of 9999-12-31.
constexpr std::int64_t kFirstXsdDay = -719'162;
constexpr std::int64_t kLastXsdDay = 2'932'896;

ProvType temporal_type(const cypher::Temporal& time) {
  // A day is left at either end, for the offset.
  if (time.day <= kFirstXsdDay || time.day >= kLastXsdDay) return ProvType::string;
  switch (time.kind) {
    case cypher::TemporalKind::datetime:
    case cypher::TemporalKind::localdatetime:
      return ProvType::date_time;
    case cypher::TemporalKind::date:
      return ProvType::date;
    default:
      return ProvType::string;
  }
}

/// ISO 8601 as XML Schema has it: with seconds, and the offset without the zone's name. An
/// offset that is not of whole minutes has no form there; the time is given in UTC.
std::string xsd_time(cypher::Temporal time) {
  if (time.offset_s % 60 != 0)
    time = cypher::from_epoch(cypher::epoch_seconds(time),
                              time.nanosecond % cypher::kNanosPerSecond);
  const std::int32_t offset = time.offset_s;
  const bool with_offset = time.kind == cypher::TemporalKind::datetime;
  cypher::Temporal local = time;
  local.kind = cypher::TemporalKind::localdatetime;
  local.offset_s = 0;
  local.zone.clear();
  std::string text = cypher::temporal_text(local);
  // openCypher leaves out the seconds when they are zero.
  if (text.size() == std::string_view{"2026-11-22T09:30"}.size()) text += ":00";
  if (!with_offset) return text;
  if (offset == 0) return text + "Z";
  const std::int32_t minutes = (offset < 0 ? -offset : offset) / 60;
  const auto two = [](std::int32_t value) {
    return std::string{static_cast<char>('0' + value / 10),
                       static_cast<char>('0' + value % 10)};
  };
  return text + (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60);
}

}  // namespace

std::string_view prov_kind_name(ProvKind kind) noexcept {
  return form_of(kind).name;
}

std::vector<std::string_view> prov_roles(ProvKind kind) {
  std::vector<std::string_view> roles;
  for (const std::string_view role : form_of(kind).roles)
    if (!role.empty()) roles.push_back(role);
  return roles;
}

std::size_t provn_arguments(ProvKind kind) noexcept {
  return form_of(kind).provn_arguments;
}

std::string_view prov_type_name(ProvType type) noexcept {
  return kProvTypeNames[static_cast<std::size_t>(type)];
}

std::string qualified(std::string_view local) {
  std::string out = "hart:";
  append_local_name(out, local);
  return out;
}

ProvAttribute prov_attribute(std::string name, const cypher::Value& value) {
  ProvAttribute attribute{std::move(name), ProvType::string, {}};
  if (value.is_temporal()) {
    attribute.type = temporal_type(value.temporal());
    attribute.text = attribute.type == ProvType::date_time
                         ? xsd_time(value.temporal())
                         : cypher::temporal_text(value.temporal());
    return attribute;
  }
  switch (value.kind()) {
    case cypher::Kind::boolean:
      attribute.type = ProvType::boolean;
      break;
    case cypher::Kind::integer:
      attribute.type = ProvType::integer;
      break;
    case cypher::Kind::floating:
      attribute.type = ProvType::floating;
      break;
    default:
      break;
  }
  append_plain(attribute.text, value, FloatForm::xml);
  return attribute;
}

}  // namespace hart::prov::exports
