// Which names belong together: the public suffix list. Below `co.uk`, and as well below `github.io` or
// `s3.amazonaws.com`, everybody can have a name; what is below `example.co.uk` is one party's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

struct psl_ctx_st;

namespace sp::policy {

class PublicSuffixes {
 public:
  // Where Debian's package `publicsuffix` puts the list.
  static constexpr const char* usual_path = "/usr/share/publicsuffix/public_suffix_list.dat";

  // The text of a list, as publicsuffix.org has it; null if it is none.
  static std::optional<PublicSuffixes> parse(const std::string& text);

  // "example.co.uk" of "a.b.example.co.uk" and of itself. Empty: the name is a suffix, or below one that the list does
  // not know.
  std::string registrable_domain(std::string_view name) const;
  // Whether names below this one are of several parties, who do not know each other: it is a suffix, a suffix is
  // below it (`amazonaws.com`), or it is known for it although the list does not say so (`slack.com`).
  bool is_shared(std::string_view name) const;

 private:
  PublicSuffixes() = default;
  struct Free {
    void operator()(psl_ctx_st* list) const;
  };
  std::unique_ptr<psl_ctx_st, Free> list_;
  std::unordered_set<std::string> above_;  // every name that has a suffix below it
};

}  // namespace sp::policy
