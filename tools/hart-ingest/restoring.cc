#include "restoring.h"

#include "passages.h"
#include "store/store.h"

namespace hart::ingest {
namespace {

void report(const store::ObjectVersion& then, std::int64_t version, bool unchanged,
            const std::string& source, cli::Context& context) {
  Json json{{"type", "restored"},
            {"atom", then.atom.text()},
            {"kind", then.kind},
            {"name", then.name},
            {"version", version},
            {"from_version", then.version},
            {"from_time", format_time(then.created)}};
  if (!then.version_tag.empty()) json["version_tag"] = then.version_tag;
  if (!unchanged) json["source"] = source;
  if (unchanged) json["unchanged"] = true;
  if (context.common.dry_run) json["dry_run"] = true;
  const std::string now = then.name + "@" + std::to_string(version);
  const std::string done = context.common.dry_run ? "would be " : "is ";
  context.out.write(json, now + (unchanged ? " is unchanged, equal to " : " " + done) +
                              then.label() + " of " + format_time(then.created).substr(0, 19) +
                              "Z");
}

}  // namespace

int restore_all(const std::vector<store::ObjectVersion>& versions, store::Store& store,
                cli::Context& context,
                const std::function<std::string(const store::ObjectVersion&)>& source_of) {
  if (context.common.dry_run) {
    store::require_room_to_restore(store, versions);
    for (const store::ObjectVersion& then : versions) {
      const store::RestorePlan plan = store::plan_restore(store, then);
      report(then, plan.newest_version + (plan.unchanged ? 0 : 1), plan.unchanged,
             source_of(then), context);
    }
    return 0;
  }
  std::vector<store::Restored> done;
  store::WriteTransaction transaction{store};
  store::require_room_to_restore(store, versions);
  for (const store::ObjectVersion& then : versions) {
    context.check_interrupt();
    store::Restored restored = store::restore_version(store, then, source_of(then));
    take_up_passages(store, passages_of(store, then.modality, restored.structure_id),
                     restored.revived);
    done.push_back(std::move(restored));
  }
  transaction.commit();
  for (std::size_t i = 0; i < versions.size(); ++i)
    report(versions[i], done[i].version, done[i].unchanged, source_of(versions[i]), context);
  return 0;
}

}  // namespace hart::ingest
