// The lowest layer of NGINX's syntax: words with quotes and escapes, and the three marks between them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sp::import::nginx {

struct Token {
  enum class Kind : std::uint8_t { word, semicolon, open, close, end };
  Kind kind = Kind::end;
  std::string text;       // of a word, without quotes
  int line = 0;           // where it begins, from 1
  bool unclosed = false;  // the file ended within quotes
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}
  Token next();
  // Passes over a block that is another language's (Lua), up to the brace that closes it. False: none does.
  bool skip_foreign_block();

 private:
  void skip_space();
  char take();
  std::string quoted(char quote, bool& unclosed);
  std::string bare();
  void append_escaped(std::string& word);

  std::string_view rest_;
  int line_ = 1;
};

}  // namespace sp::import::nginx
