#include "app/explanation.h"

#include <fmt/format.h>

#include "app/explanation_forward.h"
#include "app/proxy_steps.h"

namespace sp::app {
namespace {

using policy::Route;
using proxy::Verdict;

Step listener_step(const DryRun& run) {
  Step step{"listener", fmt::format("{} ({})", run.entry().name, run.listen().text),
            policy::file_and_line(run.entry().config->place)};
  if (run.other_port())
    step.text += "; nothing listens on the port of the URL, so it is taken for one that is mapped to this";
  return step;
}

Step client_step(const DryRun& run) {
  const policy::ClientView& client = run.admission().client;
  if (client.address_text.empty()) return {"client", std::string(run.hop().peer_text), ""};
  std::string text = fmt::format("{} over {}", client.address_text, client.scheme);
  if (run.hop().trusted) {
    text += fmt::format("; {} is one of trusted_proxies: what it forwards about the client is believed",
                        run.hop().peer_text);
  } else {
    text += "; not one of trusted_proxies: forwarded fields that it sends are replaced";
  }
  return {"client", std::move(text), ""};
}

Step path_step(const DryRun& run) {
  std::string_view path = run.admission().path, sent = run.request().path;
  if (path == sent) return {"path", std::string(path), ""};
  return {"path", fmt::format("{} (sent as {})", path, sent), ""};
}

void add_match(const DryRun& run, std::vector<Step>& steps) {
  const policy::RouteMatch& match = run.admission().match;
  if (match.site == nullptr) return;
  steps.push_back({"site", fmt::format("{}", fmt::join(match.site->hosts, ", ")), match.site->place_text});
  if (match.route != nullptr) steps.push_back({"route", match.route->label(), match.route->place_text});
}

void add_access(const DryRun& run, std::vector<Step>& steps) {
  const Route* route = run.admission().match.route;
  if (route == nullptr || run.admission().verdict == Verdict::to_https) return;
  steps.push_back({"access", run.access_text(), ""});
}

void add_refusal(const DryRun& run, std::vector<Step>& steps) {
  const proxy::Admission& admission = run.admission();
  const CodeInfo& row = info(admission.error.code);
  std::string text = fmt::format("{} {}: {}", row.status, row.name, row.what);
  // The access step has said it already.
  if (!admission.detail.empty() && admission.error.code != Code::denied) text += fmt::format(" ({})", admission.detail);
  steps.push_back({"refused", std::move(text), ""});
  if (!row.remedy.empty()) steps.push_back({"remedy", std::string(row.remedy), ""});
}

void add_answer(DryRun& run, std::vector<Step>& steps) {
  const proxy::Admission& admission = run.admission();
  std::string place = admission.match.route != nullptr ? admission.match.route->place_text : "";
  switch (admission.verdict) {
    case Verdict::to_https:
      steps.push_back({"https",
                       fmt::format("{} to {}: the site has a certificate, and http is not served where https is",
                                   admission.status, admission.location),
                       admission.match.site->place_text});
      return;
    case Verdict::redirect:
      steps.push_back({"redirect", fmt::format("{} to {}", admission.status, admission.location), place});
      return;
    case Verdict::respond:
      steps.push_back({"respond", fmt::format("{} by the gate: {}", admission.status, shortened(run.body())), place});
      return;
    case Verdict::answer:
      steps.push_back({"answer", fmt::format("{} by the gate: OPTIONS that ends here", admission.status), ""});
      return;
    case Verdict::image:  // image_explanation.h
    case Verdict::refuse:
    case Verdict::forward: return;
  }
}

}  // namespace

std::string_view outcome(const DryRun& run) {
  switch (run.admission().verdict) {
    case Verdict::refuse: return "refuse";
    case Verdict::answer:
    case Verdict::image:
    case Verdict::respond: return "respond";
    case Verdict::to_https:
    case Verdict::redirect: return "redirect";
    case Verdict::forward: return "forward";
  }
  return "refuse";
}

std::vector<std::pair<std::string, std::string>> fields_for_server(const DryRun& run) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (!run.forwarded()) return fields;
  fields.emplace_back("Host", run.asked().front().host);
  for (const http::Field& field : run.request().fields) fields.emplace_back(field.name, field.value);
  return fields;
}

std::vector<Step> explain(DryRun& run) {
  std::vector<Step> steps{listener_step(run)};
  add_accepted(run.entry(), run.hop().peer, steps);
  steps.push_back(client_step(run));
  if (!run.request().path.empty()) steps.push_back(path_step(run));
  add_match(run, steps);
  add_access(run, steps);
  if (run.refused()) {
    add_refusal(run, steps);
  } else if (run.forwarded()) {
    add_forwarding(run, steps);
  } else {
    add_answer(run, steps);
  }
  return steps;
}

}  // namespace sp::app
