// The one normal form of a path. Every matcher sees it, and it is what the server is sent: so that nobody behind us
// reads a path differently from the rule that let it pass.
//
// Normal form (RFC 3986 section 6.2.2, and what is common beyond it):
//  - percent-encoded unreserved characters are decoded (%41 is A), once: %2541 stays %2541;
//  - other encodings have upper-case digits (%c3 is %C3); what a path must not hold unencoded is encoded (a raw '|' is
//  %7C);
//  - several slashes are one slash (as in Apache and NGINX), before dot segments are looked at;
//  - dot segments are removed, also when they are written as %2e.
//
// Refused, as Code::ambiguous_path, because servers disagree about their meaning: dot segments above the root; a
// backslash, encoded or not; encoded control characters (%00, %0A); dot segments with parameters ("..;x", which Tomcat
// takes for ".."); dot segments beside an encoded slash ("a%2F..%2Fb"). A malformed encoding or a control character is
// Code::bad_target.
//
// An encoded slash (%2F) is kept and reported: whether it may pass is the matched route's to say (`encoded_slashes`),
// and where it may not, the answer is Code::encoded_slash (404, as Apache has it).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace sp::policy {

struct NormalPath {
  std::string_view text;       // the argument itself where it was normal already, else in the arena
  bool encoded_slash = false;  // a %2F was met
};

enum class DotSegments : std::uint8_t {
  remove,
  refuse,  // for paths that we made ourselves: a value must not lead out of the place where it was put
};

// `path` begins with '/', without query. The asterisk of `OPTIONS *` stays as it is. One scan and no copy for a path
// that is normal; error.where says what is wrong with one that is refused. Normalising twice is normalising once.
Result<NormalPath> normalize_path(std::string_view path, Arena& arena, DotSegments dots = DotSegments::remove);

// Whether a path that normalize_path() takes leads back or stays where it is, in any spelling ("/a/%2e%2E/b", "/./a").
bool has_dot_segments(std::string_view path);

// A normal path as servers may read it that decode slashes or drop parameters: "/a%2Fb;c" as "/a/b". For who denies a
// path; the argument may be that already.
std::string loosest_path(std::string_view normal);
bool can_be_read_loosely(std::string_view normal);

}  // namespace sp::policy
