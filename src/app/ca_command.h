// `sallyport ca`: the root that signs certificates for inspection.
#pragma once

#include <optional>
#include <string>

#include "app/command.h"

namespace sp::app {

inline constexpr const char* default_ca_certificate = "/etc/sallyport/ca.pem";
inline constexpr const char* default_ca_key = "/etc/sallyport/ca.key";

struct CaCreateArguments {
  std::string cert = default_ca_certificate;
  std::string key = default_ca_key;
  std::optional<std::string> name;  // without it, one with `machine`
  std::string machine;              // the name of this one
  int days = 3650;
  std::string only;  // names and networks between commas; empty: for every name
  Format format = Format::text;
};

// Exit::usage where an argument is wrong, Exit::failed where a file cannot be made; nothing is overwritten.
Exit ca_create_command(const CaCreateArguments& arguments, const CommandWorld& world);

struct CaExportArguments {
  std::optional<std::string> cert;     // without it, and without `file`, default_ca_certificate
  std::optional<std::string> file;     // a configuration: the certificate that its `inspect.ca` names
  std::optional<std::string> runtime;  // of trust_targets(), or "pem"; without it, the certificate as PEM
};

// "debian, go ... and pem".
std::string ca_export_runtimes();

Exit ca_export_command(const CaExportArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
