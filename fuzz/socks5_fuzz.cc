// Both sides of SOCKS5: what is said and done must be the same however the octets come, no more than one message is
// ever kept, a client that has a password to give is never let through without, and what was read is read the same when
// it is said to a parent. The first octet chooses the settings.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/socks5/rows_for_tests.h"

namespace {

using namespace sp;
using namespace sp::codec::socks5;

void expect(bool condition) {
  if (!condition) std::abort();
}

void check_client(ClientLeg::Access access, ByteView octets) {
  const std::string story = rows::client_story(access, octets);
  expect(rows::client_story(access, octets, {1}) == story);
  expect(rows::client_story(access, octets, {1 + octets.size() % 7, 1 + octets.size() % 3, 5}) == story);
  const rows::ClientPlay play = rows::play_client(access, octets, {1});
  expect(play.most_kept < ClientLeg::longest_message);
  if (!play.end.starts_with("<connect>")) return;
  expect(access == ClientLeg::Access::open ? play.user.empty() : !play.user.empty() && play.password == "secret");
  expect(play.target.port != 0 && play.name.size() <= name_max);
  for (char c : play.name) expect(c > 0x20 && c < 0x7f);

  ParentLeg parent;
  Target target = play.target;
  target.name = play.name;
  const auto greeting = parent.begin({.user = play.user, .password = play.password}, target);
  expect(greeting.has_value());
  std::string said(greeting->send);
  const std::string answers = access == ClientLeg::Access::open ? rows::hex("05 00") : rows::hex("05 02 01 00");
  for (ByteView in = answers; !in.empty();) {
    const auto step = parent.next(in);
    expect(step.has_value());
    said += step->send;
  }
  const rows::ClientPlay again = rows::play_client(access, said);
  expect(again.end == play.end && again.user == play.user && again.name == play.name && again.left.empty());
}

void check_parent(const ParentCredentials& credentials, ByteView octets) {
  const Target target{.name = "example.com", .port = 443};
  const std::string story = rows::parent_story(credentials, target, octets);
  expect(rows::parent_story(credentials, target, octets, {1}) == story);
  expect(rows::parent_story(credentials, target, octets, {1 + octets.size() % 7, 1 + octets.size() % 3, 5}) == story);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] & 3) {
    case 0: check_client(ClientLeg::Access::open, octets); break;
    case 1: check_client(ClientLeg::Access::password, octets); break;
    case 2: check_parent({}, octets); break;
    default: check_parent({.user = "alice", .password = "secret"}, octets);
  }
  return 0;
}
