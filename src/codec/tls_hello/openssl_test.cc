// Hellos of the OpenSSL library, in all the variety that it is asked for.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <optional>

#include "codec/tls_hello/rows_for_tests.h"

namespace sp::codec::tls_hello {
namespace {

template <class T, void (*release)(T*)>
using Owned = std::unique_ptr<T, decltype([](T* it) { release(it); })>;

struct Wish {
  std::optional<std::string> name;
  std::vector<std::string> protocols;
  int oldest = TLS1_2_VERSION, newest = TLS1_3_VERSION;
  int record = 16384;
};

void apply(const Wish& wish, SSL* ssl) {
  SSL_set_security_level(ssl, 0);  // else it does not offer old versions
  SSL_set_min_proto_version(ssl, wish.oldest);
  SSL_set_max_proto_version(ssl, wish.newest);
  SSL_set_max_send_fragment(ssl, wish.record);
  if (wish.name) SSL_set_tlsext_host_name(ssl, wish.name->c_str());
  std::string list;
  for (const std::string& each : wish.protocols) list += rows::vector(1, each);
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()), static_cast<unsigned>(list.size()));
}

// What a client sends first.
std::string hello_of(const Wish& wish) {
  const Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  const Owned<SSL, SSL_free> ssl(SSL_new(context.get()));
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  apply(wish, ssl.get());
  EXPECT_EQ(SSL_connect(ssl.get()), -1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::vector<std::string> many_protocols(std::size_t count, std::size_t size) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back(std::to_string(100 + i));
    names.back().resize(size, 'p');
  }
  return names;
}

struct Row {
  const char* what;
  Wish wish;
  std::string expected;
};

std::vector<Row> all_rows() {
  const std::string longest =
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');
  std::string sixteen = " alpn=";
  for (const std::string& each : many_protocols(16, 9)) sixteen += each + ",";
  sixteen.pop_back();
  const std::string name = "mail.example.com";
  return {
      {"nothing", {}, "- 0303 versions=0304,0303"},
      {"a name", {.name = name}, "mail.example.com 0303 versions=0304,0303"},
      {"upper case", {.name = "MAIL.Example.Com"}, "mail.example.com 0303 versions=0304,0303"},
      {"a trailing dot", {.name = name + "."}, "mail.example.com 0303 versions=0304,0303"},
      {"the longest name", {.name = longest}, longest + " 0303 versions=0304,0303"},
      {"an address", {.name = "192.0.2.1"}, "- 0303 versions=0304,0303"},
      {"a name that is none", {.name = "a b"}, "client_hello_malformed: ClientHello: host_name"},
      {"one protocol", {.protocols = {"imap"}}, "- alpn=imap 0303 versions=0304,0303"},
      {"name and protocols",
       {.name = name, .protocols = {"h2", "http/1.1", "acme-tls/1"}},
       "mail.example.com alpn=h2,http/1.1,acme-tls/1 0303 versions=0304,0303"},
      {"twenty protocols", {.protocols = many_protocols(20, 9)}, "-" + sixteen + " 0303 versions=0304,0303"},
      {"TLS 1.0", {.name = name, .oldest = TLS1_VERSION, .newest = TLS1_VERSION}, "mail.example.com 0301"},
      {"TLS 1.1", {.name = name, .oldest = TLS1_1_VERSION, .newest = TLS1_1_VERSION}, "mail.example.com 0302"},
      {"TLS 1.2", {.name = name, .newest = TLS1_2_VERSION}, "mail.example.com 0303"},
      {"TLS 1.3", {.name = name, .oldest = TLS1_3_VERSION}, "mail.example.com 0303 versions=0304"},
      {"all", {.name = name, .oldest = TLS1_VERSION}, "mail.example.com 0303 versions=0304,0303,0302,0301"},
  };
}

TEST(OpenSsl, hellos_are_read) {
  std::mt19937 random(1);
  for (const Row& row : all_rows()) {
    const std::string octets = hello_of(row.wish);
    EXPECT_EQ(rows::read_whole(octets), row.expected) << row.what;
    EXPECT_EQ(rows::read(octets, {1}).text, row.expected) << row.what;
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(rows::read(octets, rows::random_cuts(random, 100)).text, row.expected) << row.what;
    }
  }
}

// It cuts them itself when it is told to send small records.
TEST(OpenSsl, hellos_in_several_records_are_read) {
  for (std::size_t count : {2, 8, 16, 60}) {
    Wish wish{.name = "a.example", .protocols = many_protocols(count, 250)};
    const std::string one = hello_of(wish);
    wish.record = 512;
    const std::string several = hello_of(wish);
    EXPECT_EQ(one.size(), Reader::record_head + rows::message_of(one).size());
    EXPECT_GT(several.size(), one.size());
    EXPECT_EQ(rows::message_of(several).size(), rows::message_of(one).size());
    EXPECT_TRUE(rows::read_whole(one).starts_with("a.example alpn=100pp")) << rows::read_whole(one);
    EXPECT_EQ(rows::read_whole(several), rows::read_whole(one));
    EXPECT_EQ(rows::read(several, {1}).text, rows::read_whole(one));
  }
}

}  // namespace
}  // namespace sp::codec::tls_hello
