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
#include "query_options.h"
#include "search/search.h"
#include "store/catalog.h"
#include "vector_input.h"

namespace hart::search_tool {
namespace {

/// Queries of a stream that are charged together.
constexpr std::size_t kBlock = 1024;

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

HitFields make_fields(const QueryOptions& options, const cli::Context& context) {
  if (options.fields.empty()) return {};
  HitFields fields{options.fields};
  if (context.out.human())
    throw Error{Fault::usage, "--fields is about JSON lines; people see all: add --json"};
  return fields;
}

/// Answers the questions of one run.
class QuerySession {
 public:
  QuerySession(const QueryOptions& options, cli::Context& context, store::Store& store,
               bool stream)
      : options_{options},
        context_{context},
        store_{store},
        template_{query_template(options, store, context.common.threads)},
        search_{store, stream ? kBlock : 1},
        models_{store},
        output_{store, make_fields(options, context), stream} {}

  /// True when there was a hit.
  bool answer(Question question) {
    if (!snapshot_) {
      snapshot_.emplace(store_.db());
      output_.begin_snapshot();
    }
    const search::Query query = make_query(std::move(question));
    const search::Result result = search_.run(query, output_.ids());
    output_.set_receipt(search_.receipt());
    for (const std::string& fallback : result.explain.fallbacks) context_.diagnostic(fallback);
    std::size_t rank = 0;
    for (const search::Hit& hit : result.hits) output_.write(query, hit, ++rank, context_.out);
    for (const search::Facet& facet : result.facets) {
      const Json json = facet_json(facet);
      context_.out.write(json, context_.out.human() ? facet_text(facet) : "");
    }
    if (options_.explain) explain(result.explain);
    if (search_.full()) settle();
    return !result.hits.empty();
  }

  /// Charges what was answered. All of it saw the store in one state; what others did meanwhile
  /// counts from here on.
  void settle() {
    snapshot_.reset();
    search_.settle();
    models_.forget();
  }

 private:
  void explain(const search::Explain& explain) {
    Json json = search::explain_json(explain);
    json["receipt"] = search_.receipt().empty() ? Json(nullptr) : Json(search_.receipt());
    std::string text;
    if (context_.out.human()) {
      text = explain_text(explain);
      if (!search_.receipt().empty()) text += "\nreceipt: " + search_.receipt();
    }
    context_.out.write(json, text);
  }

  search::Query make_query(Question question) {
    search::Query query = template_;
    query.text = std::move(question.text);
    if (!question.atom.empty())
      take_vector_of_atom(question.atom, query);
    else if (!question.vector.empty())
      take_vector(std::move(question.vector), query);
    else if (query.strategy != search::Strategy::text)
      embed_text(query);
    return query;
  }

  void take_vector(std::vector<float> vector, search::Query& query) {
    query.model = models_.of_length(vector.size(), options_.model);
    query.vector = std::move(vector);
  }

  void take_vector_of_atom(const std::string& reference, search::Query& query) {
    const store::Atom atom = store::resolve_atom(store_, reference);
    query.model = models_.named(options_.model);
    query.vector = index::stored_vector(store_, *query.model, atom.atom_id);
    if (query.vector.empty())
      throw Error{Fault::no_input, atom.id.text() + " has no vector of " + query.model->name};
    query.left_out_atom = atom.atom_id;
  }

  /// Leaves the query without a vector when the text cannot be embedded: words still match.
  void embed_text(search::Query& query) {
    if (!embedder_tried_)
      embedder_ = QueryEmbedder::open(store_, options_.embedder, context_.common.threads);
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
  cli::Context& context_;
  store::Store& store_;
  search::Query template_;  ///< what all questions have in common
  MeteredSearch search_;
  ModelChoice models_;
  HitOutput output_;
  std::optional<QueryEmbedder> embedder_;
  bool embedder_tried_ = false;
  // The last member: it ends before a destructor charges what was answered.
  std::optional<store::Snapshot> snapshot_;
};

Question question_of_line(cli::InputLine& input) {
  const Json& line = input.value;
  Question question;
  question.text = cli::optional_string(line, "text").value_or("");
  question.atom = cli::optional_string(line, "atom").value_or("");
  if (!input.numbers.empty())
    question.vector = std::move(input.numbers);
  else if (line.contains("vector") && !line["vector"].is_null())
    question.vector = read_vector(line["vector"]);
  if (question.text.empty() && question.atom.empty() && question.vector.empty())
    throw Error{Fault::data, "the line has no text, vector or atom"};
  return question;
}

/// Answers each line of standard input. What is answered is charged in blocks, the last one
/// before the tool would wait for its input.
int answer_stream(QuerySession& session, cli::Context& context) {
  cli::LineStream stream{context};
  stream.take_numbers("vector");
  bool found = false;
  for (auto batch = stream.next_batch(1); !batch.empty(); batch = stream.next_batch(1)) {
    stream.answer(batch[0],
                  [&] { found = session.answer(question_of_line(batch[0])) || found; });
    if (!stream.ready()) session.settle();
  }
  session.settle();
  return stream.status() != 0 ? stream.status() : found ? 0 : 1;
}

int query(const QueryOptions& options, cli::Context& context) {
  require_embeddable(options);
  const std::string text = joined(options.text);
  if (text.empty() && options.vector.empty() && options.atom.empty())
    throw Error{Fault::usage, "nothing to look for: give TEXT, -, --vector or --atom"};
  const bool stream = text == "-";
  if (stream && (!options.vector.empty() || !options.atom.empty()))
    throw Error{Fault::usage, "a stream of queries holds their vectors and atoms itself"};
  store::Store store = context.open_store_to_report();
  QuerySession session{options, context, store, stream};
  if (stream) return answer_stream(session, context);
  Question question{text, {}, options.atom};
  if (!options.vector.empty())
    question.vector = read_vector(parse_json(cli::read_input(options.vector), options.vector));
  const bool found = session.answer(question);
  session.settle();
  return found ? 0 : 1;
}

}  // namespace

void add_query(cli::Command& tool) {
  cli::Command& command = tool.subcommand("query", "Passages and atoms that answer a query");
  auto& options = command.options<QueryOptions>();
  add_query_options(command, options);
  command.action([&options](cli::Context& context) { return query(options, context); });
}

}  // namespace hart::search_tool
