// PEM files, read with an error that says what the file is instead.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "config/finding.h"
#include "config/model.h"
#include "tls/handles.h"

namespace sp::tls {

// The content of the file at `path.value`, or null with a finding at `path.place`.
std::optional<std::string> read_pem(const config::Text& path, const config::FileSystem& files,
                                    std::vector<config::Finding>& findings);

// Every certificate of `pem`, in its order; empty with a finding if there is none or one is damaged.
std::vector<X509Ptr> parse_certificates(std::string_view pem, const config::Text& path,
                                        std::vector<config::Finding>& findings);

// The first private key of `pem`; null with a finding if there is none, or it needs a passphrase.
KeyPtr parse_key(std::string_view pem, const config::Text& path, std::vector<config::Finding>& findings);

// The certificates of a file as trust anchors, intermediate and self-signed server certificates included; null with a
// finding.
struct Authorities {
  X509StorePtr store;
  X509StackPtr certificates;
};
std::optional<Authorities> load_authorities(const config::Text& path, const config::FileSystem& files,
                                            std::vector<config::Finding>& findings);

// Wipes a secret that is not needed any more.
void wipe(std::string& secret);

}  // namespace sp::tls
