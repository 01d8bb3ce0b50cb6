#include "app/trust_steps.h"

#include <fmt/format.h>

#include <array>

#include "app/shell_text.h"

namespace sp::app {
namespace {

// Where Debian keeps the roots of the system in one file.
constexpr std::string_view system_roots = "/etc/ssl/certs/ca-certificates.crt";

std::string ca(const TrustedRoot& root) { return shell_text(root.path); }

// Beside the certificate.
std::string bundle(const TrustedRoot& root) {
  return shell_text(root.path.substr(0, root.path.rfind('/') + 1) + "ca-bundle.pem");
}

// For what reads one file and nothing else. It is a copy: it does not follow the updates of the system's.
std::string make_bundle(const TrustedRoot& root) {
  return fmt::format("cat {} {} > {}\n", system_roots, ca(root), bundle(root));
}

std::string debian(const TrustedRoot& root) {
  return fmt::format(
      R"(# The store of the system, which curl, wget, git, apt, Go, Ruby, PHP and Debian's own Python read. As root:
install -m 0644 {} /usr/local/share/ca-certificates/sallyport-inspection.crt
update-ca-certificates
# Java reads it where ca-certificates-java is installed. Not reached: Node (--for node), Firefox, Chromium, and Python's
# requests and pip where they do not come from Debian (--for python).
# To take it back: rm /usr/local/share/ca-certificates/sallyport-inspection.crt && update-ca-certificates --fresh
)",
      ca(root));
}

std::string go(const TrustedRoot& root) {
  return fmt::format(
      R"(# Go reads the store of the system: --for debian is enough. For one program alone, read once as it starts:
{}export SSL_CERT_FILE={}
# It takes the place of the system's file, and is read under Linux and BSD only.
)",
      make_bundle(root), bundle(root));
}

std::string python(const TrustedRoot& root) {
  return fmt::format(
      R"(# urllib, http.client and what else leaves it to OpenSSL: --for debian, or for one program alone
{0}export SSL_CERT_FILE={1}
# requests and pip have roots of their own and read neither; their file takes the place of these.
export REQUESTS_CA_BUNDLE={1}
export PIP_CERT={1}
)",
      make_bundle(root), bundle(root));
}

std::string node(const TrustedRoot& root) {
  return fmt::format(
      R"(# Read once as the process starts, besides Node's own roots. Node does not read the store of the system.
export NODE_EXTRA_CA_CERTS={}
# A program that gives `ca` to its connections overrides it, as npm does where `cafile` is set.
)",
      ca(root));
}

std::string java(const TrustedRoot& root) {
  std::string text = fmt::format(
      R"(# Into the store of this Java. In Debian --for debian does it where ca-certificates-java is installed.
keytool -importcert -noprompt -cacerts -storepass changeit -alias sallyport-inspection -file {0}
# For one program alone, a copy of that store: with `-keystore FILE` in the place of `-cacerts`, and
#   -Djavax.net.ssl.trustStore=FILE -Djavax.net.ssl.trustStorePassword=changeit
# To take it back: keytool -delete -cacerts -storepass changeit -alias sallyport-inspection
)",
      ca(root));
  // Tried with OpenJDK 17: the certificate of a trust anchor is a name and a key to it.
  if (root.bound) {
    text +=
        "# Java does not look at what a root is bound to: this one could sign for any name there, and its key is to be "
        "kept accordingly.\n";
  }
  return text;
}

std::string firefox(const TrustedRoot& root) {
  return fmt::format(
      R"(# For each user, while Firefox is closed; certutil is in libnss3-tools:
for profile in ~/.mozilla/firefox/*.default*; do
  certutil -d "sql:$profile" -A -t C,, -n {} -i {}
done
# Or for all users by policy, in /etc/firefox/policies/policies.json:
#   {{ "policies": {{ "Certificates": {{ "Install": [ "{}" ] }} }} }}
)",
      shell_text(root.name), ca(root), root.path);
}

std::string chromium(const TrustedRoot& root) {
  return fmt::format(
      R"(# For each user; certutil is in libnss3-tools. Chromium and Chrome read it as they start.
mkdir -p ~/.pki/nssdb
[ -e ~/.pki/nssdb/cert9.db ] || certutil -d "sql:$HOME/.pki/nssdb" -N --empty-password
certutil -d "sql:$HOME/.pki/nssdb" -A -t C,, -n {0} -i {1}
# To take it back: certutil -d "sql:$HOME/.pki/nssdb" -D -n {0}
)",
      shell_text(root.name), ca(root));
}

std::string curl(const TrustedRoot& root) {
  return fmt::format(
      R"(# curl reads the store of the system: --for debian is enough. For one user or one call:
{0}export CURL_CA_BUNDLE={1}
# or `cacert = {1}` in ~/.curlrc, or `curl --cacert {1}`; for git: git config --global http.sslCAInfo {1}
)",
      make_bundle(root), bundle(root));
}

constexpr std::array<TrustTarget, 8> targets{{{"debian", &debian},
                                              {"go", &go},
                                              {"python", &python},
                                              {"node", &node},
                                              {"java", &java},
                                              {"firefox", &firefox},
                                              {"chromium", &chromium},
                                              {"curl", &curl}}};

}  // namespace

std::span<const TrustTarget> trust_targets() { return targets; }

}  // namespace sp::app
