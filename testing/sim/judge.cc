#include "testing/sim/judge.h"

#include <string>

#include "testing/sim/words.h"

namespace sp::testing {
namespace {

std::string_view name_of(Speaks version) { return version == Speaks::http2 ? "h2" : "h1"; }

}  // namespace

bool judge_response(Story& story, Speaks client, unsigned status, const Heard& response) {
  const auto [number, content, whole] = response;
  if (status != 200) {
    story.note("client got " + std::to_string(status) + " for " + std::to_string(number));
    if (story.calm && !story.declined.contains(number)) story.fault("for no reason no 200 to", number);
    return whole;
  }
  if (!content.empty() && is_of(nobodys_number, "server", content) && story.surplus-- > 0) return false;
  if (!is_of(number, "server", content)) {
    story.fault("another's octets (" + std::string(content.substr(0, 40)) + ") in the response to", number);
  }
  if (whole && !content.ends_with(";")) story.fault("a truncated response looked whole to", number);
  if (story.calm && !whole) story.fault("for no reason half a response to", number);
  if (!whole) return false;
  story.answers.insert(number);
  story.count(std::string("answer from ") + std::string(name_of(story.served_by[number])) + " to " +
              std::string(name_of(client)));
  return true;
}

void judge_trailers(Story& story, bool sent, bool came, std::uint32_t number) {
  if (sent != came) story.fault(sent ? "trailers were lost of" : "trailers that nobody sent with", number);
  if (came) story.count("trailers over h2");
}

void judge_silence(Story& story, std::uint32_t number) {
  if (story.calm) story.fault("for no reason no response to", number);
}

void judge_arrival(Story& story, Speaks server, std::uint32_t number, bool post) {
  if (++story.seen[number] > 1 && post) story.fault("a POST was sent twice:", number);
  story.served_by[number] = server;
  story.response_trailers.erase(number);
  story.note(std::string(name_of(server)) + " server saw " + std::to_string(number));
}

void judge_request(Story& story, bool post, const Heard& request) {
  const auto [number, content, whole] = request;
  if (!is_of(number, "client", content))
    story.fault("another's octets (" + std::string(content.substr(0, 40)) + ", " + std::to_string(content.size()) +
                    ") in the content of request",
                number);
  if (post && whole && !content.ends_with(";")) story.fault("a truncated request looked whole:", number);
}

void judge_tunnel(Story& story, TunnelEnd end, const Heard& octets) {
  const auto [number, content, clean] = octets;
  const std::string where = " at the " + std::string(end.listens) + " of tunnel";
  if (!is_of(number, end.speaks, content)) story.fault("another's octets" + where, number);
  const bool whole = clean && content.ends_with(";");
  if (clean && !whole && story.must_be_whole(number)) story.fault("what was cut looks ended" + where, number);
  if (story.calm && !whole)
    story.fault("for no reason not all came (" + std::to_string(content.size()) + (clean ? ", clean)" : ")") + where,
                number);
  if (whole) story.count("tunnel whole" + where);
}

}  // namespace sp::testing
