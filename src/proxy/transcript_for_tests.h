// The words that transcripts of this folder are written in: what a client sends and gets, what a server gets and sends.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "testing/gate/gate.h"

namespace sp::proxy {

using namespace std::chrono_literals;
using sp::testing::Gate;
using sp::testing::one_server;
using sp::testing::one_site;
using sp::testing::Scripted;
using sp::testing::ScriptedServer;

inline std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::string_view part : parts) text += part;
  return text;
}

// Of the moment at which a FakeLoop begins.
inline constexpr std::string_view date = "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n";

// A head as a client sends it: "GET /x", and fields with their line ends.
inline std::string request(std::string_view line, std::string_view fields = {}) {
  return joined({line, " HTTP/1.1\r\nHost: a.test\r\n", fields, "\r\n"});
}
// The same as the server gets it: `fields` are the client's, `behind` belongs to the connection to the server.
inline std::string forwarded(std::string_view line, std::string_view fields = {}, std::string_view behind = {}) {
  constexpr std::string_view added =
      "X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Host: a.test\r\nX-Forwarded-Proto: http\r\n"
      "X-Forwarded-Port: 80\r\nVia: 1.1 gate\r\n";
  return joined({line, " HTTP/1.1\r\nHost: a.test\r\n", fields, added, behind, "\r\n"});
}
// A head of a response as the client gets it: `framing` is what stands before the fields of the server.
inline std::string response(std::string_view status, std::string_view framing, std::string_view fields = {}) {
  return joined({"HTTP/1.1 ", status, "\r\n", framing, fields, date, "\r\n"});
}

// The shortest response, as the server sends it and as the client gets it.
inline constexpr std::string_view hi = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
inline const std::string hi_there = response("200 OK", "Content-Length: 2\r\n") + "hi";
inline const std::string hi_and_bye = response("200 OK", "Content-Length: 2\r\nConnection: close\r\n") + "hi";

// A gate before one server, with the connection of one client.
class OneServer : public ::testing::Test {
 protected:
  // What the server gets of a request without content, and what it is answered with: the usual half of a transcript.
  void pass(std::string_view line) {
    client.send(request(line));
    if (!server.open()) server = accept();
    server.expect(forwarded(line));
    server.send(hi);
    client.expect(hi_there);
  }
  Scripted accept() { return gate.server().accept(); }

  Gate gate;
  ScriptedServer& servers = gate.server();
  Scripted client = gate.client();
  Scripted server{gate.loop, nullptr};
};

}  // namespace sp::proxy
