// The gate as the client of a server: what it says must be the same however the octets come, must be made of its own
// few commands, and a server that is to have STARTTLS is never joined without. What is learned must be bounded, and
// must make whole lines when it is told to a client. The first octet chooses the settings; 0x1e ends what the server
// says before it hears something.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "codec/mail/line_reader.h"
#include "codec/mail/rows_for_tests.h"

namespace {

using namespace sp;
using namespace sp::codec::mail;

void expect(bool condition) {
  if (!condition) std::abort();
}

std::vector<std::string> flights_of(ByteView octets) {
  constexpr char separator = 0x1e;
  std::vector<std::string> flights;
  for (;;) {
    const std::size_t end = octets.find(separator);
    flights.emplace_back(octets.substr(0, end));
    if (end == ByteView::npos) return flights;
    octets.remove_prefix(end + 1);
  }
}

// `text` is lines that a strict reader takes.
void check_lines(ByteView text) {
  LineReader lines(Side::upstream);
  while (!text.empty()) {
    const auto line = lines.take(text, 1 << 20);
    expect(line.has_value() && line->has_value());
  }
}

bool is_known(ByteView line) {
  if (line.starts_with('G')) line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
  for (const ByteView known : {"EHLO gate", "HELO gate", "STARTTLS", "STLS", "CAPA", "CAPABILITY"}) {
    if (line == known) return true;
  }
  return line.starts_with("XCLIENT ") || line.starts_with("ID (");
}

void check_said(std::string said) {
  for (const std::string mark : {"<tls>", "<join>"}) {
    if (const std::size_t at = said.find(mark); at != std::string::npos)
      said.erase(at, mark == "<tls>" ? 5 : said.size());
  }
  if (const std::size_t at = said.find('<'); at != std::string::npos) said.resize(at);
  check_lines(said);
  for (std::size_t at = 0; at < said.size(); at = said.find('\n', at) + 1) {
    expect(is_known(ByteView(said).substr(at, said.find('\r', at) - at)));
  }
}

void check_facts(const ServerSettings& settings, const Facts& facts) {
  expect(facts.capabilities.size() <= settings.limits.capability_count);
  std::size_t octets = 0;
  for (const std::string& capability : facts.capabilities) octets += capability.size();
  expect(octets <= settings.limits.capabilities);
  for (const Leg client : {Leg::clear, Leg::tls}) {
    const View view{.client = client, .server = Leg::tls};
    std::string told;
    append_greeting(settings.protocol, facts, view, told);
    append_capabilities(settings.protocol, "a", facts, view, told);
    check_lines(told);
    for (const std::string& each : all_shown(settings.protocol, facts.capabilities, view)) {
      expect(shown(settings.protocol, each, view).has_value() || each == "LOGINDISABLED");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto protocol = static_cast<Protocol>(data[0] & 3);
  ServerSettings settings{.protocol = protocol,
                          .limits = Limits::of(protocol),
                          .tls = static_cast<ServerSettings::Tls>((data[0] >> 2 & 3) % 3),
                          .name = "gate"};
  if ((data[0] & 16) != 0) {
    settings.identity = Identity{.client = {.address = *IpAddress::parse("2001:db8::7"), .port = 4711},
                                 .destination = Endpoint{.address = *IpAddress::parse("192.0.2.1"), .port = 25},
                                 .login = "a b",
                                 .session = "s"};
  }
  const ByteView octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<std::string> flights = flights_of(octets);

  ServerLeg leg(settings);
  const std::string whole = rows::play_server(leg, flights, rows::whole);
  expect(rows::play_server(settings, flights, {1}) == whole);
  expect(rows::play_server(settings, flights, {1 + size % 7, 1 + size % 3, 1 + size % 11}) == whole);
  check_said(whole);
  if (whole.contains("<join>")) {
    expect(settings.tls == ServerSettings::Tls::none || leg.leg() == Leg::tls);
    check_facts(settings, leg.facts());
  }
  return 0;
}
