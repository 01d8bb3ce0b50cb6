// Mail sessions through a gate: what is said on each leg, when both are joined, what is told to whom when something
// fails, and how it ends. What the dialogues say in detail is tested in codec/mail.
#include "proxy/tls_for_tests.h"

namespace sp::proxy {
namespace {

using sp::testing::GateOptions;

constexpr std::string_view client_at = "203.0.113.1:50000";
constexpr std::string_view gate_at = "192.0.2.80:25";
constexpr std::string_view server_at = "10.0.0.1:8000";

// A stream of somebody else: TLS over a connection that a script goes on to own.
class Lent final : public runtime::Stream {
 public:
  explicit Lent(Stream& of) : of_(of) {}
  runtime::IoResult try_read(std::span<char> into) override { return of_.try_read(into); }
  runtime::IoResult try_write(std::span<const iovec> pieces) override { return of_.try_write(pieces); }
  void arm(runtime::Direction direction, runtime::IoWait& wait) override { of_.arm(direction, wait); }
  void disarm(runtime::Direction direction) override { of_.disarm(direction); }
  runtime::IoResult try_finish() override { return of_.try_finish(); }
  void abort(Code why) override { of_.abort(why); }
  void reset_on_close() override { of_.reset_on_close(); }
  void watch_hangup(const runtime::HangupWatch* watch) override { of_.watch_hangup(watch); }

 private:
  Stream& of_;
};

const Pairs& pairs() {
  static const Pairs made{{"mail", test_authority().leaf({"mail.test"})}, {"mx", test_authority().leaf({"mx.test"})}};
  return made;
}

constexpr std::string_view verify = "    upstream_tls: { ca: authority.pem, sni: mx.test, verify: chain }\n";

std::string entry(std::string_view listen, std::string_view to, std::string_view rest = {}) {
  return joined({"certificates: [ { cert: mail.pem, key: mail.key } ]\ninbound:\n  - listen: [ \"", listen,
                 "\" ]\n    to: \"", to, "\"\n", rest});
}

// A gate before one server, and a client that has connected.
struct Stand {
  Stand(std::string_view listen, std::string_view to, std::string_view rest = {})
      : Stand(entry(listen, to, rest), GateOptions{.files = files_with(pairs())}) {}
  Stand(const std::string& text, GateOptions options) : gate(text, std::move(options)) {
    peer.present("mx");
    gate.server(server_at);
    client = gate.client(client_at, gate_at);
  }

  void accept() { server = gate.server(server_at).accept(); }
  // The client has asked for TLS, and now has it.
  void secure_client(std::string_view name = "mail.test") {
    secured_client = peer.secure(std::make_unique<Lent>(client.stream()), name, {}, {});
    EXPECT_TRUE(peer.shaken) << sp::name(peer.shaken.error().code);
  }
  void secure_server() {
    peer.serve(std::make_unique<Lent>(server.stream()));
    secured_server = peer.accept();
  }
  void end_client() {
    secured_client.close();
    client.close();
  }
  std::string_view code() const { return name(gate.observed.last().code); }

  Gate gate;
  TlsPeer peer{gate, pairs()};
  Scripted client{gate.loop, nullptr}, server{gate.loop, nullptr};
  Scripted secured_client{gate.loop, nullptr}, secured_server{gate.loop, nullptr};
};

constexpr std::string_view smtp_at = "smtp://:25", imap_at = "imap://:25", pop3_at = "pop3://:25",
                           sieve_at = "sieve://:25";
constexpr std::string_view in_clear = "tcp://10.0.0.1:8000";

// SMTP up to the client's turn.
constexpr std::string_view hello = "250-mx.test\r\n250-PIPELINING\r\n250 SIZE 1000\r\n";
void greet(Stand& stand, std::string_view capabilities = hello) {
  stand.accept();
  stand.server.send("220 mx.test ESMTP\r\n");
  stand.server.expect("EHLO [192.0.2.80]\r\n");
  stand.server.send(capabilities);
  stand.client.expect("220 mx.test ESMTP\r\n");
}

// IMAP likewise.
constexpr std::string_view imap_capability = "* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN\r\n";
void greet_imap(Stand& stand) {
  stand.accept();
  stand.server.send("* OK [CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN] ready\r\n");
}

// ---- both legs

TEST(MailSessions, in_clear_are_joined_when_the_client_goes_on) {
  Stand stand(smtp_at, in_clear);
  greet(stand);
  stand.client.send("EHLO me\r\n");
  stand.client.expect("250-mx.test\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 STARTTLS\r\n");
  stand.server.expect_nothing();
  stand.client.send("MAIL FROM:<a@b.test>\r\n");
  stand.server.expect("EHLO me\r\n");
  stand.server.send(hello);
  stand.server.expect("MAIL FROM:<a@b.test>\r\n");
  stand.server.send("250 2.1.0 Ok\r\n");
  stand.client.expect("250 2.1.0 Ok\r\n");
  EXPECT_EQ(stand.gate.worker().tunnels().resting(), 1u);
  stand.client.send("QUIT\r\n");
  stand.server.expect("QUIT\r\n");
  stand.server.send("221 Bye\r\n");
  stand.server.close();
  stand.client.expect("221 Bye\r\n");
  stand.client.expect_end();
  stand.client.close();
  EXPECT_EQ(stand.code(), "ok");
  EXPECT_EQ(stand.gate.observed.last().request_octets, 28u);
  EXPECT_EQ(stand.gate.observed.last().response_octets, 23u);
}

TEST(MailSessions, with_starttls_on_both_legs) {
  Stand stand(imap_at, "imap://10.0.0.1:8000", verify);
  stand.accept();
  stand.server.send("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n");
  const std::string ask = stand.server.take_all();
  ASSERT_TRUE(ask.ends_with(" STARTTLS\r\n")) << ask;
  stand.client.expect_nothing();
  stand.server.send(ask.substr(0, ask.find(' ')) + " OK begin\r\n");
  stand.secure_server();
  const std::string again = stand.secured_server.take_all();
  ASSERT_TRUE(again.ends_with(" CAPABILITY\r\n")) << again;
  stand.secured_server.send(std::string(imap_capability) + again.substr(0, again.find(' ')) + " OK done\r\n");
  stand.client.expect("* OK [CAPABILITY IMAP4rev1 IDLE STARTTLS LOGINDISABLED] ready\r\n");
  stand.client.send("a STARTTLS\r\n");
  stand.client.expect("a OK Begin TLS negotiation now\r\n");
  stand.secure_client();
  stand.secured_client.send("b LOGIN me secret\r\n");
  stand.secured_server.expect("b LOGIN me secret\r\n");
  stand.secured_server.send("b OK in\r\n");
  stand.secured_client.expect("b OK in\r\n");
  EXPECT_EQ(stand.gate.worker().tunnels().resting(), 1u);
  stand.secured_server.send("* 1 EXISTS\r\n");
  stand.secured_client.expect("* 1 EXISTS\r\n");
  stand.end_client();
  EXPECT_EQ(stand.code(), "ok");
}

// What the server says with its answer to the log-in, and what the client has sent behind it.
TEST(MailSessions, lose_nothing_where_they_become_a_tunnel) {
  Stand stand(imap_at, in_clear, "    starttls: optional\n    passwords_in_clear: allow\n");
  greet_imap(stand);
  stand.client.take_until("ready\r\n");
  stand.client.send("a LOGIN me secret\r\nb SELECT INBOX\r\nc IDLE\r\n");
  stand.server.expect("a LOGIN me secret\r\n");
  stand.server.send("a OK in\r\n* 1 EXISTS\r\n* half a li");
  stand.client.expect("a OK in\r\n* 1 EXISTS\r\n* half a li");
  stand.server.expect("b SELECT INBOX\r\nc IDLE\r\n");
  stand.client.close();
}

// What is changed on its way comes behind what was not, and is the last thing before the tunnel.
TEST(MailSessions, lose_nothing_of_the_answer_to_a_log_in) {
  Stand stand(imap_at, in_clear, "    starttls: optional\n    passwords_in_clear: allow\n");
  greet_imap(stand);
  stand.client.take_until("ready\r\n");
  stand.client.send("a LOGIN me secret\r\nb IDLE\r\n");
  stand.server.expect("a LOGIN me secret\r\n");
  stand.server.send("* OK [ALERT] hear\r\na OK [CAPABILITY X STARTTLS] in\r\n* 1 EXISTS\r\n");
  stand.client.expect("* OK [ALERT] hear\r\na OK [CAPABILITY X] in\r\n* 1 EXISTS\r\n");
  stand.server.expect("b IDLE\r\n");
  stand.client.close();
}

TEST(MailSessions, of_which_each_octet_comes_alone) {
  for (std::string_view starttls : {"optional", "required"}) {
    Stand stand(pop3_at, in_clear, joined({"    passwords_in_clear: allow\n    starttls: ", starttls, "\n"}));
    stand.accept();
    const auto drip = [](Scripted& from, std::string_view octets) {
      for (char c : octets) from.send(std::string(1, c));
    };
    drip(stand.server, "+OK ready\r\n");
    stand.server.expect("CAPA\r\n");
    drip(stand.server, "+OK\r\nUIDL\r\nUSER\r\n.\r\n");
    stand.client.expect("+OK ready\r\n");
    if (starttls == "required") {
      drip(stand.client, "STLS\r\n");
      stand.client.expect("+OK Begin TLS negotiation now\r\n");
      stand.secure_client();
    }
    Scripted& client = starttls == "required" ? stand.secured_client : stand.client;
    drip(client, "USER me\r\nPASS secret\r\n");
    stand.server.expect("USER me\r\n");
    drip(stand.server, "+OK\r\n");
    stand.server.expect("PASS secret\r\n");
    drip(stand.server, "+OK in\r\n");
    client.expect("+OK\r\n+OK in\r\n");
    stand.end_client();
    EXPECT_EQ(stand.code(), "ok");
  }
}

// The connection is cut and delayed at random, on both sides.
TEST(MailSessions, over_a_network_that_cuts) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Stand stand(entry(imap_at, in_clear, "    starttls: optional\n    passwords_in_clear: allow\n"),
                GateOptions{.network = {.seed = seed}, .files = files_with(pairs()), .seed = seed});
    greet_imap(stand);
    stand.client.take_until("ready\r\n");
    stand.client.send("a NOOP\r\nb LOGIN me secret\r\nc IDLE\r\n");
    stand.client.expect("a OK NOOP completed\r\n");
    stand.server.expect("b LOGIN me secret\r\n");
    stand.server.send("b OK in\r\n");
    stand.client.expect("b OK in\r\n");
    stand.server.expect("c IDLE\r\n");
    stand.client.close();
  }
}

// ---- passwords

TEST(MailSessions, give_no_password_to_a_server_in_clear) {
  Stand stand(imap_at, in_clear);
  greet_imap(stand);
  stand.client.take_until("ready\r\n");
  stand.client.send("a STARTTLS\r\n");
  stand.client.expect("a OK Begin TLS negotiation now\r\n");
  stand.secure_client();
  stand.secured_client.send("b LOGIN me secret\r\n");
  stand.secured_client.expect(
      "b NO [CONTACTADMIN] The way to the mail server is not encrypted, and no password goes there\r\n");
  stand.server.expect_nothing();
  stand.secured_client.send("c CAPABILITY\r\n");
  stand.server.expect("c CAPABILITY\r\n");
  stand.server.send(std::string(imap_capability) + "c OK done\r\n");
  stand.secured_client.expect("* CAPABILITY IMAP4rev1 IDLE LOGINDISABLED\r\nc OK done\r\n");
  stand.end_client();
}

TEST(MailSessions, take_a_server_on_this_machine_for_one_with_tls) {
  Stand stand(imap_at, "tcp://127.0.0.1:8000");
  stand.client.expect("* BYE [UNAVAILABLE] Service not available, try later\r\n");
  stand.client.close();
  stand.gate.server("127.0.0.1:8000");
  stand.client = stand.gate.client(client_at, gate_at);
  stand.server = stand.gate.server("127.0.0.1:8000").accept();
  stand.server.send("* OK [CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN] ready\r\n");
  stand.client.take_until("ready\r\n");
  stand.client.send("a STARTTLS\r\n");
  stand.client.expect("a OK Begin TLS negotiation now\r\n");
  stand.secure_client();
  stand.secured_client.send("b LOGIN me secret\r\n");
  stand.server.expect("b LOGIN me secret\r\n");
  stand.end_client();
}

TEST(MailSessions, take_no_password_in_clear_and_go_on) {
  Stand stand(smtp_at, "smtp://10.0.0.1:8000", verify);
  stand.accept();
  stand.server.send("220 mx.test ESMTP\r\n");
  stand.server.expect("EHLO [192.0.2.80]\r\n");
  stand.server.send("250-mx.test\r\n250 STARTTLS\r\n");
  stand.server.expect("STARTTLS\r\n");
  stand.server.send("220 go on\r\n");
  stand.secure_server();
  stand.secured_server.expect("EHLO [192.0.2.80]\r\n");
  stand.secured_server.send("250-mx.test\r\n250 AUTH PLAIN\r\n");
  stand.client.expect("220 mx.test ESMTP\r\n");
  stand.client.send("EHLO me\r\nAUTH PLAIN AGEAYg==\r\n");
  stand.client.expect("250-mx.test\r\n250 STARTTLS\r\n530 5.7.0 Must issue a STARTTLS command first\r\n");
  stand.client.send("STARTTLS\r\n");
  stand.client.expect("220 2.0.0 Ready to start TLS\r\n");
  stand.secure_client();
  stand.secured_client.send("EHLO me\r\n");
  stand.secured_server.expect("EHLO me\r\n");
  stand.secured_server.send("250-mx.test\r\n250 AUTH PLAIN\r\n");
  stand.secured_client.expect("250-mx.test\r\n250 AUTH PLAIN\r\n");
  stand.end_client();
}

TEST(MailSessions, that_must_begin_with_starttls_have_an_end) {
  Stand stand(sieve_at, in_clear);
  stand.accept();
  stand.server.send("\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n");
  stand.client.take_until("OK \"\"\r\n");
  for (int i = 0; i < 33; ++i) stand.client.send("LISTSCRIPTS\r\n");
  const std::string all = stand.client.take_all();
  EXPECT_TRUE(all.ends_with("BYE \"Must use TLS\"\r\n")) << all;
  stand.client.close();
  EXPECT_EQ(stand.code(), "starttls_required");
}

// ---- who connects

TEST(MailSessions, say_who_connects) {
  Stand stand(smtp_at, in_clear, "    xclient: on\n");
  stand.accept();
  stand.server.send("220 mx.test ESMTP\r\n");
  stand.server.expect("EHLO [192.0.2.80]\r\n");
  stand.server.send("250-mx.test\r\n250 XCLIENT NAME ADDR PORT\r\n");
  stand.server.expect("XCLIENT NAME=[UNAVAILABLE] PORT=50000 ADDR=203.0.113.1\r\n");
  stand.client.expect_nothing();
  stand.server.send("220 mx.test ESMTP\r\n");
  stand.server.expect("EHLO [192.0.2.80]\r\n");
  stand.server.send("250-mx.test\r\n250 SIZE 1000\r\n");
  stand.client.expect("220 mx.test ESMTP\r\n");
  stand.client.send("EHLO me\r\n");
  stand.client.expect("250-mx.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n");
  stand.client.close();
}

TEST(MailSessions, where_nobody_may_say_who_connects) {
  Stand stand(smtp_at, in_clear, "    xclient: on\n");
  stand.accept();
  stand.server.send("220 mx.test ESMTP\r\n");
  stand.server.send(hello);
  stand.client.expect("421 4.3.2 Service not available, try later\r\n");
  stand.client.expect_end();
  stand.client.close();
  EXPECT_EQ(stand.code(), "mail_identity_refused");
}

// Or its log would tell of lost connections, of which nobody knows what they were.
TEST(MailSessions, say_goodbye_to_a_server_that_they_leave) {
  struct Row {
    std::string_view listen, greeting, asked, answer, goodbye;
  };
  for (const Row& row :
       {Row{smtp_at, "220 mx.test ESMTP\r\n", "EHLO [192.0.2.80]\r\n", hello, "QUIT\r\n"},
        Row{smtp_at, "220 mx.test ESMTP\r\n", "EHLO [192.0.2.80]\r\n", "550 who are you\r\n", "QUIT\r\n"},
        Row{imap_at, "* OK [CAPABILITY IMAP4rev1] ready\r\n", "", "", "G0 LOGOUT\r\n"},
        Row{pop3_at, "+OK ready\r\n", "CAPA\r\n", "+OK\r\nUSER\r\n.\r\n", "QUIT\r\n"},
        Row{sieve_at, "\"SIEVE\" \"fileinto\"\r\nOK\r\n", "", "", "LOGOUT\r\n"}}) {
    Stand stand(row.listen, in_clear, "    xclient: on\n");
    stand.accept();
    stand.server.send(row.greeting);
    if (!row.asked.empty()) stand.server.expect(row.asked);
    stand.server.send(row.answer);
    stand.server.expect(row.goodbye);
    stand.server.expect_end();
    stand.client.take_all();
    stand.client.close();
  }
}

TEST(MailSessions, begin_with_the_proxy_header) {
  Stand stand(smtp_at, in_clear, "    send_proxy: v1\n");
  stand.accept();
  stand.server.expect("PROXY TCP4 203.0.113.1 192.0.2.80 50000 25\r\n");
  stand.client.close();
}

// Which server it is depends on the name; it is met when the client has TLS.
TEST(MailSessions, by_the_name_that_the_client_asks_for) {
  const std::string text =
      "certificates: [ { cert: mail.pem, key: mail.key } ]\ninbound:\n  - listen: [ \"imap://:25\" ]\n"
      "    passwords_in_clear: allow\n    sni: { mail.test: \"tcp://10.0.0.1:8000\" }\n";
  Stand stand(text, GateOptions{.files = files_with(pairs())});
  stand.client.expect("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] [192.0.2.80] ready\r\n");
  EXPECT_EQ(stand.gate.server(server_at).waiting(), 0u);
  stand.client.send("a STARTTLS\r\n");
  stand.client.expect("a OK Begin TLS negotiation now\r\n");
  stand.secure_client();
  stand.secured_client.expect_nothing();  // who reads has sent all of its handshake
  greet_imap(stand);
  stand.secured_client.send("b LOGIN me secret\r\n");
  stand.server.expect("b LOGIN me secret\r\n");
  stand.end_client();
}

// ---- what is no session

TEST(MailSessions, end_with_octets_behind_starttls) {
  Stand stand(smtp_at, in_clear);
  greet(stand);
  stand.client.send("STARTTLS\r\nRSET\r\n");
  stand.client.expect("554 5.7.0 The session cannot go on\r\n");
  stand.client.expect_end();
  stand.client.close();
  EXPECT_EQ(stand.code(), "starttls_injection");
  stand.server.expect("QUIT\r\n");
  stand.server.expect_end();
}

TEST(MailSessions, end_with_octets_behind_the_consent_of_the_server) {
  Stand stand(smtp_at, "smtp://10.0.0.1:8000", verify);
  stand.accept();
  stand.server.send("220 mx.test ESMTP\r\n");
  stand.server.send("250-mx.test\r\n250 STARTTLS\r\n");
  stand.server.send("220 go on\r\n250 mx.test\r\n");
  stand.client.expect("421 4.3.2 Service not available, try later\r\n");
  stand.client.close();
  EXPECT_EQ(stand.code(), "starttls_injection");
}

struct Wrong {
  std::string octets;
  std::string_view code;
};

TEST(MailSessions, end_where_a_client_breaks_the_rules) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += "NOOP\r\n";
  for (const Wrong& row :
       {Wrong{"\x16\x03\x01\x02", "mail_malformed"}, Wrong{"EHLO me\nNOOP\r\n", "mail_malformed"},
        Wrong{"EHLO " + std::string(3000, 'x'), "mail_line_too_long"}, Wrong{many, "mail_too_many_commands"},
        // The same behind the join.
        Wrong{"EHLO me\r\nMAIL FROM:<a>\r\nRCPT\n", "mail_malformed"}}) {
    Stand stand(smtp_at, in_clear);
    greet(stand, "250-mx.test\r\n250 AUTH PLAIN\r\n");
    stand.client.send(row.octets);
    const std::string asked = stand.server.take_all();
    if (asked == "EHLO me\r\n") stand.server.send("250-mx.test\r\n250 AUTH PLAIN\r\n");
    const std::string all = stand.client.take_all();
    EXPECT_TRUE(all.ends_with("554 5.7.0 The session cannot go on\r\n")) << row.octets << ": " << all;
    stand.client.close();
    EXPECT_EQ(stand.code(), row.code) << row.octets;
    stand.server.take_all();
  }
}

TEST(MailSessions, pass_on_with_what_a_server_refuses_them) {
  for (std::string_view words : {"554 mx.test no service for you\r\n", "421-come\r\n421 later\r\n"}) {
    Stand stand(smtp_at, in_clear);
    stand.accept();
    stand.server.send(words);
    stand.client.expect(words);
    stand.client.expect_end();
    stand.client.close();
    EXPECT_EQ(stand.code(), "mail_server_refused");
  }
}

TEST(MailSessions, tell_the_client_where_a_server_fails) {
  for (const Wrong& row :
       {Wrong{"SSH-2.0-OpenSSH_9.2\r\n", "mail_reply_malformed"}, Wrong{"", "proxy_expected"},
        Wrong{"220 mx.test ESMTP\r\n250 mx.test\r\n", "starttls_refused"},
        Wrong{"220 mx.test ESMTP\r\n250-mx.test\r\n250 STARTTLS\r\n454 not now\r\n", "starttls_refused"}}) {
    Stand stand(smtp_at, "smtp://10.0.0.1:8000", verify);
    stand.accept();
    stand.server.send(row.octets);
    if (row.octets.empty()) stand.server.close();
    stand.client.expect("421 4.3.2 Service not available, try later\r\n");
    stand.client.expect_end();
    stand.client.close();
    EXPECT_EQ(stand.code(), row.code) << row.octets;
  }
}

TEST(MailSessions, tell_the_client_where_there_is_no_server) {
  for (const auto& [listen, words] : {std::pair{smtp_at, "421 4.3.2 Service not available, try later\r\n"},
                                      std::pair{imap_at, "* BYE [UNAVAILABLE] Service not available, try later\r\n"},
                                      std::pair{pop3_at, "-ERR [SYS/TEMP] Service not available, try later\r\n"},
                                      std::pair{sieve_at, "BYE (TRYLATER) \"Service not available, try later\"\r\n"}}) {
    Stand stand(listen, "tcp://10.0.0.9:1");
    stand.client.expect(words);
    stand.client.expect_end();
    stand.client.close();
    EXPECT_EQ(stand.code(), "connection_refused");
  }
}

// ---- time

TEST(MailSessions, do_not_wait_long_for_a_greeting) {
  Stand stand(smtp_at, in_clear, "    timeouts: { response_head: 20s }\n");
  stand.accept();
  stand.gate.loop.advance(19s);
  stand.client.expect_nothing();
  stand.server.send("220 ");
  stand.gate.loop.advance(2s);
  stand.client.expect("421 4.3.2 Service not available, try later\r\n");
  stand.client.close();
  EXPECT_EQ(stand.code(), "response_head_timeout");
}

// RFC 5321 section 4.5.3.2.7: five minutes for the next command.
TEST(MailSessions, do_not_wait_for_a_client_that_says_nothing) {
  Stand stand(smtp_at, in_clear);
  greet(stand);
  stand.gate.loop.advance(299s);
  stand.client.expect_nothing();
  stand.gate.loop.advance(2s);
  stand.client.expect("421 4.4.2 Waited too long\r\n");
  stand.server.expect("QUIT\r\n");
  stand.server.expect_end();
  stand.client.close();
  EXPECT_EQ(stand.code(), "head_timeout");
}

TEST(MailSessions, end_where_a_line_does_not) {
  Stand stand(smtp_at, in_clear, "    timeouts: { client_head: 10s }\n");
  greet(stand);
  stand.client.send("NOOP\r\n");
  stand.client.take_until("\r\n");
  stand.gate.loop.advance(30s);
  for (char c : std::string_view("EHL")) {
    stand.client.send(std::string(1, c));
    stand.gate.loop.advance(4s);
  }
  stand.client.expect("421 4.4.2 Waited too long\r\n");
  stand.client.close();
  EXPECT_EQ(stand.code(), "head_timeout");
}

TEST(MailSessions, of_clients_that_break_are_no_fault_of_a_server) {
  for (bool served : {false, true}) {
    Stand stand(imap_at, in_clear, "    starttls: optional\n    passwords_in_clear: allow\n");
    greet_imap(stand);
    stand.client.take_until("ready\r\n");
    if (served) {
      stand.client.send("a ID NIL\r\n");
      stand.server.expect("a ID NIL\r\n");
    }
    stand.client.reset();
    stand.server.take_all();
    stand.server.close();
    EXPECT_EQ(stand.code(), "client_closed") << served;
  }
}

TEST(MailSessions, ask_nothing_more_of_a_slow_server_when_the_client_has_gone) {
  Stand stand(smtp_at, in_clear);
  stand.accept();
  stand.server.expect_nothing();
  stand.client.reset();
  stand.server.expect_end();
  EXPECT_EQ(stand.gate.sessions(), 0u);
}

TEST(MailSessions, let_a_client_be_silent_for_half_an_hour_once_it_is_served) {
  Stand stand(imap_at, in_clear, "    starttls: optional\n    passwords_in_clear: allow\n");
  greet_imap(stand);
  stand.client.take_until("ready\r\n");
  stand.client.send("a ID NIL\r\n");
  stand.server.expect("a ID NIL\r\n");
  stand.server.send("a OK\r\n");
  stand.client.expect("a OK\r\n");
  stand.gate.loop.advance(50min);
  stand.client.expect_nothing();
  stand.client.send("b LOGIN me secret\r\n");
  stand.server.expect("b LOGIN me secret\r\n");
  stand.server.send("b OK\r\n");
  stand.gate.loop.advance(50min);
  stand.client.expect("b OK\r\n");
  stand.client.expect_nothing();
  stand.client.close();
}

TEST(MailSessions, are_told_when_the_gate_ends) {
  Stand stand(smtp_at, in_clear);
  greet(stand);
  stand.gate.worker().drain();
  stand.client.expect("421 4.3.2 Service not available, try later\r\n");
  stand.client.expect_end();
  stand.client.close();
  stand.server.expect("QUIT\r\n");
  stand.server.expect_end();
  EXPECT_EQ(stand.code(), "shutting_down");
}

TEST(MailSessions, end_at_the_server_when_the_client_goes) {
  Stand stand(smtp_at, in_clear);
  greet(stand);
  stand.client.close();
  stand.server.expect("QUIT\r\n");
  stand.server.expect_end();
  EXPECT_EQ(stand.code(), "client_closed");
}

TEST(MailSessions, that_are_not_joined_yet_end_with_the_server) {
  Stand stand(imap_at, in_clear, "    starttls: optional\n    passwords_in_clear: allow\n");
  greet_imap(stand);
  stand.client.take_until("ready\r\n");
  stand.client.send("a ID NIL\r\n");
  stand.server.expect("a ID NIL\r\n");
  stand.server.send("* BYE shutting down\r\n");
  stand.server.close();
  stand.client.expect("* BYE shutting down\r\n");
  stand.client.expect_end();
  stand.client.close();
  EXPECT_EQ(stand.code(), "ok");
}

TEST(MailSessions, take_a_message_at_the_pace_of_the_server) {
  Stand stand(smtp_at, in_clear);
  greet(stand, "250-mx.test\r\n250 AUTH PLAIN\r\n");
  stand.client.send("EHLO me\r\nMAIL FROM:<a>\r\n");
  stand.server.expect("EHLO me\r\n");
  stand.server.send("250-mx.test\r\n250 AUTH PLAIN\r\n");
  stand.server.expect("MAIL FROM:<a>\r\n");
  stand.server.send("250 ok\r\n");
  stand.client.send("DATA\r\n");
  stand.server.expect("DATA\r\n");
  stand.server.send("354 go on\r\n");
  stand.client.take_until("354 go on\r\n");
  std::string message;
  while (message.size() < 3'000'000) message += "some words of a long message that nobody reads\r\n";
  // Nobody reads: the gate holds no more than a buffer, and two kernels what they can.
  std::size_t sent = stand.client.send_some(message);
  EXPECT_LT(sent, 300'000u);
  std::string received;
  while (sent < message.size()) {
    received += stand.server.take_all();
    sent += stand.client.send_some(std::string_view(message).substr(sent));
  }
  stand.client.send(".\r\n");
  received += stand.server.take_all();
  EXPECT_EQ(received.size(), message.size() + 3);
  EXPECT_TRUE(received == message + ".\r\n");
  stand.server.send("250 queued\r\n");
  stand.client.expect("250 queued\r\n");
  stand.client.close();
}

// While a message is on its way its server has nothing to say, however long that takes.
TEST(MailSessions, are_not_idle_while_one_side_speaks) {
  Stand stand(smtp_at, in_clear, "    timeouts: { tunnel_idle: 10s }\n");
  greet(stand, "250-mx.test\r\n250 AUTH PLAIN\r\n");
  stand.client.send("EHLO me\r\nDATA\r\n");
  stand.server.expect("EHLO me\r\n");
  stand.server.send("250-mx.test\r\n250 AUTH PLAIN\r\n");
  stand.server.expect("DATA\r\n");
  stand.server.send("354 go on\r\n");
  stand.client.take_until("354 go on\r\n");
  for (int i = 0; i < 5; ++i) {
    stand.gate.loop.advance(6s);
    stand.client.send("some words\r\n");
    stand.server.expect("some words\r\n");
  }
  stand.gate.loop.advance(11s);
  stand.server.expect_end();
  stand.client.close();
}

// A server that does not answer is not kept busy by those who have gone.
TEST(MailSessions, end_when_the_client_breaks_while_an_answer_is_due) {
  for (const bool served : {false, true}) {
    Stand stand(smtp_at, in_clear);
    greet(stand, "250-mx.test\r\n250 AUTH PLAIN\r\n");
    stand.client.send("EHLO me\r\nMAIL FROM:<a>\r\nAUTH PLAIN\r\n");
    stand.server.expect("EHLO me\r\n");
    if (served) {
      stand.server.send("250-mx.test\r\n250 AUTH PLAIN\r\n");
      stand.server.expect("MAIL FROM:<a>\r\n");
    }
    stand.client.reset();
    stand.server.expect_end();
    EXPECT_EQ(stand.gate.sessions(), 0u);
    EXPECT_EQ(stand.code(), "client_closed") << served;
  }
}

// A new configuration does not touch sessions, wherever they are.
TEST(MailSessions, go_on_across_a_reload) {
  Stand stand(imap_at, in_clear, "    starttls: optional\n    passwords_in_clear: allow\n");
  greet_imap(stand);
  stand.client.take_until("ready\r\n");
  ASSERT_TRUE(stand.gate.reload(entry("imap://:25", "tcp://10.0.0.9:1")));
  stand.client.send("a LOGIN me secret\r\n");
  stand.server.expect("a LOGIN me secret\r\n");
  stand.server.send("a OK in\r\n");
  ASSERT_TRUE(stand.gate.reload(entry("imap://:25", "tcp://10.0.0.8:1")));
  stand.client.expect("a OK in\r\n");
  stand.client.send("b IDLE\r\n");
  stand.server.expect("b IDLE\r\n");
  stand.client.close();
}

// ---- what both ends think of the PROXY protocol

// Else the answer to EHLO would be that to the header, and each one after it that to the command before.
TEST(MailSessions, end_where_the_server_takes_the_header_for_a_command) {
  for (const bool at_once : {true, false}) {
    Stand stand(smtp_at, in_clear, "    send_proxy: v2\n");
    stand.accept();
    stand.server.take_all();
    stand.server.send(at_once ? "220 mx.test ESMTP\r\n500 5.5.1 Invalid command.\r\n" : "220 mx.test ESMTP\r\n");
    if (!at_once) stand.server.send("500 5.5.1 Invalid command.\r\n");
    stand.client.take_until("421");
    stand.client.close();
    EXPECT_EQ(stand.code(), "proxy_not_expected");
    EXPECT_EQ(stand.gate.observed.last().detail, "500 5.5.1 Invalid command.");
  }
}

TEST(MailSessions, say_when_a_server_closes_on_the_header_or_for_want_of_one) {
  for (const bool told : {true, false}) {
    Stand stand(imap_at, in_clear, told ? "    send_proxy: v2\n" : "");
    stand.accept();
    stand.server.close();
    stand.client.take_until("* BYE");
    stand.client.close();
    EXPECT_EQ(stand.code(), told ? "proxy_peer_unlisted" : "proxy_expected");
  }
}

TEST(MailSessions, name_a_header_that_nobody_may_send) {
  Stand stand(smtp_at, in_clear);
  greet(stand);
  stand.client.send("PROXY TCP4 192.0.2.9 192.0.2.80 1 25\r\n");
  stand.client.take_all();
  stand.client.close();
  EXPECT_EQ(stand.code(), "proxy_header_unlisted");
}

TEST(MailSessions, that_were_not_greeted_do_not_hold_up_the_end) {
  Stand stand(smtp_at, in_clear);
  stand.accept();
  stand.gate.worker().drain();
  stand.client.take_until("421");
  stand.client.close();
  EXPECT_EQ(stand.gate.sessions(), 0u);
  EXPECT_EQ(stand.code(), "shutting_down");
}

}  // namespace
}  // namespace sp::proxy
