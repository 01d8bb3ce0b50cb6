#include "proxy/image/answer.h"

#include <fmt/format.h>

#include <chrono>

#include "policy/signed_url.h"
#include "proxy/finish_fields.h"
#include "proxy/image/fetch.h"
#include "proxy/local_response.h"
#include "proxy/outbound/steps.h"
#include "proxy/worker.h"

namespace sp::proxy {

using namespace std::chrono_literals;
using policy::ImageTarget;
using runtime::Task;

namespace {

// Somebody else's fetch ends before that.
constexpr runtime::Duration longest_wait = 15s;

// What stands behind the path of the route.
std::string_view behind_route(const Admission& admission) {
  std::string_view rest = admission.path;
  rest.remove_prefix(std::min(admission.match.route->pattern.size(), rest.size()));
  if (rest.starts_with('/')) rest.remove_prefix(1);
  return rest;
}

Result<http::Url> read_url(Exchange& exchange) {
  const http::RequestHead& request = exchange.request;
  if (request.method != http::Method::get && request.method != http::Method::head)
    return refuse(exchange, Code::image_method);
  const auto url = signed_url_of(exchange.admission, request);
  if (!url) return refuse(exchange, Code::image_url_signature, policy::text(url.error()));
  auto fetchable = policy::fetchable_url(*url);
  if (!fetchable) return refuse(exchange, Code::image_url_malformed, exchange.arena.copy(*url));
  return *std::move(fetchable);
}

// One image under one set of rules and limits; a reload may have changed them.
std::string key_of(const Exchange& exchange, const ImageTarget& target, const http::Url& url) {
  return fmt::format("{} {} {} {} {} {}", exchange.client.snapshot().generation, target.outbound, target.max_size,
                     target.max_pixels, target.max_redirects, url.text());
}

ImageStore::Outcome outcome_of(const Exchange& exchange, const Result<ImagePtr>& fetched) {
  if (fetched) return {.error = {.code = Code::ok}, .detail = {}, .image = *fetched};
  return {.error = fetched.error(), .detail = std::string(exchange.failure.detail), .image = nullptr};
}

Task<Result<ImagePtr>> fetch_for_all(Exchange& exchange, const ImageTarget& target, const http::Url& url,
                                     std::string_view key) {
  ImageStore& store = exchange.worker.images();
  ImageStore::Fetching fetching(store, key);
  auto fetched = co_await fetch_image(exchange, target, url);
  // Who leaves leaves it to the next one.
  if (exchange.scope.token().cancelled()) co_return fetched;
  fetching.done(outcome_of(exchange, fetched));
  if (fetched) store.keep(key, *fetched, target.cache);
  co_return fetched;
}

// Kept, fetched by somebody else, or fetched.
Task<Result<ImagePtr>> obtain_image(Exchange& exchange, const ImageTarget& target, const http::Url& url) {
  ImageStore& store = exchange.worker.images();
  const std::string key = key_of(exchange, target, url);
  const runtime::TimePoint deadline = exchange.worker.loop().now() + longest_wait;
  for (;;) {
    if (auto kept = store.find(key, exchange.worker.loop().now())) co_return kept;
    const auto fetch = store.being_fetched(key);
    if (fetch == nullptr) break;
    auto waited = co_await wait_for(*fetch, deadline, exchange.scope.token());
    if (!waited && waited.error().code == Code::timeout) co_return refuse(exchange, Code::image_timeout);
    if (!waited) co_return fail(waited.error());
    if (!fetch->outcome) continue;
    if (fetch->outcome->image != nullptr) co_return fetch->outcome->image;
    exchange.fail_with(fetch->outcome->error, fetch->outcome->detail);
    co_return fail(fetch->outcome->error);
  }
  auto fetched = co_await fetch_for_all(exchange, target, url, key);
  co_return fetched;
}

void respond(Exchange& exchange, ImagePtr image) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(exchange.worker.loop().now() - image->fetched);
  exchange.response = text_response(exchange, 200, image->media_type, image->octets);
  http::Fields& fields = exchange.response.head.fields;
  fields.add(http::FieldId::cache_control, exchange.arena.copy(image->lifetime.cache_control(age)));
  add_image_defences(fields);
  exchange.upstream = &image->from->upstream;
  exchange.server = &exchange.upstream->servers.front();
  exchange.local_body.keep(std::move(image));
  finish_fields(exchange, exchange.response);
}

}  // namespace

std::expected<std::string, policy::SignedUrlFault> signed_url_of(const Admission& admission,
                                                                 const http::RequestHead& request) {
  const auto& target = std::get<ImageTarget>(admission.match.route->target);
  return policy::read_signed_url(behind_route(admission), request.query, target.key);
}

void add_image_defences(http::Fields& fields) {
  fields.add("X-Content-Type-Options", "nosniff");
  fields.add("X-Frame-Options", "deny");
  fields.add("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox");
}

Task<Result<void>> answer_image(Exchange& exchange) {
  const auto& target = std::get<ImageTarget>(exchange.route()->target);
  SP_TRY(const http::Url url, read_url(exchange));
  // Also of what is kept: rules have days and hours.
  SP_CHECK(wish_for_image(exchange, target, url));
  SP_CHECK(permit(exchange));
  SP_TRY(ImagePtr image, co_await obtain_image(exchange, target, url));
  respond(exchange, std::move(image));
  co_return Result<void>{};
}

}  // namespace sp::proxy
