// A tool without a store, by which the tests reach every promise of the frame.

#include <unistd.h>

#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>

#include "common/cli.h"
#include "common/line_stream.h"
#include "common/share_directory.h"

namespace hart::cli {
namespace {

struct ShowOptions {
  std::vector<std::string> words;
  std::vector<std::string> stops;
  unsigned count = 10;
  std::optional<double> temperature;
  std::string shape = "round";
  bool loud = false;
};

int show(const ShowOptions& options, Context& context) {
  context.out.write({{"type", "shown"},
                     {"words", options.words},
                     {"stops", options.stops},
                     {"count", options.count},
                     {"temperature", options.temperature ? Json(*options.temperature) : Json()},
                     {"shape", options.shape},
                     {"loud", options.loud},
                     {"tenant", context.common.tenant},
                     {"store", context.common.store},
                     {"dry_run", context.common.dry_run}});
  return 0;
}

void add_show(Command& tool) {
  Command& command = tool.subcommand("show", "Prints what was understood");
  auto& options = command.options<ShowOptions>();
  command.positional("WORD", options.words, "any text");
  command.option("-c,--count", "N", options.count, "how many").range(1, 100);
  command.option("--stop", "TEXT", options.stops, "where to end; repeatable");
  command.option("--temperature", "T", options.temperature, "randomness");
  command.option("--shape", "NAME", options.shape, "its form").choices({"round", "square"});
  command.flag("-l,--loud", options.loud, "with emphasis");
  command.dry_run();
  command.action([&options](Context& context) { return show(options, context); });
}

int fail(const std::string& kind, Context& context) {
  context.out.write({{"type", "before"}});
  if (kind == "memory") throw std::bad_alloc{};
  if (kind == "defect") throw std::logic_error{"a rule was broken"};
  throw Error{static_cast<Fault>(std::stoi(kind)), "what went wrong"};
}

void add_fail(Command& tool) {
  Command& command = tool.subcommand("fail", "Ends as it is told to");
  auto& kind = command.options<std::string>();
  command.positional("KIND", kind, "an exit status, 'memory' or 'defect'");
  command.action([&kind](Context& context) { return fail(kind, context); });
}

int stream(Context& context) {
  return for_each_line(context, [&](const InputLine& line) {
    context.out.write({{"type", "heard"}, {"text", required_string(line.value, "text")}});
  });
}

int batch(Context& context) {
  LineStream lines{context};
  for (auto items = lines.next_batch(8); !items.empty(); items = lines.next_batch(8)) {
    for (const InputLine& item : items)
      lines.answer(item, [&] { context.out.write({{"type", "batch"}, {"of", items.size()}}); });
  }
  return lines.status();
}

int count_to(std::uint64_t last, Context& context) {
  for (std::uint64_t i = 1; i <= last; ++i) {
    context.check_interrupt();
    context.out.write({{"type", "number"}, {"value", i}});
  }
  return 0;
}

int wait(Context& context) {
  for (;;) {
    context.check_interrupt();
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

}  // namespace
}  // namespace hart::cli

int main(int argc, char** argv) {
  using namespace hart::cli;
  Tool tool{"hart-frame", "The frame of the tools, for its tests"};
  add_show(tool.root());
  add_fail(tool.root());
  tool.root().subcommand("stream", "Answers lines").action(stream);
  tool.root().subcommand("batch", "Answers lines in batches").action(batch);
  tool.root().subcommand("wait", "Waits for a signal").action(wait);
  Command& count = tool.root().subcommand("count", "Counts");
  auto& last = count.options<std::uint64_t>();
  count.positional("LAST", last, "the last number");
  count.action([&last](Context& context) { return count_to(last, context); });
  Command& nested = tool.root().subcommand("nested", "Has subcommands of its own");
  nested.subcommand("inner", "Says no").action([](Context&) { return 1; });
  tool.root().subcommand("share", "The shipped data").action([](Context& context) {
    context.out.write({{"type", "share"}, {"directory", share_directory()}});
    return 0;
  });
  return tool.run(argc, argv);
}
