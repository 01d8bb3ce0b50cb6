// Every row runs whole, octet by octet and in random pieces; those that are messages also in records of every size.
#include "codec/tls_hello/reader.h"

#include <gtest/gtest.h>

#include "codec/tls_hello/captured_for_tests.h"
#include "codec/tls_hello/opening.h"
#include "codec/tls_hello/rows_for_tests.h"

namespace sp::codec::tls_hello {
namespace {

using namespace rows;
using namespace std::string_literals;

struct Row {
  const char* what;
  std::string octets;
  std::string expected;  // of a failure only the code
};

bool is(const std::string& outcome, const std::string& expected) {
  return outcome == expected || outcome.starts_with(expected + ": ");
}

void check(const std::string& what, std::string_view octets, const std::string& expected) {
  const std::string whole = read_whole(octets);
  EXPECT_TRUE(is(whole, expected)) << what << ": " << whole << " instead of " << expected;
  EXPECT_EQ(read(octets, {1}).text, whole) << what << ", octet by octet";
  std::mt19937 random(static_cast<unsigned>(octets.size()));
  for (int i = 0; i < 20; ++i) {
    const Cuts cuts = random_cuts(random, 1 + octets.size() / 3);
    EXPECT_EQ(read(octets, cuts).text, whole) << what << ", in pieces";
  }
}

void check_in_records_of_every_size(const std::string& what, std::string_view message, const std::string& expected) {
  std::mt19937 random(static_cast<unsigned>(message.size()));
  for (std::size_t size = 1; size <= message.size(); ++size) {
    const std::string octets = in_records(message, size);
    const bool too_many = (message.size() + size - 1) / size > Reader::max_records;
    const std::string outcome = read_whole(octets);
    EXPECT_TRUE(is(outcome, too_many ? "client_hello_too_long" : expected))
        << what << " by " << size << ": " << outcome;
    EXPECT_EQ(read(octets, random_cuts(random, 1 + octets.size() / 3)).text, outcome) << what << " by " << size;
  }
}

// ---- what clients send

std::string from_hex(std::string_view hex) {
  std::string octets;
  for (; !hex.empty(); hex.remove_prefix(2)) {
    octets += static_cast<char>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16));
  }
  return octets;
}

TEST(TlsHello, of_real_clients_is_read) {
  for (const captured::Capture& capture : captured::all) {
    const std::string octets = from_hex(capture.hex);
    check(capture.client, octets, capture.expected);
    check_in_records_of_every_size(capture.client, message_of(octets), capture.expected);
  }
}

// ---- messages by hand

const std::string small_hello = message("\x03\x03"s + std::string(32, 'r') + "\0"s + vector(2, "\x13\x01") +
                                        vector(1, "\0"s) + vector(2, server_name("a.b")));

// Of `content`, which stands where the extensions are.
std::string without(std::string_view content) { return message(fixed_fields() + std::string(content)); }

std::string names(const std::vector<std::pair<std::size_t, std::string>>& list) {
  std::string text;
  for (const auto& [type, name] : list) text += number(type, 1) + vector(2, name);
  return hello(extension(0, vector(2, text)));
}

// Of the parts before the extensions, with a name behind them.
std::string fixed(std::string_view session_id, std::string_view cipher_suites, std::string_view compression_methods,
                  std::size_t version = 0x0303) {
  return message(number(version, 2) + std::string(32, 'r') + vector(1, session_id) + vector(2, cipher_suites) +
                 vector(1, compression_methods) + vector(2, server_name("a")));
}

const std::string key_share = extension(51, std::string(1300, 'k'));
const std::string made_up = extension(0x2a2a, "") + extension(0xfafa, "\0"s);
const std::string unknown = extension(0xfe0d, std::string(200, 'e')) + extension(0x1234, "x") + extension(35, "");
const std::string many = [] {
  std::string text;
  for (std::size_t i = 0; i < 400; ++i) text += extension(1000 + i, "");
  return text;
}();

const std::vector<Row> messages{
    {"the smallest", small_hello, "a.b 0303"},
    {"no extensions", without(""), "- 0303"},
    {"a list of none", hello(""), "- 0303"},
    {"all that is read", hello(server_name("mail.example.com") + alpn({"h2", "http/1.1"}) + versions({0x0304, 0x0303})),
     "mail.example.com alpn=h2,http/1.1 0303 versions=0304,0303"},
    {"in another order", hello(versions({0x0304, 0x0303}) + alpn({"h2", "http/1.1"}) + server_name("mail.example.com")),
     "mail.example.com alpn=h2,http/1.1 0303 versions=0304,0303"},
    {"among others",
     hello(made_up + key_share + alpn({"imap"}) + unknown + server_name("a") + many + versions({0x0304})),
     "a alpn=imap 0303 versions=0304"},
    {"others given twice", hello(unknown + unknown + server_name("a")), "a 0303"},
    // server_name
    {"normal form", hello(server_name("MAIL.Example.com.")), "mail.example.com 0303"},
    {"an address", hello(server_name("192.0.2.1") + alpn({"h2"})), "- alpn=h2 0303"},
    {"NUL", hello(server_name("a.example\0.b.example"s)), "client_hello_malformed"},
    {"a space", hello(server_name("a b")), "client_hello_malformed"},
    {"an empty name", hello(server_name("")), "client_hello_malformed"},
    {"no list of names", hello(extension(0, "")), "client_hello_malformed"},
    {"an empty list of names", names({}), "client_hello_malformed"},
    {"two names", names({{0, "a.example"}, {0, "b.example"}}), "client_hello_malformed"},
    {"one name twice", names({{0, "a.example"}, {0, "a.example"}}), "client_hello_malformed"},
    {"another type", names({{1, "a.example"}}), "client_hello_malformed"},
    {"another type behind", names({{0, "a.example"}, {1, "b.example"}}), "client_hello_malformed"},
    {"another type before", names({{1, "b.example"}, {0, "a.example"}}), "client_hello_malformed"},
    {"octets behind the list of names", hello(extension(0, vector(2, number(0, 1) + vector(2, "a")) + "x")),
     "client_hello_malformed"},
    {"server_name twice", hello(server_name("a") + server_name("b")), "client_hello_malformed"},
    {"server_name twice, the same", hello(server_name("a") + unknown + server_name("a")), "client_hello_malformed"},
    {"server_name twice, addresses", hello(server_name("::1") + server_name("::1")), "client_hello_malformed"},
    // ALPN
    {"made-up and odd protocols", hello(alpn({"\x0a\x0a", "h2", "\0"s, "a b,c", "\xff"})),
     "- alpn=\\x0a\\x0a,h2,\\x00,a\\x20b,c,\\xff 0303"},
    {"the longest protocol", hello(alpn({std::string(255, 'p')})), "- alpn=" + std::string(255, 'p') + " 0303"},
    {"sixteen protocols", hello(alpn(std::vector<std::string>(16, "p"))),
     "- alpn=p,p,p,p,p,p,p,p,p,p,p,p,p,p,p,p 0303"},
    {"seventeen protocols",
     hello(alpn({"p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "q", "r"})),
     "- alpn=p,p,p,p,p,p,p,p,p,p,p,p,p,p,p,q 0303"},
    {"an empty protocol", hello(alpn({"h2", "", "http/1.1"})), "client_hello_malformed"},
    {"an empty protocol behind sixteen",
     hello(alpn({"p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", "p", ""})),
     "client_hello_malformed"},
    {"no protocols", hello(alpn({})), "client_hello_malformed"},
    {"no list of protocols", hello(extension(16, "")), "client_hello_malformed"},
    {"octets behind the protocols", hello(extension(16, vector(2, "\x02h2") + "x")), "client_hello_malformed"},
    {"ALPN twice", hello(alpn({"h2"}) + alpn({"h2"})), "client_hello_malformed"},
    // versions
    {"made-up versions", hello(versions({0x4a4a, 0x0304, 0xfafa, 0x0303})), "- 0303 versions=0304,0303"},
    {"only made-up versions", hello(versions({0x4a4a})), "- 0303"},
    {"nearly made-up versions", hello(versions({0x4a5a, 0x4b4b, 0x0a1a})), "- 0303 versions=4a5a,4b4b,0a1a"},
    {"many versions", hello(versions(std::vector<std::size_t>(127, 0x7f00))),
     "- 0303 versions=7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00,7f00"},
    {"no versions", hello(versions({})), "client_hello_malformed"},
    {"half a version", hello(extension(43, vector(1, "\x03\x04\x03"))), "client_hello_malformed"},
    {"octets behind the versions", hello(extension(43, vector(1, "\x03\x04") + "x")), "client_hello_malformed"},
    {"versions twice", hello(versions({0x0304}) + versions({0x0304})), "client_hello_malformed"},
    // before the extensions
    {"no session id", fixed("", "\x13\x01", "\0"s), "a 0303"},
    {"the longest session id", fixed(std::string(32, 's'), "\x13\x01", "\0"s), "a 0303"},
    {"a longer session id", fixed(std::string(33, 's'), "\x13\x01", "\0"s), "client_hello_malformed"},
    {"no cipher suites", fixed("", "", "\0"s), "client_hello_malformed"},
    {"half a cipher suite", fixed("", "\x13\x01\x13", "\0"s), "client_hello_malformed"},
    {"many cipher suites", fixed("", std::string(1000, 'c'), "\0"s), "a 0303"},
    {"no compression methods", fixed("", "\x13\x01", ""), "client_hello_malformed"},
    {"many compression methods", fixed("", "\x13\x01", std::string(255, '\0')), "a 0303"},
    {"SSL 3.0", fixed("", "\x13\x01", "\0"s, 0x0300), "a 0300"},
    {"TLS 1.0", fixed("", "\x13\x01", "\0"s, 0x0301), "a 0301"},
    {"TLS 1.3, as nobody should say it there", fixed("", "\x13\x01", "\0"s, 0x0304), "a 0304"},
    {"SSL 2.0", fixed("", "\x13\x01", "\0"s, 0x0002), "client_hello_malformed"},
    {"DTLS 1.2", fixed("", "\x13\x01", "\0"s, 0xfefd), "client_hello_malformed"},
    // cut off, and with more behind
    {"nothing", message(""), "client_hello_malformed"},
    {"only a version", message("\x03\x03"), "client_hello_malformed"},
    {"no list of extensions, but an octet", without("\0"s), "client_hello_malformed"},
    {"octets behind the extensions", without(vector(2, server_name("a")) + "x"), "client_hello_malformed"},
    {"a second list of extensions", without(vector(2, server_name("a")) + vector(2, server_name("b"))),
     "client_hello_malformed"},
    {"an octet of an extension", hello(server_name("a") + "\0"s), "client_hello_malformed"},
    {"an extension without its length", hello(server_name("a") + "\x12\x34"), "client_hello_malformed"},
    {"an extension without its data", hello(server_name("a") + "\x12\x34\0\1"s), "client_hello_malformed"},
};

TEST(TlsHello, messages_are_read_or_refused) {
  for (const Row& row : messages) {
    check(row.what, record(row.octets), row.expected);
    check_in_records_of_every_size(row.what, row.octets, row.expected);
  }
}

TEST(TlsHello, cut_off_messages_are_refused) {
  const std::string content = fixed_fields() + vector(2, server_name("a.example") + alpn({"h2"}) + versions({0x0304}));
  for (std::size_t size = 0; size < content.size(); ++size) {
    const bool before_extensions = size == fixed_fields().size();
    const std::string outcome = read_whole(record(message(content.substr(0, size))));
    EXPECT_TRUE(is(outcome, before_extensions ? "- 0303" : "client_hello_malformed")) << size << ": " << outcome;
  }
}

// ---- each length wrong by one

enum class Length {
  none,
  record,
  message,
  session_id,
  ciphers,
  compression,
  extensions,
  name_extension,
  names,
  name,
  alpn_extension,
  protocols,
  first_protocol,
  last_protocol,
  versions_extension,
  versions,
  other,
  last
};

// One record with a hello in it, of which one length is wrong by `by`.
std::string with_wrong(Length which, int by) {
  auto part = [&](Length length, std::size_t size_of_length, const std::string& content) {
    const int wrong = length == which ? by : 0;
    return number(content.size() + static_cast<std::size_t>(wrong), size_of_length) + content;
  };
  const std::string list_of_names = "\0"s + part(Length::name, 2, "a.example");
  const std::string protocols = part(Length::first_protocol, 1, "h2") + part(Length::last_protocol, 1, "http/1.1");
  const std::string extensions = "\x12\x34" + part(Length::other, 2, "other") +  //
                                 "\0\0"s + part(Length::name_extension, 2, part(Length::names, 2, list_of_names)) +
                                 "\0\x10"s + part(Length::alpn_extension, 2, part(Length::protocols, 2, protocols)) +
                                 "\0\x2b"s +
                                 part(Length::versions_extension, 2, part(Length::versions, 1, "\x03\x04\x03\x03")) +
                                 "\x12\x35" + part(Length::last, 2, "last");
  const std::string content = "\x03\x03" + std::string(32, 'r') + part(Length::session_id, 1, "session") +
                              part(Length::ciphers, 2, "\x13\x01\x13\x02") + part(Length::compression, 1, "\0"s) +
                              part(Length::extensions, 2, extensions);
  return "\x16\x03\x01" + part(Length::record, 2, "\x01" + part(Length::message, 3, content));
}

TEST(TlsHello, every_length_has_to_be_right) {
  check("right", with_wrong(Length::none, 0), "a.example alpn=h2,http/1.1 0303 versions=0304,0303");
  for (int i = 1; i <= static_cast<int>(Length::last); ++i) {
    const auto length = static_cast<Length>(i);
    const std::string what = "length " + std::to_string(i);
    check(what + " too small", with_wrong(length, -1), "client_hello_malformed");
    // Of the message alone more could come, in another record.
    check(what + " too large", with_wrong(length, +1),
          length == Length::message ? "incomplete" : "client_hello_malformed");
  }
  check("a record behind it", with_wrong(Length::message, +1) + record("x"), "client_hello_malformed");
}

// ---- records

const std::string good = hello(server_name("a.example") + alpn({"h2"}));
const std::string good_expected = "a.example alpn=h2 0303";

std::string cut(std::size_t at, std::string_view between) {
  return record(good.substr(0, at)) + std::string(between) + record(good.substr(at));
}

const std::vector<Row> octets{
    {"nothing", "", "incomplete"},
    {"one octet", "\x16", "incomplete"},
    {"the head of a record", "\x16\x03\x01\x00\x50"s, "incomplete"},
    {"all but an octet", record(good).substr(0, record(good).size() - 1), "incomplete"},
    {"one of two records", record(good.substr(0, 30)), "incomplete"},
    {"less than the head of the message", record(good.substr(0, 3)), "incomplete"},
    {"less than the head of the message, and more", cut(3, ""), good_expected},
    {"the last octet alone", cut(good.size() - 1, ""), good_expected},
    {"its versions", record(good, 22, 0x0300), good_expected},
    {"its versions", record(good, 22, 0x0302), good_expected},
    {"its versions", record(good, 22, 0x0303), good_expected},
    {"its versions", record(good, 22, 0x0304), good_expected},
    {"its versions", record(good, 22, 0x0305), "client_hello_malformed"},
    {"its versions", record(good, 22, 0x03ff), "client_hello_malformed"},
    {"its versions", record(good, 22, 0x0201), "client_hello_missing"},
    {"its versions", record(good, 22, 0xfefd), "client_hello_missing"},
    {"versions that differ", record(good.substr(0, 9), 22, 0x0301) + record(good.substr(9), 22, 0x0303), good_expected},
    {"versions that differ too much", record(good.substr(0, 9), 22, 0x0301) + record(good.substr(9), 22, 0x0401),
     "client_hello_malformed"},
    // what is behind it is not looked at
    {"and early data", record(good) + record("\1", 20, 0x0303) + record("early", 23, 0x0303), good_expected},
    {"and anything", record(good) + "anything", good_expected},
    {"and anything, of two records", cut(10, "") + "\x16", good_expected},
    // records that have no place there
    {"empty", record(""), "client_hello_malformed"},
    {"empty, then good", record("") + record(good), "client_hello_malformed"},
    {"empty, between", cut(20, record("")), "client_hello_malformed"},
    {"empty, within the head", cut(2, record("")), "client_hello_malformed"},
    {"an alert between", cut(20, record("\x01\x00"s, 21)), "client_hello_malformed"},
    {"a change of ciphers between", cut(20, record("\x01", 20)), "client_hello_malformed"},
    {"anything between", cut(20, "x"), "client_hello_malformed"},
    {"octets behind the message", record(good + "x"), "client_hello_malformed"},
    {"a second message in its record", record(good + good), "client_hello_malformed"},
    {"octets behind the message, in the second record", record(good.substr(0, 20)) + record(good.substr(20) + "x"),
     "client_hello_malformed"},
    {"16 KiB", "\x16\x03\x01\x40\x00\x01\x00\x3f\xfc"s, "incomplete"},
    {"more than a record may have", "\x16\x03\x01\x40\x01\x01\x00\x3f\xfd"s, "client_hello_malformed"},
    {"more than a record may have", "\x16\x03\x01\xff\xff"s, "client_hello_malformed"},
    {"a message that is too long", "\x16\x03\x01\x02\x00\x01\x00\x3f\xfd"s, "client_hello_too_long"},
    {"a message that is much too long", "\x16\x03\x01\x02\x00\x01\xff\xff\xff"s, "client_hello_too_long"},
    // other messages
    {"HelloRequest", record(message("", 0)), "client_hello_missing"},
    {"ServerHello", record(message(fixed_fields(), 2)), "client_hello_missing"},
    {"ServerHello, its first octet alone", record("\x02") + record("x"), "client_hello_missing"},
    // what is not TLS, or not as one begins it
    {"an alert", record("\x02\x28", 21), "client_hello_missing"},
    {"data", record("data", 23), "client_hello_missing"},
    {"SSL 2", "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"s, "client_hello_missing"},
    {"TLS in the form of SSL 2", "\x80\x2e\x01\x03\x03\x00\x15\x00\x00\x00\x10"s, "client_hello_missing"},
    {"HTTP", "GET / HTTP/1.1\r\n", "client_hello_missing: the client sent an HTTP request"},
    {"SSH", "SSH-2.0-x\r\n", "client_hello_missing: the client speaks SSH"},
    {"SMTP", "EHLO a\r\n", "client_hello_missing: the client speaks SMTP"},
    {"PROXY 1", "PROXY UNKNOWN\r\n"s + record(good), "client_hello_missing: the client sent a PROXY protocol header"},
    {"PROXY 2", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s + record(good),
     "client_hello_missing: the client sent a PROXY protocol header"},
    {"a line that could become HTTP", "PROPF", "incomplete"},
    {"zeros", std::string(100, '\0'), "client_hello_missing: what the client sent is not TLS"},
};

TEST(TlsHello, records_are_put_together_or_refused) {
  for (const Row& row : octets) check(row.what, row.octets, row.expected);
}

// Not an octet later than it must be: who waits for more may wait for ever.
TEST(TlsHello, is_decided_as_early_as_can_be) {
  const auto when = [](const std::string& all) { return read(all, {1}).octets; };
  EXPECT_EQ(when(record(good) + "behind"), record(good).size());
  EXPECT_EQ(when(in_records(good, 7) + "behind"), in_records(good, 7).size());
  EXPECT_EQ(when("x" + record(good)), 1u);
  EXPECT_EQ(when("GET / HTTP/1.1\r\n"), 4u);
  EXPECT_EQ(when("\x16\x02" + good), 2u);
  EXPECT_EQ(when(record(good, 22, 0x0305)), 3u);
  EXPECT_EQ(when(record("") + record(good)), 5u);
  EXPECT_EQ(when(record(message(fixed_fields(), 2))), 6u);
  EXPECT_EQ(when(record(std::string("\x01\x00\x3f\xfd"s) + std::string(100, 'x'))), 9u);
  EXPECT_EQ(when(record(good + "x")), 9u);
}

// ---- bounds

// A hello whose message has `size` octets.
std::string padded(std::size_t size) {
  const std::size_t least = hello(server_name("a") + extension(21, "")).size();
  return hello(server_name("a") + extension(21, std::string(size - least, '\0')));
}

TEST(TlsHello, may_be_16_KiB_long) {
  const std::string longest = padded(Reader::max_message);
  ASSERT_EQ(longest.size(), 16384u);
  for (std::size_t size : {16384, 16383, 8192, 1000, 512, 257, 256}) {
    EXPECT_EQ(read_whole(in_records(longest, size)), "a 0303") << size;
  }
  EXPECT_EQ(in_records(longest, 256).size(), Reader::max_octets);
  EXPECT_TRUE(is(read_whole(in_records(longest, 255)), "client_hello_too_long"));
  EXPECT_TRUE(is(read_whole(in_records(padded(Reader::max_message + 1), 16384)), "client_hello_too_long"));
}

TEST(TlsHello, may_come_in_64_records) {
  EXPECT_EQ(read_whole(in_records(padded(640), 10)), "a 0303");
  EXPECT_TRUE(is(read_whole(in_records(padded(641), 10)), "client_hello_too_long"));
  EXPECT_EQ(read(in_records(padded(641), 10), {1}).octets, 640 + Reader::max_records * Reader::record_head);
}

TEST(TlsHello, of_one_record_is_not_copied) {
  const std::string all = record(good) + "behind";
  Reader reader;
  const auto hello = reader.read(all);
  ASSERT_TRUE(hello && *hello);
  ASSERT_EQ((*hello)->protocols.size(), 1u);
  EXPECT_EQ((*hello)->protocols.begin()->data(), all.data() + all.find("h2"));
}

// The octets that come may lie elsewhere each time, and the hello in a copy outlives them.
TEST(TlsHello, of_several_records_is_kept_by_its_reader) {
  Reader reader;
  std::optional<Hello> hello;
  {
    const std::string all = in_records(good, 7);
    for (std::size_t size = 1; size <= all.size(); ++size) {
      const std::string some = all.substr(0, size);
      auto read = reader.read(some);
      ASSERT_TRUE(read);
      EXPECT_EQ(read->has_value(), size == all.size());
      hello = *std::move(read);
    }
  }
  EXPECT_EQ(describe(*hello), good_expected);
}

TEST(TlsHello, failures_are_the_clients) {
  for (const char* sent : {"GET / HTTP/1.1\r\n", "\x16\x03\x05", "\x16\x03\x01\x02\x01\x01\xff\xff\xff"}) {
    Reader reader;
    const auto read = reader.read(sent);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().side, Side::client);
    EXPECT_STRNE(read.error().where, "");
  }
}

}  // namespace
}  // namespace sp::codec::tls_hello
