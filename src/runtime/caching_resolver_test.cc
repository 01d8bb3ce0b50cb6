#include "runtime/caching_resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "runtime/scope.h"
#include "testing/fake_loop.h"

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
using testing::FakeLoop;
using Kind = DnsAnswer::Kind;

DnsAnswer addresses(std::initializer_list<std::string_view> texts, std::chrono::seconds ttl = 60s) {
  DnsAnswer answer{Kind::addresses, {}, ttl};
  for (std::string_view text : texts) answer.addresses.push_back(*IpAddress::parse(text));
  return answer;
}
DnsAnswer negative(Kind kind, std::chrono::seconds ttl = 5s) { return {kind, {}, ttl}; }

// A server whose answers the test gives when it likes.
class FakeAsker final : public Asker {
 public:
  void ask(const std::string& name, Family family, OnAnswer on_answer) override {
    asked.push_back(name + (family == Family::v4 ? " A" : " AAAA"));
    waiting.push_back({asked.back(), std::move(on_answer)});
  }
  void servers_changed() override { ++changes; }
  // Answers the question, such as "a.test A"; it must have been asked.
  void answer(const std::string& question, DnsAnswer with) {
    const auto at = std::ranges::find(waiting, question, &Waiting::question);
    ASSERT_NE(at, waiting.end()) << question << " was not asked";
    OnAnswer call = std::move(at->on_answer);
    waiting.erase(at);
    call(std::move(with));
  }
  struct Waiting {
    std::string question;
    OnAnswer on_answer;
  };
  std::vector<std::string> asked;
  std::deque<Waiting> waiting;
  int changes = 0;
};

struct FakeSources final : NameSourceReader {
  const NameSources& current(TimePoint) override { return values; }
  NameSources values;
};

class Resolving : public ::testing::Test {
 protected:
  // One who asks; `text` is the answer once there is one.
  struct Caller {
    std::string text;
    std::string why;  // of a failure
    CancelSource token;
  };
  static Task<void> call(Resolver& resolver, std::string host, TimePoint deadline, Caller& caller) {
    const auto result = co_await resolver.resolve(host, deadline, caller.token);
    caller.text = result ? "" : std::string(name(result.error().code));
    if (!result) caller.why = result.error().where;
    if (!result) co_return;
    for (const IpAddress& address : *result) caller.text += address.text() + " ";
  }
  Caller& ask(const std::string& host, Duration patience = 1h) {
    Caller& caller = callers.emplace_back();
    scope.spawn(call(*resolver, host, loop.now() + patience, caller));
    loop.settle();
    return caller;
  }
  void answer(const std::string& question, DnsAnswer with) {
    asker->answer(question, std::move(with));
    loop.settle();
  }
  void TearDown() override { EXPECT_EQ(scope.running(), 0u); }

  FakeLoop loop;
  Scope scope;
  std::deque<Caller> callers;
  std::vector<std::string> stale;
  FakeAsker* asker = new FakeAsker;
  FakeSources* sources = new FakeSources;
  std::unique_ptr<CachingResolver> resolver = make();

 private:
  std::unique_ptr<CachingResolver> make() {
    ResolverOptions options;
    options.on_stale = [this](std::string_view host) { stale.emplace_back(host); };
    return std::make_unique<CachingResolver>(loop, std::unique_ptr<Asker>(asker),
                                             std::unique_ptr<NameSourceReader>(sources), options);
  }
};

TEST_F(Resolving, literals_and_localhost_need_no_server) {
  EXPECT_EQ(ask("192.0.2.1").text, "192.0.2.1 ");
  EXPECT_EQ(ask("2001:db8::1").text, "2001:db8::1 ");
  EXPECT_EQ(ask("localhost").text, "::1 127.0.0.1 ");
  EXPECT_EQ(ask("App.LocalHost.").text, "::1 127.0.0.1 ");
  sources->values.has_loopback_v6 = false;
  EXPECT_EQ(ask("localhost").text, "127.0.0.1 ");
  EXPECT_TRUE(asker->asked.empty());
}

TEST_F(Resolving, the_hosts_file_goes_before_servers) {
  sources->values.hosts = parse_hosts("192.0.2.7 db.test\n2001:db8::7 db.test\n192.0.2.8 localhost\n");
  EXPECT_EQ(ask("DB.test").text, "2001:db8::7 192.0.2.7 ");
  EXPECT_EQ(ask("localhost").text, "192.0.2.8 ");
  EXPECT_TRUE(asker->asked.empty());
}

TEST_F(Resolving, what_is_no_name_is_not_asked) {
  EXPECT_EQ(ask("").text, "dns_error");
  EXPECT_EQ(ask("a b").text, "dns_error");
  EXPECT_EQ(ask("[::1]").text, "dns_error");
  EXPECT_TRUE(asker->asked.empty());
}

TEST_F(Resolving, both_families_are_asked_at_once_and_answers_are_kept) {
  Caller& first = ask("a.test");
  EXPECT_EQ(asker->asked, (std::vector<std::string>{"a.test AAAA", "a.test A"}));
  answer("a.test AAAA", addresses({"2001:db8::1"}, 30s));
  EXPECT_EQ(first.text, "");
  answer("a.test A", addresses({"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(first.text, "2001:db8::1 192.0.2.1 192.0.2.2 ");
  EXPECT_EQ(ask("A.TEST").text, "2001:db8::1 192.0.2.1 192.0.2.2 ");
  EXPECT_EQ(ask("a.test").text, "2001:db8::1 192.0.2.2 192.0.2.1 ");
  EXPECT_EQ(resolver->counts().hits, 2u);

  loop.advance(30s);  // the smaller of the two
  Caller& again = ask("a.test");
  EXPECT_EQ(asker->asked.size(), 4u);
  answer("a.test A", addresses({"192.0.2.9"}));
  answer("a.test AAAA", negative(Kind::no_address));
  EXPECT_EQ(again.text, "192.0.2.9 ");
}

TEST_F(Resolving, only_families_that_the_machine_has_are_asked) {
  sources->values.has_v6 = false;
  Caller& caller = ask("a.test");
  EXPECT_EQ(asker->asked, std::vector<std::string>{"a.test A"});
  answer("a.test A", addresses({"192.0.2.1"}));
  EXPECT_EQ(caller.text, "192.0.2.1 ");
}

TEST_F(Resolving, v4_does_not_wait_long_for_v6) {
  Caller& caller = ask("a.test");
  answer("a.test A", addresses({"192.0.2.1"}));
  loop.advance(49ms);
  EXPECT_EQ(caller.text, "");
  loop.advance(1ms);
  EXPECT_EQ(caller.text, "192.0.2.1 ");
  EXPECT_EQ(ask("a.test").text, "192.0.2.1 ");
  answer("a.test AAAA", addresses({"2001:db8::1"}));
  EXPECT_EQ(ask("a.test").text, "2001:db8::1 192.0.2.1 ");
  EXPECT_EQ(asker->asked.size(), 2u);
}

TEST_F(Resolving, a_family_that_failed_is_asked_again_soon) {
  Caller& caller = ask("a.test");
  answer("a.test A", addresses({"192.0.2.1"}, 3600s));
  answer("a.test AAAA", negative(Kind::failure));
  EXPECT_EQ(caller.text, "192.0.2.1 ");
  loop.advance(30s);
  ask("a.test").token.cancel();
  loop.settle();
  EXPECT_EQ(asker->asked.size(), 4u);
}

TEST_F(Resolving, a_failure_says_what_the_server_said) {
  Caller& none = ask("none.test");
  answer("none.test AAAA", negative(Kind::no_name));
  answer("none.test A", negative(Kind::no_name));
  EXPECT_EQ(none.why, "the name server says that there is no such name (NXDOMAIN)");
  EXPECT_EQ(ask("none.test").why, none.why);  // from the cache
  Caller& bare = ask("bare.test");
  answer("bare.test AAAA", negative(Kind::no_address));
  answer("bare.test A", negative(Kind::no_address));
  EXPECT_EQ(bare.why, "the name server knows the name, but no address of it");
  Caller& broken = ask("broken.test");
  answer("broken.test AAAA", negative(Kind::failure));
  answer("broken.test A", negative(Kind::failure));
  EXPECT_EQ(broken.why, "the name servers cannot or will not say (SERVFAIL, REFUSED)");
  EXPECT_EQ(ask("silent.test", 10ms).why, "");
  loop.advance(10ms);
  EXPECT_EQ(callers.back().why, "no name server answered in time");
  EXPECT_EQ(ask("a b").why, "this is not a name that can be looked up");
}

TEST_F(Resolving, callers_of_one_name_share_one_question) {
  Caller& first = ask("a.test");
  Caller& second = ask("a.test");
  Caller& third = ask("A.test", 10ms);
  EXPECT_EQ(asker->asked.size(), 2u);
  first.token.cancel(Code::shutting_down);
  loop.advance(10ms);
  EXPECT_EQ(first.text, "shutting_down");
  EXPECT_EQ(third.text, "dns_timeout");
  EXPECT_EQ(second.text, "");
  answer("a.test AAAA", negative(Kind::no_address));
  answer("a.test A", addresses({"192.0.2.1"}));
  EXPECT_EQ(second.text, "192.0.2.1 ");
  EXPECT_EQ(resolver->counts().joined, 2u);
}

TEST_F(Resolving, a_question_that_nobody_waits_for_any_more_is_still_good_for_the_next) {
  ask("a.test").token.cancel();
  loop.settle();
  answer("a.test AAAA", negative(Kind::no_address));
  answer("a.test A", addresses({"192.0.2.1"}));
  EXPECT_EQ(ask("a.test").text, "192.0.2.1 ");
}

TEST_F(Resolving, a_cancelled_caller_does_not_ask) {
  Caller& caller = callers.emplace_back();
  caller.token.cancel();
  scope.spawn(call(*resolver, "a.test", never, caller));
  loop.settle();
  EXPECT_EQ(caller.text, "cancelled");
  EXPECT_TRUE(asker->asked.empty());
}

TEST_F(Resolving, negative_answers_are_kept_for_their_time) {
  Caller& no_name = ask("no.test");
  answer("no.test A", negative(Kind::no_name, 20s));
  answer("no.test AAAA", negative(Kind::no_name, 10s));
  EXPECT_EQ(no_name.text, "dns_error");
  Caller& empty = ask("empty.test");
  answer("empty.test A", negative(Kind::no_address));
  answer("empty.test AAAA", negative(Kind::no_address));
  EXPECT_EQ(empty.text, "dns_no_address");
  EXPECT_EQ(ask("no.test").text, "dns_error");
  EXPECT_EQ(ask("empty.test").text, "dns_no_address");
  EXPECT_EQ(asker->asked.size(), 4u);
  loop.advance(10s);
  ask("no.test").token.cancel();
  loop.settle();
  EXPECT_EQ(asker->asked.size(), 6u);
}

TEST_F(Resolving, the_search_list_goes_on_while_names_do_not_exist) {
  sources->values.search = {{"one.test", "two.test", "three.test"}, 1};
  Caller& caller = ask("db");
  answer("db.one.test A", negative(Kind::no_name));
  answer("db.one.test AAAA", negative(Kind::no_name));
  answer("db.two.test A", addresses({"192.0.2.2"}));
  answer("db.two.test AAAA", negative(Kind::no_address));
  EXPECT_EQ(caller.text, "192.0.2.2 ");
  EXPECT_EQ(ask("db").text, "192.0.2.2 ");
  EXPECT_EQ(asker->asked.size(), 4u);
  Caller& absolute = ask("db.");
  EXPECT_EQ(asker->asked.back(), "db A");
  answer("db AAAA", negative(Kind::no_name));
  answer("db A", negative(Kind::no_name));
  EXPECT_EQ(absolute.text, "dns_error");
}

TEST_F(Resolving, a_failure_ends_the_search_list) {
  sources->values.search = {{"one.test", "two.test"}, 1};
  Caller& caller = ask("db");
  answer("db.one.test A", negative(Kind::failure));
  answer("db.one.test AAAA", negative(Kind::no_name));
  EXPECT_EQ(caller.text, "dns_error");
  EXPECT_EQ(asker->asked.size(), 2u);
}

TEST_F(Resolving, silent_servers_are_a_timeout_that_is_not_asked_again_at_once) {
  Caller& caller = ask("a.test");
  answer("a.test A", negative(Kind::no_reply));
  answer("a.test AAAA", negative(Kind::failure));
  EXPECT_EQ(caller.text, "dns_timeout");
  EXPECT_EQ(ask("a.test").text, "dns_timeout");
  EXPECT_EQ(asker->asked.size(), 2u);
  loop.advance(1s);
  ask("a.test").token.cancel();
  loop.settle();
  EXPECT_EQ(asker->asked.size(), 4u);
}

// An answer that is past its time, and servers that say nothing.
class ResolvingStale : public Resolving {
 protected:
  void SetUp() override {
    ask("a.test");
    answer("a.test A", addresses({"192.0.2.1"}, 60s));
    answer("a.test AAAA", negative(Kind::no_address));
    loop.advance(61s);
  }
};

TEST_F(ResolvingStale, helps_out_when_servers_are_slow) {
  Caller& caller = ask("a.test");
  loop.advance(1799ms);
  EXPECT_EQ(caller.text, "");
  loop.advance(1ms);
  EXPECT_EQ(caller.text, "192.0.2.1 ");
  EXPECT_EQ(stale, std::vector<std::string>{"a.test"});
  EXPECT_EQ(ask("a.test").text, "192.0.2.1 ");  // at once, for a while
  EXPECT_EQ(asker->asked.size(), 4u);
  answer("a.test A", addresses({"192.0.2.2"}));
  answer("a.test AAAA", negative(Kind::no_address));
  EXPECT_EQ(ask("a.test").text, "192.0.2.2 ");
}

TEST_F(ResolvingStale, helps_out_when_servers_fail) {
  Caller& caller = ask("a.test");
  answer("a.test A", negative(Kind::no_reply));
  answer("a.test AAAA", negative(Kind::no_reply));
  EXPECT_EQ(caller.text, "192.0.2.1 ");
  loop.advance(5s);
  Caller& next = ask("a.test");
  EXPECT_EQ(next.text, "");
  answer("a.test A", negative(Kind::failure));
  answer("a.test AAAA", negative(Kind::failure));
  EXPECT_EQ(next.text, "192.0.2.1 ");
  EXPECT_EQ(stale.size(), 2u);
}

TEST_F(ResolvingStale, helps_out_when_patience_ends) {
  Caller& caller = ask("a.test", 100ms);
  loop.advance(100ms);
  EXPECT_EQ(caller.text, "192.0.2.1 ");
}

TEST_F(ResolvingStale, does_not_hide_that_the_name_is_gone) {
  Caller& caller = ask("a.test");
  answer("a.test A", negative(Kind::no_name));
  answer("a.test AAAA", negative(Kind::no_name));
  EXPECT_EQ(caller.text, "dns_error");
}

TEST_F(ResolvingStale, ends_after_five_minutes) {
  loop.advance(5min);
  Caller& caller = ask("a.test");
  answer("a.test A", negative(Kind::no_reply));
  answer("a.test AAAA", negative(Kind::no_reply));
  EXPECT_EQ(caller.text, "dns_timeout");
}

TEST_F(Resolving, another_resolv_conf_is_another_world) {
  ask("a.test");
  answer("a.test A", addresses({"192.0.2.1"}));
  answer("a.test AAAA", negative(Kind::no_address));
  sources->values.servers_version = 7;
  ask("a.test").token.cancel();
  loop.settle();
  EXPECT_EQ(asker->changes, 1);
  EXPECT_EQ(asker->asked.size(), 4u);
}

TEST_F(Resolving, many_names_do_not_take_more_than_the_cache_holds) {
  for (int i = 0; i < 5000; ++i) {
    const std::string host = std::to_string(i) + ".test";
    ask(host);
    answer(host + " A", addresses({"192.0.2.1"}));
    answer(host + " AAAA", negative(Kind::no_address));
  }
  EXPECT_EQ(ask("4999.test").text, "192.0.2.1 ");
  ask("0.test").token.cancel();
  loop.settle();
  EXPECT_EQ(asker->waiting.size(), 2u);
}

}  // namespace
}  // namespace sp::runtime
