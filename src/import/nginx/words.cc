#include "import/nginx/words.h"

#include <algorithm>

namespace sp::import::nginx {
namespace {

constexpr std::string_view space = " \t\r\n";

}  // namespace

char Tokens::take() {
  const char c = rest_.front();
  rest_.remove_prefix(1);
  if (c == '\n') ++line_;
  return c;
}

// A comment begins where a word could.
void Tokens::skip_space() {
  while (!rest_.empty()) {
    if (rest_.front() == '#') {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else if (space.contains(rest_.front())) {
      take();
    } else {
      return;
    }
  }
}

// NGINX knows these escapes alone; before anything else a backslash stands for itself, which regular expressions rely
// on.
void Tokens::append_escaped(std::string& word) {
  take();
  if (rest_.empty()) {
    word += '\\';
    return;
  }
  const char c = take();
  switch (c) {
    case '"':
    case '\'':
    case '\\': word += c; break;
    case 't': word += '\t'; break;
    case 'r': word += '\r'; break;
    case 'n': word += '\n'; break;
    default: word.append(1, '\\').append(1, c);
  }
}

std::string Tokens::quoted(char quote, bool& unclosed) {
  std::string word;
  while (!rest_.empty()) {
    if (rest_.front() == '\\') {
      append_escaped(word);
    } else if (const char c = take(); c == quote) {
      return word;
    } else {
      word += c;
    }
  }
  unclosed = true;
  return word;
}

// The brace of "${name}" opens no block.
std::string Tokens::bare() {
  std::string word;
  while (!rest_.empty()) {
    const char c = rest_.front();
    const bool of_variable = c == '{' && word.ends_with('$');
    if (space.contains(c) || c == ';' || (c == '{' && !of_variable)) break;
    if (c == '\\') {
      append_escaped(word);
    } else {
      word += take();
    }
  }
  return word;
}

Token Tokens::next() {
  skip_space();
  Token token{.line = line_};
  if (rest_.empty()) return token;
  switch (rest_.front()) {
    case ';':
      take();
      token.kind = Token::Kind::semicolon;
      return token;
    case '{':
      take();
      token.kind = Token::Kind::open;
      return token;
    case '}':
      take();
      token.kind = Token::Kind::close;
      return token;
    default: break;
  }
  token.kind = Token::Kind::word;
  const char first = rest_.front();
  if (first == '"' || first == '\'') {
    take();
    token.text = quoted(first, token.unclosed);
  } else {
    token.text = bare();
  }
  return token;
}

bool Tokens::skip_foreign_block() {
  int depth = 1;
  while (!rest_.empty()) {
    const char c = take();
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) return true;
  }
  return false;
}

}  // namespace sp::import::nginx
