// `sallyport explain`: what would happen to a request or a connection, and why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"

namespace sp::app {

struct ExplainArguments {
  std::optional<std::string> file;
  std::optional<std::string> from;     // without it: 192.0.2.1; of the way out, somebody who may use it
  std::vector<std::string> fields;     // "Name: value"
  std::vector<std::string> request;    // [METHOD] URL
  std::optional<std::string> sni;      // of a connection, as in ConnectionQuestion
  std::vector<std::string> alpn;       // the same
  std::vector<std::string> proxy;      // "NAME=TEXT": what a PROXY header says
  bool outbound = false;               // about the way out
  std::optional<std::string> user;     // of the way out: who has said his password
  std::optional<std::string> entry;    // of the way out: its name; without it, the first
  std::vector<std::string> addresses;  // of the way out: what the name leads to; without them it is looked up
  Format format = Format::text;
};

// A refusal that was explained is Exit::ok: the question was answered.
Exit explain_command(const ExplainArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
