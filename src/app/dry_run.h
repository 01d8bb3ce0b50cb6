// One request, decided by the same code as on the data path, but without a connection: what `explain` and `test` look
// at.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/said_in_header.h"
#include "base/arena.h"
#include "http/message.h"
#include "proxy/admission.h"
#include "proxy/snapshot.h"
#include "proxy/variables.h"

namespace sp::app {

struct DryRequest {
  std::string method = "GET";
  std::string url;  // http or https, with the host that the client asks for
  std::string from = "192.0.2.1";
  std::vector<std::pair<std::string, std::string>> fields;
  SaidInHeader proxy;  // by the PROXY header
};

// "GET https://a.example/x", or a URL alone.
DryRequest request_of(std::string_view method_and_url);

class DryVariables final : public proxy::RequestVariables {
 public:
  using RequestVariables::RequestVariables;
  std::string_view value(policy::Variable variable, std::string_view argument, Arena& arena) const override {
    if (variable == policy::Variable::proxy) return said(header, argument);
    return RequestVariables::value(variable, argument, arena);
  }

  SaidInHeader header;
};

class DryRun {
 public:
  // The error says why there is nothing to decide: the URL is none, or nothing listens for it. The snapshot outlives
  // it.
  static std::expected<std::unique_ptr<DryRun>, std::string> decide(const proxy::Snapshot& snapshot,
                                                                    const DryRequest& request);

  const proxy::Entry& entry() const { return *listen_.entry; }
  const proxy::Listen& listen() const { return *listen_.listen; }
  bool other_port() const { return listen_.other_port; }
  const policy::Hop& hop() const { return hop_; }
  std::string_view own_via() const { return own_via_; }          // the gate's name in Via
  const http::RequestHead& request() const { return request_; }  // of Verdict::forward: as the server gets it
  const proxy::Admission& admission() const { return admission_; }
  // Where a route was found.
  const std::string& access_text() const { return access_text_; }

  bool refused() const { return admission_.verdict == proxy::Verdict::refuse; }
  bool forwarded() const { return admission_.verdict == proxy::Verdict::forward; }
  // Of what the gate answers itself; 0 where the server answers.
  std::uint16_t status() const;
  // Of Verdict::respond.
  std::string body();
  // Of Verdict::forward: what each server of the upstream would be asked, in their order.
  struct Asked {
    const policy::Server* server = nullptr;
    std::string url;  // its origin and the path and query that are sent
    std::string host;
  };
  const std::vector<Asked>& asked() const { return asked_; }
  const policy::Upstream* upstream() const {
    return forwarded() ? admission_.match.route->forward()->upstream : nullptr;
  }
  // As the client would see it, where the server answers with this Location.
  std::string location_seen(std::string_view location, const policy::Server& server);

 private:
  // The place where the request arrives.
  struct Arrival {
    const proxy::Entry* entry = nullptr;
    const proxy::Listen* listen = nullptr;
    bool other_port = false;  // nothing listens on the URL's port: it is supposed to be mapped to this one
  };
  DryRun() : request_(arena_), variables_(request_, admission_) {}
  static std::optional<Arrival> find_listen(const proxy::Snapshot& snapshot, bool tls, std::uint16_t port,
                                            std::string_view authority);
  void read_and_admit(const proxy::Snapshot& snapshot);
  void map_forwarded(const proxy::AdmissionContext& context);
  void refuse(const Error& error);

  Arena arena_;
  std::string octets_;  // the request as it would arrive
  std::string peer_text_;
  std::string_view own_via_;
  Arrival listen_;
  policy::Hop hop_;
  http::RequestHead request_;
  proxy::Admission admission_;
  DryVariables variables_;
  std::string access_text_;
  std::vector<Asked> asked_;
};

}  // namespace sp::app
