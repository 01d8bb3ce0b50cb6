// Routes with `image_proxy`: what is signed, what is fetched and by which rules, and what is made of it.
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "codec/image/pictures_for_tests.h"
#include "proxy/image/store.h"
#include "proxy/transcript_for_tests.h"
#include "proxy/worker.h"

namespace sp::proxy {
namespace {

using codec::image::png;

constexpr std::string_view key = "secret";

std::string hex(std::string_view octets) {
  std::string text;
  for (const char c : octets) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}
std::string digest(std::string_view url) {
  std::array<unsigned char, 20> made{};
  unsigned size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(url.data()),
       url.size(), made.data(), &size);
  return hex({reinterpret_cast<const char*>(made.data()), made.size()});
}
std::string path_of(std::string_view url) { return joined({"/images/", digest(url), "/", hex(url)}); }

std::string configuration(std::string_view rules, std::string_view more = {}) {
  return one_site(
      "- path: /images\n  image_proxy: { key: secret, outbound: egress, max_size: 4KiB" + std::string(more) +
          " }\n- { path: /, respond: { status: 200 } }\n",
      "outbound:\n- name: egress\n  listen: [ \"proxy://127.0.0.1:3128\" ]\n  rules:\n" + std::string(rules));
}
const std::string allow_example =
    "  - { allow: [ img.test ], who: [ image-proxy ], methods: [ GET ], paths: [ /a ] }\n";
constexpr std::string_view url = "http://img.test/a/b.png?c";
constexpr std::string_view asked =
    "GET /a/b.png?c HTTP/1.1\r\nHost: img.test\r\nAccept: image/*\r\nAccept-Encoding: identity\r\n"
    "User-Agent: Sallyport-Image-Proxy\r\n\r\n";
constexpr std::string_view defences =
    "X-Content-Type-Options: nosniff\r\nX-Frame-Options: deny\r\n"
    "Content-Security-Policy: default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox\r\n";

std::string with(std::string_view content, std::string_view fields = {}) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", content.size(), fields, content);
}

class Images : public ::testing::Test {
 protected:
  void start(std::string_view rules, std::string_view more = {}) {
    gate = std::make_unique<Gate>(configuration(rules, more));
    gate->resolver.set("img.test", {"1.2.3.4"});
    gate->resolver.set("other.test", {"1.2.3.5"});
    servers = &gate->server("1.2.3.4:80");
  }
  // What the client gets for what the server says to the first request.
  std::string answer_to(std::string_view said, std::string_view for_url = url) {
    Scripted client = gate->client();
    client.send(request("GET " + path_of(for_url)));
    Scripted server = servers->accept();
    server.take_until("\r\n\r\n");
    server.send(said);
    const std::string answer = client.take_all();
    server.close();
    client.close();
    return answer;
  }
  void expect_code(std::string_view said, std::string_view status, Code code) {
    EXPECT_TRUE(answer_to(said).starts_with(joined({"HTTP/1.1 ", status, " "}))) << status;
    ASSERT_FALSE(gate->observed.exchanges.empty());
    EXPECT_EQ(name(gate->observed.last().code), name(code));
  }
  // Of a request that leads to no server.
  void expect_refusal(std::string_view line, std::string_view status, Code code) {
    Scripted client = gate->client();
    client.send(request(line));
    const std::string answer = client.take_all();
    EXPECT_TRUE(answer.starts_with(joined({"HTTP/1.1 ", status, " "}))) << line << "\n" << answer;
    EXPECT_NE(answer.find(defences), std::string::npos);
    client.close();
    EXPECT_EQ(name(gate->observed.last().code), name(code)) << line;
  }

  std::unique_ptr<Gate> gate;
  ScriptedServer* servers = nullptr;
};

TEST_F(Images, are_fetched_and_nothing_of_the_two_ends_meets) {
  start(allow_example);
  Scripted client = gate->client();
  client.send(request("GET " + path_of(url), "Cookie: a=b\r\nReferer: http://a.test/\r\nX-Forwarded-For: 1.1.1.1\r\n"));
  Scripted server = servers->accept();
  server.expect(asked);
  const std::string picture = png(3, 2);
  server.send(
      with(picture, "Content-Type: text/html\r\nSet-Cookie: x=y\r\nServer: odd\r\nCache-Control: max-age=60\r\n"));
  client.expect(
      response(
          "200 OK", fmt::format("Content-Length: {}\r\n", picture.size()),
          joined({"Server: sallyport\r\nContent-Type: image/png\r\nCache-Control: public, max-age=60\r\n", defences})) +
      picture);
  client.close();
  EXPECT_EQ(gate->observed.last().server, "1.2.3.4:80");
}

TEST_F(Images, are_kept_for_as_long_as_the_site_says) {
  start(allow_example);
  const std::string picture = png(3, 2);
  EXPECT_NE(answer_to(with(picture, "Cache-Control: max-age=60\r\n")).find("max-age=60"), std::string::npos);
  gate->loop.advance(20s);
  Scripted client = gate->client();
  client.send(request("GET " + path_of(url)));
  EXPECT_NE(client.take_all().find("public, max-age=40\r\n"), std::string::npos);
  client.send(request("HEAD " + path_of(url)));
  const std::string head = client.take_all();
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
  client.close();
  EXPECT_EQ(servers->accepted(), 1u);
  gate->loop.advance(41s);
  EXPECT_NE(answer_to(with(picture, "Cache-Control: no-store\r\n")).find("no-store"), std::string::npos);
  EXPECT_NE(answer_to(with(picture, "Cache-Control: private\r\n")).find("private"), std::string::npos);
  EXPECT_NE(answer_to(with(picture)).find("public"), std::string::npos);
}

TEST_F(Images, that_are_kept_are_judged_again) {
  start("  - { allow: [ img.test ], schedule: Mon-Sun 00:00-00:01 }\n");
  answer_to(with(png(3, 2), "Cache-Control: max-age=3600\r\n"));
  gate->loop.advance(70s);
  expect_refusal("GET " + path_of(url), "403", Code::destination_refused);
}

TEST_F(Images, two_who_ask_at_a_time_are_one_fetch) {
  start(allow_example);
  Scripted first = gate->client(), second = gate->client("203.0.113.2:50000"),
           third = gate->client("203.0.113.3:50000");
  for (Scripted* client : {&first, &second, &third}) client->send(request("GET " + path_of(url)));
  Scripted server = servers->accept();
  EXPECT_EQ(servers->waiting(), 0u);
  first.reset();  // who fetches for all leaves: another one does
  Scripted again = servers->accept();
  again.expect(asked);
  again.send(with(png(3, 2), "Cache-Control: no-store\r\n"));
  for (Scripted* client : {&second, &third}) EXPECT_TRUE(client->take_all().starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(servers->accepted(), 2u);
  server.close();
}

TEST_F(Images, redirects_are_followed_where_the_rules_allow_it) {
  start(allow_example + "  - { allow: [ other.test ] }\n");
  ScriptedServer& others = gate->server("1.2.3.5:80");
  Scripted client = gate->client();
  client.send(request("GET " + path_of(url)));
  Scripted server = servers->accept();
  server.take_until("\r\n\r\n");
  server.send("HTTP/1.1 302 Found\r\nLocation: //other.test/x\r\nContent-Length: 0\r\n\r\n");
  Scripted other = others.accept();
  EXPECT_TRUE(other.take_until("\r\n\r\n").starts_with("GET /x HTTP/1.1\r\nHost: other.test\r\n"));
  other.send(with(png(3, 2)));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 200 "));
  client.close();
}

TEST_F(Images, redirects_elsewhere_are_refused) {
  start(allow_example, ", max_redirects: 1");
  const auto redirect = [](std::string_view to) {
    return fmt::format("HTTP/1.1 301 Moved\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", to);
  };
  expect_code(redirect("http://169.254.169.254/latest/meta-data/"), "403", Code::destination_refused);
  expect_code(redirect("http://other.test/"), "403", Code::destination_refused);
  expect_code(redirect("/not-a"), "403", Code::destination_refused);
  expect_code(redirect("file:///etc/passwd"), "502", Code::image_redirect);
  expect_code("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "502", Code::image_redirect);
  // To itself, once and no more.
  Scripted client = gate->client();
  client.send(request("GET " + path_of(url)));
  Scripted server = servers->accept();
  for (int i = 0; i < 2; ++i) {
    server.take_until("\r\n\r\n");
    server.send(redirect(url));
  }
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(name(gate->observed.last().code), "image_redirect");
}

TEST_F(Images, names_that_lead_to_private_addresses_are_refused) {
  start(allow_example);
  gate->resolver.set("img.test", {"10.0.0.1"});
  expect_refusal("GET " + path_of(url), "403", Code::destination_address_refused);
}

TEST_F(Images, what_is_not_signed_is_not_fetched) {
  start(allow_example);
  for (const std::string& path : {path_of(url) + "00", joined({"/images/", digest("x"), "/", hex(url)}),
                                  joined({"/images/", digest(url), "?url=http://img.test/a"}), std::string("/images"),
                                  std::string("/images/x")}) {
    expect_refusal("GET " + path, "404", Code::image_url_signature);
  }
  expect_refusal("GET " + path_of("ftp://img.test/a"), "404", Code::image_url_malformed);
  expect_refusal("GET " + path_of("http://img.test/a/%2e%2e/%2e%2e/"), "404", Code::image_url_malformed);
  expect_refusal("POST " + path_of(url), "405", Code::image_method);
  EXPECT_TRUE(gate->resolver.asked().empty());
}

TEST_F(Images, what_is_no_image_or_too_much_of_one_is_not_shown) {
  start(allow_example, ", max_pixels: 100");
  expect_code(with("<!DOCTYPE html><script>alert(1)</script>", "Content-Type: image/png\r\n"), "502",
              Code::image_not_an_image);
  expect_code(with("", "Content-Type: image/png\r\n"), "502", Code::image_not_an_image);
  expect_code(with(png(3, 2), "Content-Encoding: gzip\r\n"), "502", Code::image_not_an_image);
  expect_code(with(png(11, 10)), "502", Code::image_too_many_pixels);
  expect_code(with(png(10, 10, codec::image::png_chunk("acTL", codec::image::be(17, 4)))), "502",
              Code::image_too_many_pixels);
  expect_code(with("<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"), "502", Code::image_svg_refused);
  expect_code(with(std::string(4097, 'x')), "502", Code::image_too_large);
  expect_code(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n" + std::string(4097, 'x') + "\r\n0\r\n\r\n", "502",
      Code::image_too_large);
  expect_code("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404", Code::image_not_there);
  EXPECT_TRUE(answer_to(with("<svg xmlns=\"http://www.w3.org/2000/svg\"/>")).starts_with("HTTP/1.1 200 "));
}

TEST_F(Images, that_come_too_slowly_are_given_up) {
  start(allow_example);
  Scripted client = gate->client();
  client.send(request("GET " + path_of(url)));
  Scripted server = servers->accept();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  for (int i = 0; i < 9; ++i) {
    gate->loop.advance(1s);
    server.send("x");
  }
  client.expect_nothing();
  gate->loop.advance(2s);
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 504 "));
  EXPECT_EQ(name(gate->observed.last().code), "image_timeout");
}

TEST_F(Images, many_at_a_time_have_a_bound) {
  start(allow_example);
  ImageMemory::Held held(gate->worker().images().memory());
  ASSERT_TRUE(held.grow((std::uint64_t{192} << 20) - 10, UINT64_MAX));
  expect_code(with(png(3, 2)), "503", Code::image_memory);
}

TEST_F(Images, of_https_go_to_port_443_and_speak_tls) {
  start("  - { allow: [ img.test ] }\n");
  ScriptedServer& secure = gate->server("1.2.3.4:443");
  Scripted client = gate->client();
  client.send(request("GET " + path_of("https://img.test/a")));
  Scripted server = secure.accept();
  EXPECT_EQ(server.take(3).substr(0, 2), "\x16\x03");  // a ClientHello
  server.close();
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 502 "));
  client.close();
}

TEST_F(Images, go_by_the_parent_where_there_is_one) {
  start("  - { allow: [ img.test ] }\n  parent: http://10.0.0.9:3128\n");
  ScriptedServer& parents = gate->server("10.0.0.9:3128");
  Scripted client = gate->client();
  client.send(request("GET " + path_of(url)));
  Scripted parent = parents.accept();
  EXPECT_TRUE(
      parent.take_until("\r\n\r\n").starts_with("GET http://img.test/a/b.png?c HTTP/1.1\r\nHost: img.test\r\n"));
  parent.send(with(png(3, 2)));
  EXPECT_TRUE(client.take_all().starts_with("HTTP/1.1 200 "));
  client.send(request("GET " + path_of("https://img.test/a")));
  Scripted tunnel = parents.accept();
  EXPECT_TRUE(tunnel.take_until("\r\n\r\n").starts_with("CONNECT img.test:443 HTTP/1.1\r\n"));
  tunnel.send("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(tunnel.take(3).substr(0, 2), "\x16\x03");  // a ClientHello
  tunnel.close();
  client.close();
}

TEST(ImageStores, keep_no_more_than_they_may) {
  ImageStore store;
  const auto image = [&](std::size_t size) {
    auto made = std::make_shared<Image>(store.memory());
    made->octets.assign(size, 'x');
    made->lifetime = {.seconds = 60s, .shared = true};
    return made;
  };
  store.keep("a", image(40), 100);
  store.keep("b", image(40), 100);
  EXPECT_NE(store.find("a", {}), nullptr);
  store.keep("c", image(40), 100);  // what was used least recently makes room
  EXPECT_EQ(store.find("b", {}), nullptr);
  EXPECT_NE(store.find("a", {}), nullptr);
  store.keep("a", image(20), 100);  // in the place of the other
  store.keep("d", image(40), 100);
  EXPECT_NE(store.find("c", {}), nullptr);
  store.keep("e", image(101), 100);
  EXPECT_EQ(store.find("e", {}), nullptr);
  EXPECT_NE(store.find("d", {}), nullptr);
  EXPECT_EQ(store.find("d", runtime::TimePoint{} + 60s), nullptr);
}

TEST(ImageStores, count_all_images_that_there_are) {
  ImageMemory memory;
  {
    ImageMemory::Held first(memory);
    ImageMemory::Held second(memory);
    EXPECT_TRUE(first.grow(60, 100));
    EXPECT_FALSE(second.grow(41, 100));
    EXPECT_TRUE(second.grow(40, 100));
    EXPECT_FALSE(second.grow(1, 50));
    const ImageMemory::Held moved = std::move(first);
    EXPECT_EQ(memory.octets(), 100u);
  }
  EXPECT_EQ(memory.octets(), 0u);
}

}  // namespace
}  // namespace sp::proxy
