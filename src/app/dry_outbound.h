// What an application asks a way out for, decided by the same code as on the data path, but without a connection: what
// `explain --outbound` and `test` look at.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "http/message.h"
#include "proxy/outbound/use.h"
#include "proxy/snapshot.h"

namespace sp::app {

// Whether the file of users has the one who is named.
enum class UserStanding : std::uint8_t { not_looked_up, known, unknown };

struct OutboundQuestion {
  std::string method;               // empty: GET of a URL, CONNECT of a host and port
  std::string target;               // "http://gitlab.com/x", "https://gitlab.com", "gitlab.com:443"
  std::optional<std::string> from;  // without it: somebody who may use the entry
  std::string user;                 // who has said the right password; empty: nobody. `image-proxy`: the gate itself
  UserStanding standing = UserStanding::not_looked_up;
  std::string entry;  // by its name; empty: the first
  std::chrono::sys_seconds now{};
  // The addresses of a name that the rules let through; empty: the name alone is judged.
  std::function<Result<std::vector<IpAddress>>(std::string_view host, config::Duration within)> resolve;
};

// "CONNECT gitlab.com:443", "GET http://gitlab.com/x", or either without its first word.
void set_wish(std::string_view text, OutboundQuestion& question);

// The entry of `outbound` of that name, or the first; the error says why there is none.
std::expected<const proxy::Entry*, std::string> way_out_named(const proxy::Snapshot& snapshot, std::string_view name);
// As the file has it.
const config::OutboundConfig& settings_of(const proxy::Snapshot& snapshot, const proxy::Entry& entry);

class DryOutbound {
 public:
  // The error says why there is nothing to decide: what is asked for cannot be sent, or there is no such entry. The
  // snapshot outlives it.
  static std::expected<std::unique_ptr<DryOutbound>, std::string> decide(const proxy::Snapshot& snapshot,
                                                                         const OutboundQuestion& question);

  struct Judged {
    IpAddress address;
    policy::OutboundDecision decision;
  };

  const proxy::Entry& entry() const { return *entry_; }
  const config::OutboundConfig& settings() const { return *settings_; }
  const proxy::OutboundUse& use() const { return *use_; }
  const policy::OutboundRules& rules() const { return entry_->outbound->rules; }
  const IpAddress& from() const { return from_; }
  const std::string& user() const { return user_; }
  UserStanding standing() const { return standing_; }
  // The gate asks for itself: it fetches an image, as proxy/image/fetch.cc does.
  bool by_gate() const { return by_gate_; }
  const policy::Decision& access() const { return access_; }
  // Where it is: refusals before that are about the client, or about what it sent.
  bool has_destination() const { return has_destination_; }
  bool tunnel() const {
    using Kind = policy::OutboundRequest::Kind;
    return use_->request.kind == Kind::tunnel || use_->request.kind == Kind::tunnel_to_inspect;
  }
  // What becomes of the TLS in a tunnel.
  enum class Opening : std::uint8_t { none, closed, by_name, opened };
  // `closed`: by `only`, `except` or what the authority may sign for; `by_name`: the name that TLS asks for decides.
  Opening opening() const { return opening_; }
  // Of an https URL, where its tunnel is opened: the request in it, which is judged as well; null: none.
  const policy::OutboundRequest* inside() const { return inside_ == nullptr ? nullptr : &inside_->request; }
  // The way on; `proxy` is null where the server is reached directly.
  const policy::Parent::Way& way() const { return use_->way; }
  // The rules refuse it, and only watch (`mode: observe`).
  bool would_refuse() const { return !refused() && use_->would_refuse; }
  std::string destination() const;  // "gitlab.com:443"
  // Of the name, before it is resolved; of an address, the whole judgement.
  const policy::OutboundDecision& by_name() const { return by_name_; }
  // In the order in which they would be tried; empty where nobody looked the name up.
  const std::vector<Judged>& judged() const { return judged_; }
  bool looked_up() const { return looked_up_; }
  // The name alone does not decide, and its addresses are not known.
  bool undecided() const;
  // The rule that decides in the end; null: none.
  const policy::OutboundRule* rule() const { return use_->rule(); }
  const std::string& pattern() const;  // of that rule, as it is written; empty: none

  // Code::ok where it goes out.
  Code code() const { return code_; }
  bool refused() const { return code_ != Code::ok; }
  const std::string& detail() const { return detail_; }  // of a refusal
  const std::string& remedy() const { return remedy_; }  // as well

 private:
  DryOutbound() : request_(arena_) {}
  void refuse(Code code, std::string detail = {});
  void go(const OutboundQuestion& question);
  bool enter();
  bool identify(const OutboundQuestion& question);
  bool read_request();
  bool read_image_url(const OutboundQuestion& question);
  void plan_inspection();
  bool judge(const OutboundQuestion& question);
  bool judge_for_parent(const OutboundQuestion& question);
  bool judge_addresses(const OutboundQuestion& question);
  void judge_inside(const OutboundQuestion& question);

  Arena arena_;
  std::string octets_;  // as the application would send them
  http::RequestHead request_;
  const proxy::Entry* entry_ = nullptr;
  const config::OutboundConfig* settings_ = nullptr;
  std::unique_ptr<proxy::OutboundUse> use_, inside_;
  Opening opening_ = Opening::none;
  IpAddress from_;
  std::string user_;
  UserStanding standing_ = UserStanding::not_looked_up;
  policy::Decision access_;
  bool by_gate_ = false, has_destination_ = false, looked_up_ = false;
  policy::OutboundDecision by_name_;
  std::vector<Judged> judged_;
  Code code_ = Code::ok;
  std::string detail_, remedy_;
};

}  // namespace sp::app
