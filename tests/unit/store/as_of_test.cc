#include "store/as_of.h"

#include <doctest/doctest.h>

#include "faults.h"
#include "model_fixture.h"
#include "store/collect.h"
#include "store/history.h"
#include "store/importance.h"
#include "store/snapshot.h"

namespace hart::store {
namespace {

using test::add_document;
using test::add_model;
using test::content_of;
using test::fault_of;
using test::instant;
using test::kCatalogOnly;
using test::remove_named;

constexpr TimeUs kHour = TimeUs{3'600} * 1'000'000;

Store open_at(const test::ScratchStore& scratch, TimeUs time,
              const std::string& tenant = "default") {
  return Store{{scratch.directory(), tenant, 10'000, false, time}};
}

std::string list(Store& store) {
  std::string names;
  for_each_object(store, {}, [&](const Object& object) {
    names += object.name + "@" + std::to_string(object.version) + " ";
  });
  return names;
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST_CASE("as of: what was removed since is there as it was, and what came later is not") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  const TimeUs before = instant(store);
  add_document(store, {"one", {"first", " ", "text"}, "tag", {{"lang", "en"}}});
  const TimeUs first = instant(store);
  add_document(store, {"one", {"second", " ", "text"}, {}, {}});
  add_document(store, {"two", {"other"}, {}, {}});
  const TimeUs both = instant(store);
  remove_named(store, "one@2");
  remove_named(store, "one@1");
  const TimeUs removed = instant(store);

  Store past = open_at(scratch, first);
  CHECK(list(past) == "one@1 ");
  const Object one = resolve_object(past, "one");
  CHECK(one.version_tag == "tag");
  CHECK(one.metadata == Json{{"lang", "en"}});
  CHECK(atom_text(past, one.structure_id) == "first text");
  CHECK(fault_of([&] { (void)resolve_object(past, "two"); }) == Fault::no_input);
  CHECK(find_atom(past, content_of("first")));
  CHECK_FALSE(find_atom(past, content_of("second")));

  Store later = open_at(scratch, both);
  CHECK(list(later) == "one@1 one@2 two@1 ");
  CHECK(resolve_object(later, "one").version == 2);
  CHECK(resolve_object(later, "one@1").version == 1);
  CHECK(resolve_object(later, "one@tag").version == 1);
  CHECK(resolve_object(later, one.atom.text()).name == "one");

  Store now = open_at(scratch, removed);
  CHECK(list(now) == "two@1 ");
  CHECK(list(store) == "two@1 ");
  CHECK_FALSE(find_atom(now, content_of("first")));

  Store future = open_at(scratch, removed + 1000 * kHour);
  CHECK(list(future) == "two@1 ");
  Store nothing = open_at(scratch, before);
  CHECK(list(nothing).empty());
  CHECK_FALSE(find_atom(nothing, content_of("text")));
  Store origin = open_at(scratch, 0);
  CHECK(list(origin).empty());
}

TEST_CASE("as of: the instant of an addition has it, the instant of a removal has not") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"word"}, {}, {}});
  const TimeUs added = resolve_object(store, "one").created;
  remove_named(store, "one");
  const auto versions = versions_of(store, "one");
  REQUIRE(versions.size() == 1);
  REQUIRE(versions[0].ended);
  const TimeUs ended = *versions[0].ended;
  for (const auto& [time, there] :
       {std::pair{added - 1, false}, {added, true}, {ended - 1, true}, {ended, false}}) {
    Store past = open_at(scratch, time);
    CAPTURE(time - added);
    CHECK(list(past) == (there ? "one@1 " : ""));
  }
}

TEST_CASE("as of: a name that came back is two lives, with nothing between them") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"same"}, {}, {}});
  const TimeUs first = instant(store);
  remove_named(store, "one");
  const TimeUs between = instant(store);
  add_document(store, {"one", {"same"}, {}, {}});
  const TimeUs second = instant(store);
  for (const auto& [time, there] : {std::pair{first, true}, {between, false}, {second, true}}) {
    Store past = open_at(scratch, time);
    CHECK(find_atom(past, content_of("same")).has_value() == there);
    CHECK(list(past).empty() == !there);
  }
}

TEST_CASE("as of: another tenant's history never shows, whoever shares the content") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  Store other = scratch.open("other");
  add_document(other, {"secret", {"shared", "theirs"}, {}, {}});
  Store store = scratch.open();
  add_document(store, {"ours", {"shared"}, {}, {}});
  const TimeUs time = instant(store);
  remove_named(other, "secret");
  remove_named(store, "ours");

  Store past = open_at(scratch, time);
  CHECK(list(past) == "ours@1 ");
  CHECK(find_atom(past, content_of("shared")));
  CHECK_FALSE(find_atom(past, content_of("theirs")));
  CHECK(fault_of([&] { (void)resolve_object(past, "secret"); }) == Fault::no_input);
  Store theirs = open_at(scratch, time, "other");
  CHECK(list(theirs) == "secret@1 ");
}

TEST_CASE("as of: a tenant's statement may read the past's views and nothing under them") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"word"}, {}, {}});
  remove_named(store, "one");
  Store past = open_at(scratch, instant(store));
  for (const char* sql :
       {"SELECT * FROM tenant_object_history", "SELECT * FROM tenant_object_period",
        "SELECT * FROM tenant_object_period_node", "SELECT * FROM main.tenant_object",
        "SELECT * FROM tenant_atom_history"})
    CHECK(fault_of([&] { (void)past.db().prepare(sql); }) == Fault::denied);
  CHECK(fault_of([&] { past.db().prepare("DELETE FROM main.tenant_object").run(); }) ==
        Fault::denied);
}

TEST_CASE(
    "as of: a change of the schema by others does not disturb a store that shows the past") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"word"}, {}, {}});
  const TimeUs time = instant(store);
  remove_named(store, "one");
  Store past = open_at(scratch, time);
  CHECK(list(past) == "one@1 ");
  {
    WriteTransaction transaction{store};
    store.db().exec("CREATE TABLE newcomer (a)");
    transaction.commit();
  }
  CHECK(list(past) == "one@1 ");
  CHECK(past.now() >= time);
}

TEST_CASE("as of: what was collected since is told, and no older version stands for it") {
  const test::ScratchStore scratch{kCatalogOnly};
  std::optional<Store> store{scratch.open()};
  add_document(*store, {"one", {"first"}, {}, {}});
  add_document(*store, {"one", {"second"}, "v2", {}});
  const TimeUs time = instant(*store);
  remove_named(*store, "one@2");
  REQUIRE(collect(*store, {}).atoms > 0);

  Store past = open_at(scratch, time);
  CHECK(count_collected(past, time) == 1);
  for (const char* reference : {"one", "one@2", "one@v2"}) {
    const std::string message = message_of([&] { (void)resolve_object(past, reference); });
    CHECK(message.find("one@2: was removed at ") == 0);
    CHECK(message.find("was collected since") != std::string::npos);
  }
  CHECK(fault_of([&] { (void)resolve_object(past, "one"); }) == Fault::no_input);
  CHECK(resolve_object(past, "one@1").version == 1);
  CHECK(list(past) == "one@1 ");
  // Another's copy of the same content does not bring it back.
  scratch.add_tenant("other");
  Store other = scratch.open("other");
  add_document(other, {"copy", {"second"}, {}, {}});
  Store again = open_at(scratch, time);
  CHECK(fault_of([&] { (void)resolve_object(again, "one"); }) == Fault::no_input);
  CHECK_FALSE(find_atom(again, content_of("second")));
}

TEST_CASE("as of: importance is what it was then") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_model(store, {"m", {{"w", "weights"}}, {}, {}});
  const Object model = resolve_object(store, "m");
  const auto tensor = find_atom(store, test::tensor_id("weights"))->atom_id;
  const auto score = [&](double importance) {
    {
      WriteTransaction transaction{store};
      (void)put_importance(store, model.structure_id,
                           {ImportanceMethod::magnitude,
                            {{0, tensor, importance}},
                            {{0, importance * 2}},
                            true});
      transaction.commit();
    }
    return instant(store);
  };
  const TimeUs unscored = instant(store);
  const TimeUs first = score(0.25);
  const TimeUs second = score(0.5);
  for (const auto& [time, expected] :
       {std::pair<TimeUs, std::optional<double>>{unscored, std::nullopt},
        {first, 0.25},
        {second, 0.5}}) {
    Store past = open_at(scratch, time);
    const auto layers = scored_layers(past, model.structure_id);
    REQUIRE(layers.size() == 1);
    CHECK(layers[0].importance.has_value() == expected.has_value());
    if (expected) CHECK(*layers[0].importance == *expected * 2);
    Statement row =
        past.db().prepare("SELECT importance FROM my_tenant_atom WHERE atom_id = ?");
    REQUIRE(row.with(tensor).step());
    CHECK(row.is_null(0) == !expected.has_value());
    if (expected) CHECK(row.real(0) == *expected);
    CHECK_FALSE(row.step());
  }
}

TEST_CASE("as of: the past is not for writing") {
  const test::ScratchStore scratch{kCatalogOnly};
  CHECK(fault_of([&] {
          const Store store{{scratch.directory(), "default", 0, true, TimeUs{1}}};
        }) == Fault::internal);
}

TEST_CASE("history: two changes at one instant leave what held before it") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"word"}, {}, {}});
  const auto atom = find_atom(store, content_of("word"))->atom_id;
  const auto set = [&](double importance) {
    store.db()
        .prepare("UPDATE tenant_atom SET importance = ? WHERE atom_id = ?", Scope::owner)
        .run(importance, atom);
  };
  {
    WriteTransaction transaction{store};
    (void)store.now();
    set(1);
    transaction.commit();
  }
  const TimeUs between = instant(store);
  {
    WriteTransaction transaction{store};
    (void)store.now();
    set(2);
    set(3);
    transaction.commit();
  }
  Store past = open_at(scratch, between);
  Statement row = past.db().prepare("SELECT importance FROM my_tenant_atom WHERE atom_id = ?");
  REQUIRE(row.with(atom).step());
  CHECK(row.real(0) == 1);
}

}  // namespace
}  // namespace hart::store
