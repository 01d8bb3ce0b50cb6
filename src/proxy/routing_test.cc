// Which route a request takes, what the gate answers itself, and what its pages say.
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

class Routing : public ::testing::Test {
 protected:
  // The whole answer to a request, which no server sees.
  std::string answer_to(std::string_view octets, std::string_view from = "203.0.113.1:50000") {
    Scripted client = gate->client(from);
    client.send(octets);
    return client.take_all();
  }
  void use(std::string_view yaml) { gate = std::make_unique<Gate>(yaml); }
  Code last() const { return gate->observed.last().code; }
  std::unique_ptr<Gate> gate;
};

TEST_F(Routing, a_host_that_no_site_has_is_misdirected) {
  use(one_server());
  EXPECT_TRUE(answer_to("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n").starts_with("HTTP/1.1 421 "));
  EXPECT_EQ(last(), Code::no_site);
}

TEST_F(Routing, a_path_that_no_route_has_is_not_found) {
  use(one_site("- { path: /a, to: \"http://10.0.0.1:8000\" }"));
  EXPECT_TRUE(answer_to(request("GET /ab")).starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(last(), Code::no_route);
}

TEST_F(Routing, routes_go_by_the_normal_form_of_the_path) {
  use(one_site("- { path: /admin, respond: { status: 403 } }\n- { path: /, respond: { body: open } }"));
  for (std::string_view path :
       {"/admin", "/admin/x", "//admin", "/./admin", "/x/../admin", "/%61dmin", "/x/%2e%2e/admin", "/admin/"}) {
    EXPECT_TRUE(answer_to(request(joined({"GET ", path}))).starts_with("HTTP/1.1 403 ")) << path;
  }
  EXPECT_TRUE(answer_to(request("GET /adminx")).starts_with("HTTP/1.1 200 "));
}

// Tomcat and its kin serve "/admin;x" as "/admin": the rule about /admin must not be passed by.
TEST_F(Routing, a_path_that_another_route_has_without_its_parameters_is_ambiguous) {
  use(one_site("- { path: /admin, respond: { status: 403 } }\n- { path: /, respond: { body: open } }"));
  for (std::string_view path : {"/admin;x", "/admin%3Bx", "/admin%3bx", "/admin;/users", "/;/admin", "/;x/admin;y"}) {
    EXPECT_TRUE(answer_to(request(joined({"GET ", path}))).starts_with("HTTP/1.1 400 ")) << path;
    EXPECT_EQ(last(), Code::ambiguous_path) << path;
  }
  for (std::string_view path : {"/x;jsessionid=1", "/x;a/y;b", "/adminx;y"}) {
    EXPECT_TRUE(answer_to(request(joined({"GET ", path}))).starts_with("HTTP/1.1 200 ")) << path;
  }
  EXPECT_TRUE(answer_to(request("GET /admin/x;y")).starts_with("HTTP/1.1 403 "));
}

TEST_F(Routing, the_normal_form_of_the_path_is_what_the_server_gets) {
  use(one_server());
  gate->server();
  Scripted client = gate->client();
  client.send(request("GET /a/./b/../%63//d?x=%2F..//"));
  gate->server().accept().expect("GET /a/c/d?x=%2F..// HTTP/1.1\r\n");
}

struct Path {
  std::string_view path, status;
  Code code;
};
class OddPaths : public ::testing::TestWithParam<Path> {};
TEST_P(OddPaths, reach_no_server) {
  Gate gate;
  gate.server();
  Scripted client = gate.client();
  client.send(request(joined({"GET ", GetParam().path})));
  const std::string text = client.take_all();
  EXPECT_TRUE(text.starts_with(joined({"HTTP/1.1 ", GetParam().status, " "}))) << text.substr(0, 50);
  EXPECT_EQ(name(gate.observed.last().code), name(GetParam().code));
  EXPECT_EQ(gate.server().waiting(), 0u);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, OddPaths,
    ::testing::Values(Path{"/a\\b", "400", Code::ambiguous_path}, Path{"/a%5Cb", "400", Code::ambiguous_path},
                      Path{"/../x", "400", Code::ambiguous_path}, Path{"/%2e%2e/x", "400", Code::ambiguous_path},
                      Path{"/a%00b", "400", Code::ambiguous_path}, Path{"/a/..;/b", "400", Code::ambiguous_path},
                      Path{"/a%2Fb", "404", Code::encoded_slash}, Path{"/a%2f..%2fb", "400", Code::ambiguous_path},
                      Path{"/a%zz", "400", Code::bad_target}, Path{"/a%", "400", Code::bad_target}));

TEST_F(Routing, an_encoded_slash_passes_where_the_route_allows_it) {
  use(one_site("- { path: /, to: \"http://10.0.0.1:8000\", encoded_slashes: allow }"));
  gate->server();
  Scripted client = gate->client();
  client.send(request("GET /a%2fb"));
  gate->server().accept().expect("GET /a%2Fb HTTP/1.1\r\n");
}

TEST_F(Routing, clients_are_allowed_and_denied_by_their_address) {
  use(
      one_site("- { path: /in, respond: { body: x }, allow: [ 203.0.113.0/24 ] }\n- { path: /out, respond: { body: x "
               "}, deny: [ 203.0.113.1 ] }"));
  EXPECT_TRUE(answer_to(request("GET /in")).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(answer_to(request("GET /in"), "198.51.100.1:5").starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(answer_to(request("GET /out"), "198.51.100.1:5").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(answer_to(request("GET /out", "X-Forwarded-For: 198.51.100.1\r\n")).starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(last(), Code::denied);
}

TEST_F(Routing, a_trusted_proxy_says_who_is_allowed) {
  use("inbound:\n- listen: [ \"http://:80\" ]\n  trusted_proxies: [ 10.9.0.0/16 ]\n"
      "  sites: [ { hosts: [ a.test ], deny: [ 203.0.113.1 ], routes: [ { path: /, respond: { body: x } } ] } ]\n");
  EXPECT_TRUE(
      answer_to(request("GET /", "X-Forwarded-For: 203.0.113.1\r\n"), "10.9.0.1:5").starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(answer_to(request("GET /", "X-Forwarded-For: 203.0.113.1, 198.51.100.2\r\n"), "10.9.0.1:5")
                  .starts_with("HTTP/1.1 200 "));
}

TEST_F(Routing, a_route_may_redirect) {
  use(one_site("- { path: /old, redirect: { to: \"https://new.test${request.uri}\", status: 308 } }"));
  const std::string text = answer_to(request("GET /old/x?y=1"));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 308 Permanent Redirect\r\n")) << text;
  EXPECT_NE(text.find("Location: https://new.test/old/x?y=1\r\n"), std::string::npos) << text;
}

TEST_F(Routing, a_redirect_cannot_be_split) {
  use(one_site("- { path: /, redirect: { to: \"/to/${request.query}\" } }"));
  const std::string text = answer_to(request("GET /?a%0d%0aSet-Cookie:x"));
  EXPECT_EQ(text.find("\nSet-Cookie"), std::string::npos) << text;
  EXPECT_TRUE(text.starts_with("HTTP/1.1 302 ")) << text;
}

TEST_F(Routing, a_route_may_answer_itself) {
  use(one_site("- { path: /, respond: { status: 410, body: \"for ${client.address}\", content_type: text/x } }"));
  EXPECT_EQ(answer_to(request("GET /")),
            "HTTP/1.1 410 Gone\r\nContent-Length: 15\r\nServer: sallyport\r\nContent-Type: text/x\r\n" +
                std::string(date) + "\r\nfor 203.0.113.1");
  const std::string head = answer_to(request("HEAD /"));
  EXPECT_NE(head.find("Content-Length: 15\r\n"), std::string::npos) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST_F(Routing, http_1_0_without_Host_goes_to_the_site_for_every_name) {
  use("inbound:\n- listen: [ \"http://:80\" ]\n  sites: [ { hosts: [ \"*\" ], routes: [ { path: /, respond: { body: x "
      "} } ] } ]\n");
  EXPECT_TRUE(answer_to("GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

// ---- pages ----

TEST_F(Routing, a_failure_has_a_page_that_names_no_server) {
  use(one_server());
  const std::string text =
      answer_to(request("GET /", "Accept: text/html\r\nCookie: secret\r\nAuthorization: secret\r\n"));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 502 Bad Gateway\r\n")) << text;
  EXPECT_NE(text.find("Content-Type: text/html; charset=utf-8\r\n"), std::string::npos);
  EXPECT_NE(text.find("Proxy-Status: sallyport; error=connection_refused\r\n"), std::string::npos);
  EXPECT_NE(text.find("Cache-Control: no-store\r\n"), std::string::npos);
  EXPECT_NE(text.find("connection_refused</code>"), std::string::npos);
  EXPECT_EQ(text.find("10.0.0.1"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST_F(Routing, a_failure_is_told_in_JSON_to_those_who_ask_for_it) {
  use(one_server());
  const std::string text = answer_to(request("GET /", "Accept: application/json\r\n"));
  EXPECT_NE(text.find("Content-Type: application/json\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("{\"status\":502,\"error\":\"connection_refused\",\"message\":\"the server refused the "
                      "connection\",\"request\":\""),
            std::string::npos)
      << text;
}

TEST_F(Routing, a_failure_of_HEAD_has_no_page) {
  use(one_server());
  const std::string text = answer_to(request("HEAD /"));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 502 ") && text.ends_with("\r\n\r\n")) << text;
}

TEST_F(Routing, a_page_quotes_nothing_of_the_request) {
  use(one_server());
  const std::string text = answer_to("GET /<script> HTTP/1.1\r\nHost: <script>\r\n\r\n");
  EXPECT_EQ(text.find("<script>"), std::string::npos) << text;
}

}  // namespace
}  // namespace sp::proxy
