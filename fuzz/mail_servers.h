// Servers as lenient as real ones are, for what a client gets past the filter: each takes LF for a line end, spaces
// before a command, and a literal that it did not want for the next command, and says of itself whether a command came
// to it that should not have.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/mail/dialogue.h"

namespace sp::codec::mail::servers {

class LenientServer {
 public:
  virtual ~LenientServer() = default;

  // Takes octets, and returns what it answers.
  std::string take(std::string_view octets) {
    have_ += octets;
    answer_.clear();
    while (!logged_in && step()) {
    }
    return answer_;
  }

  bool logged_in = false;  // from here on nothing matters
  bool broken_into = false;

 protected:
  virtual bool step() = 0;  // false: more octets are needed

  std::optional<std::string> take_line() {
    const std::size_t end = have_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = have_.substr(0, end);
    have_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }
  // A word of `line` in capitals.
  static std::string take_word(std::string& line) {
    const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    const auto begin = std::ranges::find_if_not(line, is_space);
    const auto end = std::find_if(begin, line.end(), is_space);
    std::string word(begin, end);
    line.erase(line.begin(), end == line.end() ? end : end + 1);
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return word;
  }
  void say(std::string_view text) { answer_.append(text).append("\r\n"); }

  std::string have_, answer_;
};

// With the habits of Postfix before it was told of smuggling.
class LenientSmtp final : public LenientServer {
 public:
  LenientSmtp(bool chunking, bool lf_ends_content) : chunking_(chunking), lf_ends_content_(lf_ends_content) {}

 private:
  enum class State { command, content, sasl };

  bool step() override {
    if (chunk_ != 0) return step_chunk();
    auto line = take_line_of_content();
    if (!line) return false;
    if (state_ == State::content) {
      if (*line == ".") say("250 queued"), state_ = State::command;
    } else if (state_ == State::sasl) {
      say(*line == "*" ? "501 cancelled" : "535 no");
      state_ = State::command;
    } else {
      run(*line);
    }
    return true;
  }
  // Of content a strict server takes only CRLF for an end, and may keep what is before it.
  std::optional<std::string> take_line_of_content() {
    if (state_ != State::content || lf_ends_content_) return take_line();
    const std::size_t end = have_.find("\r\n");
    if (end == std::string::npos) return std::nullopt;
    std::string line = have_.substr(0, end);
    have_.erase(0, end + 2);
    return line;
  }
  bool step_chunk() {
    const std::size_t size = std::min(chunk_, have_.size());
    have_.erase(0, size);
    chunk_ -= size;
    if (chunk_ == 0) say("250 chunk");
    return size != 0;
  }
  void run(std::string line) {
    const std::string verb = take_word(line);
    if (verb == "EHLO") {
      say("250-mx");
      if (chunking_) say("250-CHUNKING");
      say("250-AUTH PLAIN");
      say("250-XCLIENT ADDR");
      say("250 STARTTLS");
    } else if (verb == "HELO" || verb == "NOOP" || verb == "RSET" || verb == "MAIL" || verb == "RCPT") {
      say("250 ok");
    } else if (verb == "XCLIENT" || verb == "XFORWARD" || verb == "STARTTLS") {
      broken_into = true;
    } else if (verb == "DATA") {
      if (line.empty()) state_ = State::content;
      say(line.empty() ? "354 go" : "501 no");
    } else if (verb == "BDAT" && chunking_) {
      run_chunk(line);
    } else if (verb == "AUTH") {
      take_word(line);
      state_ = line.empty() ? State::sasl : State::command;
      say(line.empty() ? "334 " : "535 no");
    } else {
      say("500 what");
    }
  }
  void run_chunk(std::string& line) {
    const std::string size = take_word(line);
    if (size.empty() || size.size() > 9 ||
        !std::ranges::all_of(size, [](unsigned char c) { return std::isdigit(c); })) {
      say("501 no");
      return;
    }
    chunk_ = std::stoul(size);
    if (chunk_ == 0) say("250 chunk");
  }

  bool chunking_, lf_ends_content_;
  State state_ = State::command;
  std::size_t chunk_ = 0;
};

// With the habits of Dovecot: what it does not like ends at the next LF.
class LenientImap final : public LenientServer {
 private:
  bool step() override {
    if (literal_ != 0) {
      if (have_.size() < literal_) return false;
      arguments_ += have_.substr(0, literal_) + " ";
      have_.erase(0, literal_);
      literal_ = 0;
      in_command_ = true;
    }
    auto line = take_line();
    if (!line) return false;
    if (sasl_) {
      say(tag_ + " NO no");
      sasl_ = false;
      return true;
    }
    if (!in_command_) {
      tag_ = take_word(*line);
      verb_ = take_word(*line);
      arguments_.clear();
    }
    in_command_ = false;
    take_arguments(*line);
    return true;
  }
  // Dovecot looks for literals only in commands that it knows to have arguments.
  void take_arguments(const std::string& line) {
    if ((verb_ == "LOGIN" || verb_ == "ID") && announces_literal(line)) return;
    arguments_ += line;
    run();
  }
  bool announces_literal(const std::string& line) {
    if (std::ranges::count(line, '"') % 2 != 0 || !line.ends_with('}')) return false;
    const std::size_t begin = line.rfind('{');
    if (begin == std::string::npos) return false;
    std::string digits = line.substr(begin + 1, line.size() - begin - 2);
    const bool waits = !digits.ends_with('+');
    if (!waits) digits.pop_back();
    if (digits.empty() || digits.size() > 4 ||
        !std::ranges::all_of(digits, [](unsigned char c) { return std::isdigit(c); }))
      return false;
    arguments_ += line.substr(0, begin);
    literal_ = std::stoul(digits);
    in_command_ = true;
    if (waits) say("+ OK");
    return true;
  }
  void run() {
    std::string lower = arguments_;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::erase(lower, '\\');
    if (verb_ == "STARTTLS" || (verb_ == "ID" && lower.contains("x-originating-ip"))) {
      broken_into = true;
    } else if (verb_ == "LOGIN") {
      logged_in = lower.starts_with("u p");
      say(tag_ + (logged_in ? " OK in" : " NO no"));
    } else if (verb_ == "AUTHENTICATE" && lower == "plain") {
      sasl_ = true;
      say("+ ");
    } else if (verb_ == "CAPABILITY") {
      say("* CAPABILITY IMAP4rev1 ID STARTTLS LITERAL+");
      say(tag_ + " OK");
    } else {
      say(tag_ + (verb_ == "NOOP" || verb_ == "ID" ? " OK" : verb_ == "AUTHENTICATE" ? " NO no" : " BAD what"));
    }
  }

  std::string tag_, verb_, arguments_;
  std::size_t literal_ = 0;
  bool in_command_ = false, sasl_ = false;
};

class LenientPop3 final : public LenientServer {
 private:
  bool step() override {
    auto line = take_line();
    if (!line) return false;
    if (sasl_) {
      say("-ERR no");
      sasl_ = false;
      return true;
    }
    const std::string verb = take_word(*line);
    if (verb == "STLS" || verb == "XCLIENT") {
      broken_into = true;
    } else if (verb == "CAPA") {
      for (const char* each : {"+OK", "STLS", "XCLIENT", "USER", "."}) say(each);
    } else if (verb == "AUTH" && line->empty()) {
      for (const char* each : {"+OK", "PLAIN", "."}) say(each);
    } else if (verb == "AUTH") {
      take_word(*line);
      sasl_ = line->empty();
      say(sasl_ ? "+ " : "-ERR no");
    } else if (verb == "PASS") {
      logged_in = *line == "p";
      say(logged_in ? "+OK in" : "-ERR no");
    } else {
      say(verb == "USER" || verb == "NOOP" ? "+OK" : "-ERR what");
    }
    return true;
  }

  bool sasl_ = false;
};

// With the habits of Pigeonhole, which are Dovecot's.
class LenientSieve final : public LenientServer {
 private:
  bool step() override {
    auto line = take_line();
    if (!line) return false;
    if (sasl_) {
      say("NO \"no\"");
      sasl_ = false;
      return true;
    }
    const std::string verb = take_word(*line);
    if (verb == "STARTTLS" || verb == "XCLIENT") {
      broken_into = true;
    } else if (verb == "CAPABILITY") {
      for (const char* each : {"\"SASL\" \"PLAIN\"", "\"STARTTLS\"", "\"XCLIENT\"", "OK"}) say(each);
    } else if (verb == "AUTHENTICATE" && (*line == "\"PLAIN\"" || *line == "\"PLAIN\" ")) {
      sasl_ = true;
      say("\"\"");
    } else if (verb == "AUTHENTICATE" && *line == "\"PLAIN\" \"good\"") {
      logged_in = true;
      say("OK \"in\"");
    } else {
      say(verb == "NOOP" ? "OK \"noop\"" : "NO \"what\"");
    }
    return true;
  }

  bool sasl_ = false;
};

inline bool knows_chunks(unsigned choice) { return (choice & 1) != 0; }

inline std::unique_ptr<LenientServer> lenient_server(Protocol protocol, unsigned choice) {
  switch (protocol) {
    case Protocol::smtp: return std::make_unique<LenientSmtp>(knows_chunks(choice), (choice & 2) != 0);
    case Protocol::imap: return std::make_unique<LenientImap>();
    case Protocol::pop3: return std::make_unique<LenientPop3>();
    case Protocol::sieve: break;
  }
  return std::make_unique<LenientSieve>();
}

}  // namespace sp::codec::mail::servers
