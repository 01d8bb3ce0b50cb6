#include "codec/tls_hello/server_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sp::codec::tls_hello {
namespace {

using namespace std::string_literals;

std::string normal(std::string_view sent) {
  auto name = normal_server_name(sent);
  if (!name) return std::string(sp::name(name.error().code));
  return name->empty() ? "none" : *name;
}

struct Row {
  std::string sent, expected;
};

const std::string part63(63, 'a');
const std::string name253 = part63 + "." + part63 + "." + part63 + "." + std::string(61, 'b');

const std::vector<Row> rows{
    {"example.com", "example.com"},
    {"EXAMPLE.Com", "example.com"},
    {"example.com.", "example.com"},
    {"localhost", "localhost"},
    {"a", "a"},
    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"_acme.a_b.example", "_acme.a_b.example"},
    {"-a-.example", "-a-.example"},
    {"1.example", "1.example"},
    {"1.2.3.4.example", "1.2.3.4.example"},
    {"1.2.3.4a", "1.2.3.4a"},
    {"0xg", "0xg"},
    {"a.0x-1", "a.0x-1"},
    {part63, part63},
    {name253, name253},
    {name253 + ".", name253},
    // addresses, and what some take for one
    {"192.0.2.1", "none"},
    {"192.0.2.1.", "none"},
    {"192.0.2.256", "none"},
    {"127.1", "none"},
    {"2130706433", "none"},
    {"0x7f.0.0.1", "none"},
    {"a.0x7F", "none"},
    {"a.0x", "none"},
    {"a.1", "none"},
    {"010.0.0.1", "none"},
    {"2001:db8::1", "none"},
    {"2001:DB8::1", "none"},
    {"[2001:db8::1]", "none"},
    {"::", "none"},
    {"::ffff:192.0.2.1", "none"},
    // neither
    {"", "client_hello_malformed"},
    {".", "client_hello_malformed"},
    {"..", "client_hello_malformed"},
    {".example", "client_hello_malformed"},
    {"a..example", "client_hello_malformed"},
    {"example..", "client_hello_malformed"},
    {"[192.0.2.1]", "client_hello_malformed"},
    {"[]", "client_hello_malformed"},
    {"[", "client_hello_malformed"},
    {"[::1", "client_hello_malformed"},
    {"::1]", "client_hello_malformed"},
    {"1::1]", "client_hello_malformed"},
    {"[::11", "client_hello_malformed"},
    {"fe80::1%eth0", "client_hello_malformed"},
    {"2001:db8::g", "client_hello_malformed"},
    {"example.com:443", "client_hello_malformed"},
    {"*.example", "client_hello_malformed"},
    {"*", "client_hello_malformed"},
    {"a b", "client_hello_malformed"},
    {" a", "client_hello_malformed"},
    {"a/b", "client_hello_malformed"},
    {"a\\b", "client_hello_malformed"},
    {"a@b", "client_hello_malformed"},
    {"a%62", "client_hello_malformed"},
    {"a,b", "client_hello_malformed"},
    {"https://a", "client_hello_malformed"},
    {"b\xc3\xbc"
     "cher.example",
     "client_hello_malformed"},
    {"a\0"s, "client_hello_malformed"},
    {"\0"s, "client_hello_malformed"},
    {"a.example\0.b.example"s, "client_hello_malformed"},
    {"192.0.2.1\0"s, "client_hello_malformed"},
    {"::1\0"s, "client_hello_malformed"},
    {"a\r\n.1", "client_hello_malformed"},
    {part63 + "a", "client_hello_malformed"},
    {part63 + "a.1", "client_hello_malformed"},
    {name253 + "b", "client_hello_malformed"},
    {std::string(16000, '.'), "client_hello_malformed"},
};

TEST(ServerName, has_one_form) {
  for (const Row& row : rows) EXPECT_EQ(normal(row.sent), row.expected) << row.sent;
}

TEST(ServerName, has_no_other_octets_than_these) {
  const std::string allowed = "0123456789abcdefghijklmnopqrstuvwxyz-_.ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (int c = 0; c < 256; ++c) {
    const std::string sent = "a"s + static_cast<char>(c) + "b";
    EXPECT_EQ(normal_server_name(sent).has_value(), allowed.contains(static_cast<char>(c))) << c;
  }
}

}  // namespace
}  // namespace sp::codec::tls_hello
