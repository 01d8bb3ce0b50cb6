#include "app/image_explanation.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/dry_outbound.h"
#include "app/outbound_explanation.h"
#include "config/image_proxy.h"
#include "policy/signed_url.h"
#include "proxy/image/answer.h"

namespace sp::app {
namespace {

// As the way out is asked for it; else why it is not.
std::expected<std::string, std::string> image_url(const DryRun& run) {
  const http::Method method = run.request().method;
  if (method != http::Method::get && method != http::Method::head)
    return std::unexpected("refused as image_method: images are asked for by GET and HEAD");
  const auto url = proxy::signed_url_of(run.admission(), run.request());
  if (!url) return std::unexpected(fmt::format("refused as image_url_signature: {}", policy::text(url.error())));
  const auto fetched = policy::fetchable_url(*url);
  if (!fetched) return std::unexpected("refused as image_url_malformed: what was signed leads nowhere");
  return fetched->text();
}

// Who asks, and that the gate does so itself, has been said by then.
bool is_about_who(const Step& step) { return step.topic == "client" || step.topic == "user"; }

}  // namespace

std::vector<Step> explain_image(const DryRun& run, const proxy::Snapshot& snapshot, const CommandWorld& world) {
  if (run.admission().verdict != proxy::Verdict::image) return {};
  const policy::Route& route = *run.admission().match.route;
  const auto url = image_url(run);
  if (!url) return {{"image", url.error(), route.place_text}};
  const std::size_t number = std::get<policy::ImageTarget>(route.target).outbound;
  const std::string& entry = snapshot.config.outbound[number].name;
  std::vector<Step> steps{{"image",
                           fmt::format("of {}, which the gate fetches as the user {}, by the rules of `{}`", *url,
                                       config::image_proxy_user, entry),
                           route.place_text}};
  OutboundQuestion question;
  question.target = *url;
  question.user = config::image_proxy_user;
  question.entry = entry;
  question.now = std::chrono::floor<std::chrono::seconds>(world.now);
  question.resolve = world.resolve;
  const auto judged = DryOutbound::decide(snapshot, question);
  if (!judged) return steps;
  std::ranges::remove_copy_if(explain(**judged), std::back_inserter(steps), is_about_who);
  return steps;
}

}  // namespace sp::app
