#include "policy/public_suffixes.h"

#include <libpsl.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "policy/a_label.h"

namespace sp::policy {
namespace {

// Each customer has a name below these, or names below them lead to servers of whoever pays. The list of suffixes is
// about cookies, and does not have to name them.
constexpr std::array shared_domains{
    "akamai.net",
    "akamaiedge.net",
    "akamaized.net",
    "aliyuncs.com",
    "amazonaws.com",
    "atlassian.net",
    "auth0.com",
    "azure.com",
    "azureedge.net",
    "azurefd.net",
    "backblazeb2.com",
    "box.com",
    "cdn77.org",
    "cloudapp.net",
    "cloudflarestorage.com",
    "core.windows.net",
    "digitaloceanspaces.com",
    "edgekey.net",
    "edgesuite.net",
    "fastly.net",
    "force.com",
    "freshdesk.com",
    "linodeobjects.com",
    "llnwd.net",
    "my.salesforce.com",
    "myqcloud.com",
    "ngrok.com",
    "okta.com",
    "on.aws",
    "oraclecloud.com",
    "pipedream.net",
    "requestbin.net",
    "salesforce.com",
    "service-now.com",
    "sharepoint.com",
    "slack.com",
    "trafficmanager.net",
    "vultrobjects.com",
    "wasabisys.com",
    "webhook.site",
    "windows.net",
    "wordpress.com",
    "zendesk.com",
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string_view parent_of(std::string_view name) {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

// The name of a line, as DNS has it; empty for comments and for what is no name.
std::string suffix_of(std::string_view line) {
  if (line.starts_with("//") || line.starts_with('!')) return {};
  line = line.substr(0, line.find_first_of(" \t\r"));
  if (line.starts_with("*.")) line.remove_prefix(2);
  const bool ascii = std::ranges::all_of(line, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? std::string(line) : to_a_labels(line).value_or("");
}

}  // namespace

void PublicSuffixes::Free::operator()(psl_ctx_st* list) const { psl_free(list); }

std::optional<PublicSuffixes> PublicSuffixes::parse(const std::string& text) {
  PublicSuffixes made;
  std::string copy = text;  // fmemopen() wants to be able to write
  const std::unique_ptr<std::FILE, CloseFile> file(copy.empty() ? nullptr : fmemopen(copy.data(), copy.size(), "r"));
  if (file == nullptr) return std::nullopt;
  made.list_.reset(psl_load_fp(file.get()));
  if (made.list_ == nullptr || psl_suffix_count(made.list_.get()) <= 0) return std::nullopt;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string suffix = suffix_of(rest.substr(0, rest.find('\n')));
    for (std::string_view above = parent_of(suffix); !above.empty(); above = parent_of(above))
      made.above_.emplace(above);
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  }
  return made;
}

std::string PublicSuffixes::registrable_domain(std::string_view name) const {
  const std::string text(name);
  const char* found = psl_registrable_domain(list_.get(), text.c_str());
  if (found == nullptr) return {};
  const std::string domain = found;
  // The rule `*`, which is for what the list does not know, makes a suffix of every last label.
  const std::string suffix(parent_of(domain));
  return psl_is_public_suffix2(list_.get(), suffix.c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0 ? domain : "";
}

bool PublicSuffixes::is_shared(std::string_view name) const {
  const std::string text(name);
  return psl_is_public_suffix2(list_.get(), text.c_str(), PSL_TYPE_ANY) != 0 || above_.contains(text) ||
         std::ranges::find(shared_domains, name) != shared_domains.end();
}

}  // namespace sp::policy
