// What passes between client and server. The input is played three times: as what both sides say, which must pass the
// same however it is cut; as what a client says to a server that is as lenient as they come, which must never get a
// command that is not for clients, nor be taken for one that somebody has logged in to; and as a list of capabilities,
// of which nothing must be shown that has to be hidden. The first octet chooses the settings.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "codec/mail/rows_for_tests.h"
#include "mail_servers.h"

namespace {

using namespace sp;
using namespace sp::codec::mail;

void expect(bool condition) {
  if (!condition) std::abort();
}

// What the server has said of itself: a server that lies about CHUNKING takes each chunk for commands anyhow.
Facts facts_of(Protocol protocol, bool chunking) {
  if (protocol != Protocol::smtp) return {};
  Facts facts{.host = "mx", .capabilities = {"STARTTLS", "AUTH PLAIN", "XCLIENT ADDR"}};
  if (chunking) facts.capabilities.emplace_back("CHUNKING");
  return facts;
}

// Things that are said: an octet whose highest bit is the side, and whose others are how many octets follow. What a
// server says is cut into lines: replies to nothing, of which it says more than one at a time, may come before or
// behind what a client was waiting to say.
std::vector<rows::Said> things_of(ByteView octets) {
  std::vector<rows::Said> things;
  while (!octets.empty()) {
    const auto head = static_cast<unsigned char>(octets.front());
    ByteView text = octets.substr(1, head & 127);
    octets.remove_prefix(1 + text.size());
    if ((head & 128) == 0) {
      things.push_back(rows::client(text));
      continue;
    }
    while (!text.empty()) {
      const std::size_t size = std::min(text.size(), text.find('\n') + 1 == 0 ? text.size() : text.find('\n') + 1);
      things.push_back(rows::server(text.substr(0, size)));
      text.remove_prefix(size);
    }
  }
  return things;
}

void check_cuts(const FilterSettings& settings, ByteView octets) {
  const std::vector<rows::Said> things = things_of(octets);
  const Facts facts = facts_of(settings.protocol, true);
  const std::string whole = rows::play_filter(settings, facts, things);
  expect(rows::play_filter(settings, facts, things, {1}) == whole);
  const std::size_t size = octets.size();
  expect(rows::play_filter(settings, facts, things, {1 + size % 7, 1 + size % 3, 1 + size % 11}) == whole);
  // A line of a client makes one answer of the gate, with its tag; one of a server at most a word more.
  expect(whole.size() <= 64 + 200 * (1 + octets.size()));
}

enum class Answers : std::uint8_t { at_once, late };

// The client says these octets, and the server answers.
void check_server(const FilterSettings& settings, ByteView octets, unsigned choice, Answers answers) {
  Filter filter(settings, facts_of(settings.protocol, servers::knows_chunks(choice)));
  const auto server = servers::lenient_server(settings.protocol, choice);
  rows::Between between(filter, answers == Answers::late ? rows::whole : rows::Cuts{1 + octets.size() % 13});
  std::size_t heard = 0;
  const auto turn = [&] {
    const std::string more = between.to_server.substr(heard);
    heard = between.to_server.size();
    if (!server->logged_in) between.play({rows::server(server->take(more))});
    expect(!server->broken_into);
    expect(!filter.transparent() || server->logged_in);
    return !more.empty() && !server->logged_in;
  };
  const std::size_t piece = answers == Answers::late ? octets.size() : 1 + octets.size() % 17;
  for (; !octets.empty(); octets.remove_prefix(std::min(piece, octets.size()))) {
    between.play({rows::client(octets.substr(0, piece))});
    while (turn()) {
    }
  }
}

using Names = std::vector<std::string_view>;

Names hidden_in(Protocol protocol) {
  switch (protocol) {
    case Protocol::smtp: return {"STARTTLS", "X-ANONYMOUSTLS", "XCLIENT", "XFORWARD"};
    case Protocol::imap: return {"STARTTLS", "AUTH=EXTERNAL"};
    case Protocol::pop3: return {"STLS", "XCLIENT"};
    case Protocol::sieve: break;
  }
  return {"STARTTLS", "XCLIENT"};
}

// What says that a password is taken. (ManageSieve says so by what stands behind SASL.)
Names passwords_in(Protocol protocol) {
  switch (protocol) {
    case Protocol::smtp: return {"AUTH", "X-EXPS"};
    case Protocol::imap: return {"AUTH=PLAIN", "AUTH=LOGIN"};
    case Protocol::pop3: return {"USER", "SASL"};
    case Protocol::sieve: break;
  }
  return {};
}

std::string name_in(Protocol protocol, std::string capability) {
  if (protocol == Protocol::sieve) {
    const std::size_t end = capability.find('"', 1);
    if (!capability.starts_with('"') || end == std::string::npos) return {};  // comes to nobody: it is no string
    capability = capability.substr(1, end - 1);
  } else if (protocol != Protocol::imap) {
    capability.resize(std::min(capability.size(), capability.find(' ')));
  }
  std::ranges::transform(capability, capability.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return capability;
}

void check_shown(const FilterSettings& settings, ByteView octets) {
  std::vector<std::string> lines(1);
  for (char c : octets) {
    if (c == '\n') lines.emplace_back();
    if (c != '\n' && c != '\r' && c != '\0') lines.back() += c;
  }
  const View view{.client = settings.client, .server = settings.server, .in_clear = settings.in_clear};
  const Names hidden = hidden_in(settings.protocol);
  const Names passwords = view.passwords_may_pass() ? Names() : passwords_in(settings.protocol);
  for (const std::string& each : all_shown(settings.protocol, lines, view)) {
    const std::string name = name_in(settings.protocol, each);
    expect(std::ranges::find(hidden, name) == hidden.end());
    expect(std::ranges::find(passwords, name) == passwords.end());
    if (settings.protocol == Protocol::sieve && name == "SASL" && !view.passwords_may_pass()) {
      expect(each == "\"SASL\" \"\"");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto protocol = static_cast<Protocol>(data[0] & 3);
  FilterSettings settings{.protocol = protocol,
                          .limits = Limits::of(protocol),
                          .client = static_cast<Leg>(data[0] >> 2 & 1),
                          .server = static_cast<Leg>(data[0] >> 3 & 1),
                          .in_clear = static_cast<Passwords>(data[0] >> 4 & 1),
                          .hello = static_cast<FilterSettings::Hello>(data[0] >> 5 & 1)};
  const ByteView octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_cuts(settings, octets.substr(0, 1000));  // octet by octet: longer ones would take nearly all the time
  check_shown(settings, octets);
  settings.in_clear = Passwords::allow;
  check_server(settings, octets, data[0] >> 6, Answers::at_once);
  check_server(settings, octets, data[0] >> 6, Answers::late);
  return 0;
}
