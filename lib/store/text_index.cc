#include "store/text_index.h"

#include <algorithm>
#include <vector>

namespace hart::store {
namespace {

// The only place where the table's name is built: from the acting tenant's number, never from
// input.
std::string table_of(const Store& store) {
  return "text_fts_" + std::to_string(store.tenant_id());
}

bool has_table(Store& store, const std::string& table) {
  auto find = store.db().prepare(
      "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", Scope::owner);
  return find.with(table).step();
}

std::string made_table(Store& store) {
  ensure_text_index(store);
  return table_of(store);
}

Statement prepare_on(Store& store, const char* before, const std::string& name,
                     const char* after) {
  return store.db().prepare(before + name + after, Scope::owner);
}

/// Letters, digits and everything outside ASCII; FTS5's tokenizer splits the latter further.
bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

/// The words of `text` as one quoted FTS5 string, empty when there are none.
std::string quoted_phrase(std::string_view text) {
  std::string words;
  for (const char c : text) {
    if (is_word_byte(c))
      words += c;
    else if (!words.empty() && words.back() != ' ')
      words += ' ';
  }
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return words.empty() ? words : '"' + words + '"';
}

}  // namespace

void ensure_text_index(Store& store) {
  store.db().exec("CREATE VIRTUAL TABLE IF NOT EXISTS " + table_of(store) +
                  " USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2')");
}

TextIndexWriter::TextIndexWriter(Store& store)
    : find_{prepare_on(store, "SELECT 1 FROM ", made_table(store), "_docsize WHERE id = ?1")},
      insert_{
          prepare_on(store, "INSERT INTO ", table_of(store), " (rowid, text) VALUES (?1, ?2)")},
      erase_{store.db().prepare("INSERT INTO " + table_of(store) + " (" + table_of(store) +
                                    ", rowid, text) VALUES ('delete', ?1, ?2)",
                                Scope::owner)} {}

bool TextIndexWriter::holds(std::int64_t atom_id) {
  const bool found = find_.with(atom_id).step();
  find_.reset();
  return found;
}

void TextIndexWriter::add(std::int64_t atom_id, std::string_view text) {
  // A contentless table would count a second row with the same id twice for ever.
  if (!holds(atom_id)) insert_.run(atom_id, text);
}

void TextIndexWriter::remove(std::int64_t atom_id, std::string_view text) {
  if (holds(atom_id)) erase_.run(atom_id, text);
}

void index_passage(Store& store, std::int64_t atom_id, std::string_view text) {
  TextIndexWriter{store}.add(atom_id, text);
}

void unindex_passage(Store& store, std::int64_t atom_id, std::string_view text) {
  if (has_table(store, table_of(store))) TextIndexWriter{store}.remove(atom_id, text);
}

std::optional<std::int64_t> count_indexed_passages(Store& store) {
  const std::string table = table_of(store);
  if (!has_table(store, table)) return std::nullopt;
  return store.db().query_integer("SELECT count(*) FROM " + table + "_docsize");
}

bool has_indexed_passages(Store& store) {
  const std::string table = table_of(store);
  return has_table(store, table) &&
         store.db().query_integer("SELECT EXISTS (SELECT 1 FROM " + table + "_docsize)") != 0;
}

void for_each_text_match(Store& store, const std::string& expression,
                         const std::function<bool(const TextMatch&)>& visit) {
  const std::string table = table_of(store);
  if (expression.empty() || !has_table(store, table)) return;
  auto match = store.db().prepare("SELECT rowid, bm25(" + table + ") FROM " + table +
                                      " WHERE " + table + " MATCH ?1 ORDER BY 2, 1",
                                  Scope::owner);
  match.bind(1, expression);
  // FTS5's figure is negative, so that ascending order is best first.
  while (match.step())
    if (!visit({match.integer(0), -match.real(1)})) return;
}

std::string text_expression(std::string_view text) {
  std::vector<std::string> terms;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '"') {
      // A quotation mark that nothing closes quotes the rest.
      const std::size_t close = std::min(text.find('"', i + 1), text.size());
      terms.push_back(quoted_phrase(text.substr(i + 1, close - i - 1)));
      i = close + 1;
    } else if (is_word_byte(text[i])) {
      std::size_t end = i;
      while (end < text.size() && is_word_byte(text[end])) ++end;
      const bool prefix = end < text.size() && text[end] == '*';
      terms.push_back('"' + std::string{text.substr(i, end - i)} + (prefix ? "\" *" : "\""));
      i = end;
    } else {
      ++i;
    }
  }
  std::string expression;
  for (const std::string& term : terms) {
    if (term.empty()) continue;
    if (!expression.empty()) expression += " OR ";
    expression += term;
  }
  return expression;
}

}  // namespace hart::store
