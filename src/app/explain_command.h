// `sallyport explain`: what would happen to a request, and why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"

namespace sp::app {

struct ExplainArguments {
  std::optional<std::string> file;
  std::string from = "192.0.2.1";
  std::vector<std::string> fields;   // "Name: value"
  std::vector<std::string> request;  // [METHOD] URL
  Format format = Format::text;
};

// A refusal that was explained is Exit::ok: the question was answered.
Exit explain_command(const ExplainArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
