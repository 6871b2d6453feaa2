#include <memory>
#include <string>
#include <vector>

#include "commands.h"
#include "common/cli.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "hit_output.h"
#include "index/exact.h"
#include "meter.h"
#include "models.h"
#include "search/search.h"
#include "store/catalog.h"
#include "vector_input.h"

namespace hart::search_tool {
namespace {

struct QueryOptions {
  std::vector<std::string> text;
  unsigned k = 10;
  std::string strategy = "auto";
  unsigned candidates = 100;
  double recall = 0.95;
  std::string metric = "cosine";
  std::string vector;
  std::string atom;
  std::string embedder;
  std::string model;
  std::optional<std::string> modality;
  std::optional<std::string> since;
  std::optional<std::string> until;
  bool explain = false;
};

/// What is asked: any of the three, at least one.
struct Question {
  std::string text;
  std::vector<float> vector;
  std::string atom;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

search::Filter make_filter(const QueryOptions& options) {
  search::Filter filter;
  if (options.modality) {
    filter.modality = store::find_modality(*options.modality);
    if (!filter.modality)
      throw Error{Fault::usage, "--modality: there is no '" + *options.modality +
                                    "': it is one of image, audio, video, text, tensor, code,"
                                    " model, sensor, graph"};
  }
  if (options.since) filter.since = parse_time(*options.since);
  if (options.until) filter.until = parse_time(*options.until);
  return filter;
}

/// Answers the questions of one run.
class QuerySession {
 public:
  QuerySession(const QueryOptions& options, cli::Context& context, store::Store& store)
      : options_{options},
        filter_{make_filter(options)},
        context_{context},
        store_{store},
        search_{context, store} {}

  /// True when there was a hit.
  bool answer(const Question& question) {
    const search::Query query = make_query(question);
    const search::Result result = search_.run(query);
    for (const std::string& fallback : result.explain.fallbacks) context_.diagnostic(fallback);
    const store::Snapshot snapshot{store_.db()};
    std::size_t rank = 0;
    for (const search::Hit& hit : result.hits) {
      const Json json = hit_json(store_, query, hit, ++rank);
      context_.out.write(json, context_.out.human() ? hit_text(json) : "");
    }
    if (options_.explain)
      context_.out.write(search::explain_json(result.explain),
                         context_.out.human() ? explain_text(result.explain) : "");
    return !result.hits.empty();
  }

 private:
  search::Query make_query(const Question& question) {
    search::Query query;
    query.text = question.text;
    query.k = options_.k;
    query.strategy = *search::find_strategy(options_.strategy);
    query.candidates = options_.candidates;
    query.recall = options_.recall;
    query.metric = *index::find_metric(options_.metric);
    query.threads = context_.common.threads;
    query.filter = filter_;
    if (!question.atom.empty())
      take_vector_of_atom(question.atom, query);
    else if (!question.vector.empty())
      take_vector(question.vector, query);
    else if (query.strategy != search::Strategy::text)
      embed_text(query);
    return query;
  }

  void take_vector(const std::vector<float>& vector, search::Query& query) {
    query.model = model_of_length(store_, vector.size(), options_.model);
    query.vector = vector;
  }

  void take_vector_of_atom(const std::string& reference, search::Query& query) {
    const store::Atom atom = store::resolve_atom(store_, reference);
    query.model = choose_model(store_, options_.model);
    query.vector = index::stored_vector(store_, *query.model, atom.atom_id);
    if (query.vector.empty())
      throw Error{Fault::no_input, atom.id.text() + " has no vector of " + query.model->name};
    query.left_out_atom = atom.atom_id;
  }

  /// Leaves the query without a vector when the text cannot be embedded: words still match.
  void embed_text(search::Query& query) {
    if (!embedder_tried_) embedder_ = QueryEmbedder::open(store_, options_.embedder);
    embedder_tried_ = true;
    if (!embedder_) return;
    auto vector = embedder_->embed(query.text);
    if (!vector) {
      context_.detail("the embedding model knows no word of the query");
      return;
    }
    query.vector = std::move(*vector);
    query.model = embedder_->model();
  }

  const QueryOptions& options_;
  search::Filter filter_;
  cli::Context& context_;
  store::Store& store_;
  MeteredSearch search_;
  std::optional<QueryEmbedder> embedder_;
  bool embedder_tried_ = false;
};

Question question_of_line(const Json& line) {
  Question question;
  question.text = cli::optional_string(line, "text").value_or("");
  question.atom = cli::optional_string(line, "atom").value_or("");
  if (line.contains("vector") && !line["vector"].is_null())
    question.vector = read_vector(line["vector"]);
  if (question.text.empty() && question.atom.empty() && question.vector.empty())
    throw Error{Fault::data, "the line has no text, vector or atom"};
  return question;
}

int query(const QueryOptions& options, cli::Context& context) {
  const std::string text = joined(options.text);
  if (text.empty() && options.vector.empty() && options.atom.empty())
    throw Error{Fault::usage, "nothing to look for: give TEXT, -, --vector or --atom"};
  const bool stream = text == "-";
  if (stream && (!options.vector.empty() || !options.atom.empty()))
    throw Error{Fault::usage, "a stream of queries holds their vectors and atoms itself"};
  store::Store store = context.open_store_to_report();
  QuerySession session{options, context, store};
  if (stream) {
    bool found = false;
    const int status = cli::for_each_line(context, [&](const cli::InputLine& line) {
      found = session.answer(question_of_line(line.value)) || found;
    });
    return status != 0 ? status : found ? 0 : 1;
  }
  Question question{text, {}, options.atom};
  if (!options.vector.empty())
    question.vector = read_vector(parse_json(cli::read_input(options.vector), options.vector));
  return session.answer(question) ? 0 : 1;
}

}  // namespace

void add_query(cli::Command& tool) {
  cli::Command& command = tool.subcommand("query", "Passages and atoms that answer a query");
  auto& options = command.options<QueryOptions>();
  command.positional("TEXT", options.text, "words, \"a phrase\", a prefix*; - is JSON lines");
  command.option("-k,--count", "N", options.k, "how many hits").range(1, 10'000);
  command.option("--strategy", "NAME", options.strategy, "how")
      .choices({"auto", "exact", "spatial", "text", "hybrid"});
  command.option("--candidates", "N", options.candidates, "vectors to rerank, ranks to fuse")
      .range(1, 1'000'000);
  command.option("--recall", "R", options.recall, "what auto asks of an index").range(0, 1);
  command.option("--metric", "NAME", options.metric, "distance")
      .choices({"cosine", "l2", "dot"});
  command.option("--vector", "FILE", options.vector, "search near a JSON vector; - is stdin");
  command.option("--atom", "ID", options.atom, "search near this atom's vector");
  command.option("--embedder", "FILE", options.embedder, "word vectors for TEXT");
  command.option("-m,--model", "NAME", options.model, "model of --vector and --atom");
  command.option("--modality", "NAME", options.modality, "only text, code, image, ...");
  command.option("--since", "TIME", options.since, "only in objects added at or after");
  command.option("--until", "TIME", options.until, "only in objects added before");
  command.flag("--explain", options.explain, "say afterwards what was done, and why");
  command.action([&options](cli::Context& context) { return query(options, context); });
}

}  // namespace hart::search_tool
