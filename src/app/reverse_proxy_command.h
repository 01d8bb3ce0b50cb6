// `sallyport reverse-proxy`: a gate in front of one server, without a file.
#pragma once

#include <optional>
#include <string>

#include "app/command.h"
#include "app/overlay_files.h"
#include "config/load.h"

namespace sp::app {

struct ReverseProxyArguments {
  std::string from;  // "https://:8443"
  std::string to;    // "http://127.0.0.1:9000"
  // The certificate that is shown; without one, an https listener gets one that is made on the spot.
  std::optional<std::string> cert, key;
};

// The configuration that these arguments stand for. A certificate that is made goes into `files`; it says on `err` what
// clients have to know about it.
std::string reverse_proxy_configuration(const ReverseProxyArguments& arguments, OverlayFiles& files,
                                        const CommandWorld& world);

// The same, loaded. Places are the arguments that a value comes from ("--from"): nobody sees the text.
config::Loaded load_reverse_proxy(const ReverseProxyArguments& arguments, const std::string& text,
                                  const config::FileSystem& files);

// Runs until a signal ends it.
Exit reverse_proxy_command(const ReverseProxyArguments& arguments, const CommandWorld& world);

}  // namespace sp::app
