#include "config/scalar_reader.h"

#include <algorithm>
#include <charconv>

#include "config/suggest.h"
#include "config/tree.h"

namespace sp::config {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(value) : std::nullopt;
}

std::string show(Duration value) { return format_duration(value); }
std::string show(Bytes value) { return format_size(value); }
std::string show(ByteRate value) { return format_byte_rate(value.bytes_per_second); }
std::string show(const CountRate& value) { return value.count == 0 ? "off" : format_count_rate(value); }
std::string show(std::uint64_t value) { return std::to_string(value); }

std::optional<Text> ScalarReader::fetch_text(const Node& node, const Spot& spot) {
  const NodeEntry* file = node.is_map() && node.entries.size() == 1 ? node.find("file") : nullptr;
  if (file == nullptr || !file->value.is_scalar()) {
    if (!is_plain_text(node, spot, "text")) return std::nullopt;
    return Text{node.text, node.at.place(), node.secret};
  }
  if (file->value.broken) return std::nullopt;
  const std::string path = relative_to(*node.at.file, file->value.text);
  std::optional<std::string> content = read_reported(path, file->value.at, *files_, *report_);
  if (!content) return std::nullopt;
  // Editors and `echo` end a file with one.
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  return Text{*std::move(content), node.at.place(), true};
}

bool ScalarReader::is_plain_text(const Node& node, const Spot& spot, std::string_view wanted) {
  if (node.broken) return false;
  if (node.is_scalar()) return true;
  std::string remedy = "write one value after the colon";
  if (node.kind == Node::Kind::null) remedy = "give it a value (`\"\"` is an empty text), or leave it out";
  if (node.is_list() && spot == Spot::key("to"))
    remedy = "several servers make an upstream: `upstreams: { NAME: { servers: [ URL, URL ] } }`, and here `to: NAME`";
  report_->error(node.at, spot.text() + " wants " + std::string(wanted) + ", and this is " + node.described(),
                 std::move(remedy));
  return false;
}

void ScalarReader::check_text(const Position& at, std::string_view text, TextTest test) {
  if (auto problem = test(text)) report_->error(at, std::move(problem->message), std::move(problem->remedy));
}

void ScalarReader::check_text(const Node& node, const Text& text, TextTest test) {
  auto problem = test(text.value);
  if (!problem) return;
  // The sentence may hold the value, and this one must not be shown.
  if (text.secret)
    problem =
        Problem{"the value that is put in here is not what the key wants", "check the file or environment variable"};
  report_->error(node.at, std::move(problem->message), std::move(problem->remedy));
}

void ScalarReader::resolve_path(const Node& node, const Spot& spot, Text& path) {
  if (path.empty())
    report_->error(node.at, spot.text() + " is empty", "give it the path of a file");
  else
    path.value = relative_to(*node.at.file, path.value);
}

bool ScalarReader::is_later_word(const Node& node, const Spot& spot, std::span<const std::string_view> later) {
  // Such a word may come with an argument: `{ hash: client_ip }`.
  const std::string_view word = node.is_map() && node.entries.size() == 1 ? node.entries.front().key : node.text;
  if (std::ranges::find(later, word) == later.end()) return false;
  report_->error(node.at, backquoted(word) + " is not available in this version for " + spot.text(),
                 "remove it: the default is used");
  return true;
}

void ScalarReader::report_type(const Node& node, const Spot& spot, const TypeWords& type, const std::string& words) {
  const bool only_digits = !node.secret && parse_number(node.text).has_value();
  std::string remedy = "write " + std::string(type.examples) + words;
  if (only_digits && type.name == type_words<Duration>.name) remedy = "give it a unit: `" + node.text + "s`" + words;
  if (only_digits && type.name == type_words<ByteRate>.name) remedy = "give it a unit: `" + node.text + "B/s`" + words;
  if (only_digits && type.name == type_words<CountRate>.name) remedy = "give it a unit: `" + node.text + "/s`" + words;
  report_->error(node.at, spot.text() + " wants " + std::string(type.name) + ", and this is " + node.described(),
                 std::move(remedy));
}

void ScalarReader::report_bounds(const Node& node, const Spot& spot, const std::string& bounds) {
  report_->error(node.at, spot.text() + " must be " + bounds + ", and this is " + node.described(),
                 bounds.starts_with("one of") ? "choose one of them" : "choose a value in between");
}

void ScalarReader::report_choice(const Node& node, const Spot& spot, std::span<const std::string_view> words) {
  report_->error(node.at, spot.text() + " cannot be " + node.described(),
                 node.secret ? "it is one of " + listed(words) : did_you_mean(node.text, words));
}

}  // namespace sp::config
