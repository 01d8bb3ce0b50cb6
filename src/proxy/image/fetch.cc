#include "proxy/image/fetch.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "codec/image/facts.h"
#include "codec/image/svg.h"
#include "config/image_proxy.h"
#include "policy/path.h"
#include "policy/signed_url.h"
#include "proxy/forward.h"
#include "proxy/outbound/share_steps.h"
#include "proxy/outbound/steps.h"
#include "proxy/scan/scan.h"
#include "proxy/worker.h"

namespace sp::proxy {

using namespace std::chrono_literals;
using runtime::Task;

namespace {

constexpr runtime::Duration longest_fetch = 10s;
// Of images that are fetched or sent, besides those that are kept.
constexpr std::uint64_t most_moving = std::uint64_t{128} << 20;
// Larger drawings are rather an attempt to keep somebody busy.
constexpr std::size_t most_svg = std::size_t{1} << 20;
// Of an animation, all frames together may have so many times the pixels of one.
constexpr std::uint64_t most_frames_full = 16;

const Entry& entry_of(const Exchange& exchange, const policy::ImageTarget& target) {
  const Snapshot& snapshot = exchange.client.snapshot();
  return snapshot.entries[snapshot.policy->inbounds.size() + target.outbound];
}

// All hops together.
class Deadline {
 public:
  explicit Deadline(Exchange& exchange) : source_(exchange.scope.token()) {
    exchange.worker.loop().timers().arm(timer_, exchange.worker.loop().now() + longest_fetch);
  }
  runtime::CancelToken& token() { return source_; }
  bool passed() const { return source_.why() == Code::image_timeout; }

 private:
  static void fired(void* self) { static_cast<Deadline*>(self)->source_.cancel(Code::image_timeout); }
  runtime::CancelSource source_;
  runtime::Timer timer_{&Deadline::fired, this};
};

// The gate as a client of its own way out: what an exchange there needs of one.
struct Hop {
  Hop(Exchange& asked, const policy::ImageTarget& target, runtime::CancelToken& token)
      : exchange(asked.worker, client, asked.arena, token) {
    client.contexts = asked.client.contexts;
    client.entry = &entry_of(asked, target);
    client.listen = &client.entry->listens.front();
    client.peer = {IpAddress::loopback4(), 0};
    client.peer_text = client.peer.address.text();
  }
  ClientConnection client;
  Exchange exchange;
};

// What came of one request.
struct Answer {
  std::string location;  // of a redirect; else empty
  std::shared_ptr<Image> image;
};

std::unexpected<Error> give_up(Exchange& exchange, Code code, std::string_view detail = {}) {
  exchange.fail_with({.code = code, .side = Side::upstream, .where = "image_proxy"}, detail);
  return fail(exchange.failure.error);
}

// ---- the question

void write_request(Exchange& exchange, const http::Url& url) {
  http::RequestHead& request = exchange.request;
  request.method = http::Method::get;
  request.method_text = "GET";
  request.scheme = url.scheme == "https" ? "https" : "http";
  request.authority = exchange.arena.copy(url.authority());
  request.path = policy::has_dot_segments(url.path) ? exchange.outbound->request.path : exchange.arena.copy(url.path);
  request.query = exchange.arena.copy(url.query);
  request.has_query = url.has_query;
  request.fields.add(http::FieldId::accept, "image/*");
  request.fields.add("Accept-Encoding", "identity");
  request.fields.add(http::FieldId::user_agent, "Sallyport-Image-Proxy");
  if (exchange.outbound->entry.via)
    request.fields.add(http::FieldId::via, exchange.arena.concat({"1.1 ", exchange.client.snapshot().via}));
}

// Connections are not shared with those of users, nor beyond a configuration.
void turn_to_site(Exchange& exchange, const http::Url& url) {
  OutboundUse& use = *exchange.outbound;
  fmt::memory_buffer scope;
  fmt::format_to(std::back_inserter(scope), "images {} {}", exchange.client.snapshot().generation,
                 exchange.client.entry->number);
  Destinations& all = exchange.worker.destinations();
  const std::string_view text(scope.data(), scope.size());
  if (use.asks_parent()) {
    use.credentials = use.way.proxy->authorization;
    use.destination = all.parent(text, *use.way.proxy);
  } else if (url.scheme == "https") {
    use.destination = all.https(text, use.host, use.request.port);
  } else {
    use.destination = all.http(text, use.host, use.request.port);
  }
}

// ---- the answer

bool is_redirect(std::uint16_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_encoded(const http::Fields& fields) {
  const http::Field* encoding = fields.find(http::FieldId::content_encoding);
  return encoding != nullptr && !http::iequals(encoding->value, "identity");
}

Task<Result<void>> read_content(Exchange& exchange, const policy::ImageTarget& target, Image& image) {
  const http::ResponseHead& head = exchange.response.head;
  if (head.content_length.value_or(0) > target.max_size) co_return give_up(exchange, Code::image_too_large);
  const std::uint64_t most = target.cache + most_moving;
  BodySource* body = exchange.response.body;
  while (body != nullptr && !body->complete()) {
    SP_TRY(const ByteView piece, co_await body->read());
    if (piece.size() > target.max_size - image.octets.size()) co_return give_up(exchange, Code::image_too_large);
    if (!image.held.grow(piece.size(), most)) co_return give_up(exchange, Code::image_memory);
    image.octets += piece;
  }
  image.octets.shrink_to_fit();
  co_return Result<void>{};
}

Result<void> judge_svg(Exchange& exchange, const Image& image) {
  if (image.octets.size() > most_svg) return give_up(exchange, Code::image_too_large, "an SVG of more than 1 MiB");
  if (const auto fault = codec::image::svg_fault(image.octets))
    return give_up(exchange, Code::image_svg_refused, *fault);
  return {};
}

Result<void> judge_content(Exchange& exchange, const policy::ImageTarget& target, Image& image) {
  const auto facts = codec::image::read_facts(image.octets);
  if (!facts) return give_up(exchange, Code::image_not_an_image);
  image.media_type = codec::image::media_type(facts->format);
  if (facts->format == codec::image::Format::svg) return judge_svg(exchange, image);
  const bool too_many =
      facts->frame_pixels > target.max_pixels || facts->all_pixels / most_frames_full > target.max_pixels;
  return too_many ? give_up(exchange, Code::image_too_many_pixels) : Result<void>{};
}

Task<Result<Answer>> read_answer(Exchange& exchange, const policy::ImageTarget& target) {
  const http::ResponseHead& head = exchange.response.head;
  Answer answer;
  if (is_redirect(head.status)) {
    const http::Field* location = head.fields.find(http::FieldId::location);
    if (location == nullptr || head.fields.count(http::FieldId::location) != 1)
      co_return give_up(exchange, Code::image_redirect, "a redirect without one Location");
    answer.location = location->value;
    co_return answer;
  }
  if (head.status != 200) co_return give_up(exchange, Code::image_not_there, fmt::format("status {}", head.status));
  if (is_encoded(head.fields)) co_return give_up(exchange, Code::image_not_an_image, "it has a Content-Encoding");
  answer.image = std::make_shared<Image>(exchange.worker.images().memory());
  SP_CHECK(co_await read_content(exchange, target, *answer.image));
  SP_CHECK(judge_content(exchange, target, *answer.image));
  answer.image->lifetime = policy::image_lifetime(head.fields);
  answer.image->fetched = exchange.worker.loop().now();
  answer.image->from = exchange.outbound->destination;
  co_return answer;
}

// ---- one after the other

Task<Result<Answer>> ask(Exchange& exchange, const policy::ImageTarget& target, const http::Url& url) {
  SP_CHECK(wish_for_image(exchange, target, url));
  SP_CHECK(permit(exchange));
  SP_CHECK(take_share(exchange));
  SP_CHECK(co_await judge_for_parent(exchange));
  write_request(exchange, url);
  turn_to_site(exchange, url);
  auto forwarded = co_await forward_scanned(exchange);
  if (!forwarded && forwarded.error().code == Code::destination_address_refused) co_return refuse_destination(exchange);
  if (!forwarded) co_return fail(forwarded.error());
  if (exchange.outbound->asks_parent() && exchange.response.head.status == 407)
    co_return refused_by_parent(exchange, *exchange.outbound->way.proxy, exchange.response.head);
  count_response(exchange);
  auto answer = co_await read_answer(exchange, target);
  if (!answer && !exchange.failure.failed()) exchange.fail_with(answer.error(), "reading the image");
  co_return answer;
}

// For the log: the way of the last hop is that of the exchange.
void note_way(Exchange& hop, Exchange& exchange) {
  exchange.upstream = hop.upstream;
  exchange.server = hop.server;
  exchange.server_address = hop.server_address;
  exchange.attempts += hop.attempts;
  exchange.reused_connection = hop.reused_connection;
  exchange.times.connecting = hop.times.connecting;
  exchange.times.connected = hop.times.connected;
  exchange.times.first_byte = hop.times.first_byte;
  exchange.failure = hop.failure;
  const OutboundUse& from = *hop.outbound;
  OutboundUse& use = *exchange.outbound;
  use.host = from.host;
  use.request = from.request;
  use.decision = from.decision;
  use.judged = from.judged;
  use.would_refuse = from.would_refuse;
  use.way = from.way;
  use.parent_status = from.parent_status;
  use.scan = from.scan;
  use.retry_after = from.retry_after;
  use.destination = from.destination;  // whose server is named
}

Task<Result<Answer>> make_hop(Exchange& exchange, const policy::ImageTarget& target, const http::Url& url,
                              Deadline& deadline) {
  auto hop = std::make_unique<Hop>(exchange, target, deadline.token());
  auto answer = co_await ask(hop->exchange, target, url);
  co_await leave_upstream(hop->exchange);
  if (!answer && deadline.passed()) answer = give_up(hop->exchange, Code::image_timeout);
  note_way(hop->exchange, exchange);
  co_return answer;
}

}  // namespace

Result<void> wish_for_image(Exchange& exchange, const policy::ImageTarget& target, const http::Url& url) {
  exchange.outbound = std::make_unique<OutboundUse>(*entry_of(exchange, target).outbound);
  OutboundUse& use = *exchange.outbound;
  use.user = config::image_proxy_user;
  const auto kind =
      url.scheme == "https" ? policy::OutboundRequest::Kind::inspected : policy::OutboundRequest::Kind::plain;
  auto headed = head_for(exchange, exchange.arena.copy(url.host), url.effective_port(), kind);
  if (!headed) return headed;
  const auto path = policy::normalize_path(exchange.arena.copy(url.path), exchange.arena);
  if (!path) return give_up(exchange, Code::image_url_malformed, path.error().where);
  use.request.client = IpAddress::loopback4();
  use.request.method = "GET";
  use.request.path = path->text;
  return {};
}

Task<Result<ImagePtr>> fetch_image(Exchange& exchange, const policy::ImageTarget& target, http::Url url) {
  Deadline deadline(exchange);
  for (std::uint32_t redirects = 0;; ++redirects) {
    SP_TRY(Answer answer, co_await make_hop(exchange, target, url, deadline));
    if (answer.image != nullptr) co_return ImagePtr(std::move(answer.image));
    if (redirects == target.max_redirects) co_return give_up(exchange, Code::image_redirect, "too many of them");
    auto next = policy::redirected_url(url, answer.location);
    if (!next) co_return give_up(exchange, Code::image_redirect, "it leads to no URL that can be fetched");
    url = *std::move(next);
  }
}

}  // namespace sp::proxy
