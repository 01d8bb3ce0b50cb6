#include "policy/replay.h"

#include <gtest/gtest.h>

namespace sp::policy {
namespace {

using Answer = Replayed::Answer;
using Kind = OutboundRequest::Kind;

Observed seen(std::string_view host, Kind kind = Kind::tunnel, std::string_view address = {},
              std::string_view user = {}) {
  Observed one;
  one.host = host;
  one.kind = kind;
  one.port = kind == Kind::plain ? 80 : 443;
  one.user = user;
  one.client = *IpAddress::parse("10.0.0.5");
  one.address = address;
  one.last = std::chrono::sys_days(std::chrono::year(2026) / 11 / 30) + std::chrono::hours(12);
  return one;
}

OutboundRules rules() {
  OutboundRule denied, posts, network, named, mine, ended, everything;
  denied.effect = everything.effect = OutboundRule::Effect::deny;
  denied.destinations = {"denied.example.com", "1.2.3.0/24"};
  posts.destinations = {"posts.example.com"};
  posts.methods = {"POST"};
  network.destinations = {"5.6.7.0/24"};
  named.destinations = {"example.com"};
  mine.destinations = {"mine.net"};
  mine.who = {"me"};
  mine.from = {"10.0.0.0/8"};
  ended.destinations = {"ended.net"};
  ended.until = "2026-11-01";
  return *OutboundRules::compile({denied, posts, named, mine, ended, network});
}

TEST(Replay, what_rules_would_have_said) {
  struct Row {
    const char* name;
    Observed seen;
    Answer answer;
  };
  const OutboundRules all = rules();
  for (const Row& row : {
           Row{"allowed", seen("www.example.com"), Answer::passes},
           Row{"denied", seen("denied.example.com"), Answer::refused},
           Row{"allowed by name, denied by the address", seen("www.example.com", Kind::tunnel, "1.2.3.4"),
               Answer::refused},
           Row{"allowed by name, leads to a special address", seen("www.example.com", Kind::tunnel, "10.0.0.1"),
               Answer::refused},
           Row{"only an address allows", seen("other.net", Kind::tunnel, "5.6.7.8"), Answer::passes},
           Row{"only an address could allow", seen("other.net"), Answer::depends},
           Row{"of a user", seen("mine.net", Kind::tunnel, "8.8.8.8", "me"), Answer::passes},
           Row{"of another user", seen("mine.net", Kind::tunnel, "8.8.8.8", "you"), Answer::refused},
           Row{"an ended rule", seen("ended.net", Kind::tunnel, "8.8.8.8"), Answer::refused},
           Row{"the method decides", seen("posts.example.com", Kind::plain, "8.8.8.8"), Answer::depends},
           Row{"the method cannot be seen", seen("posts.example.com", Kind::tunnel, "8.8.8.8"), Answer::passes},
           Row{"an address", seen("5.6.7.8"), Answer::passes},
           Row{"another address", seen("8.8.8.8"), Answer::refused},
       }) {
    EXPECT_EQ(replay(all, row.seen).answer, row.answer) << row.name;
  }
}

TEST(Replay, says_why) {
  const OutboundRules all = rules();
  const Observed one = seen("denied.example.com");
  EXPECT_EQ(reason(all, one, replay(all, one)), "rule 1 denies `denied.example.com`");
}

}  // namespace
}  // namespace sp::policy
