#include "app/demo/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "http/html.h"

namespace sp::app::demo {
namespace {

constexpr std::string_view browser_page = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Behind the gate</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44em;margin:3em auto;padding:0 1em}pre{background:#f4f4f4;padding:1em;overflow:auto}</style>
</head><body><h1>Behind the gate</h1>
<p>This is the request as it arrived at the origin:</p><pre>@REQUEST@</pre>
<p>A WebSocket through the gate: <input id="say" value="hello"> <button id="send">send</button></p><pre id="heard"></pre>
<script>
const heard = document.getElementById("heard");
const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/ws");
socket.onmessage = event => { heard.textContent += event.data + "\n"; };
socket.onclose = () => { heard.textContent += "(closed)\n"; };
document.getElementById("send").onclick = () => socket.send(document.getElementById("say").value);
</script></body></html>
)";

constexpr int longest_delay = 60'000;

std::string as_text(const http::RequestHead& request, std::size_t content) {
  std::string text = fmt::format("{} {}{}{} HTTP/{}\n", request.method_text, request.path, request.has_query ? "?" : "",
                                 request.query, http::text(request.version));
  text += fmt::format("Host: {}\n", request.authority);
  for (const http::Field& field : request.fields) text += fmt::format("{}: {}\n", field.name, field.value);
  if (content != 0) text += fmt::format("\n({} octets of content)\n", content);
  return text;
}

std::chrono::milliseconds delay_of(std::string_view query) {
  int milliseconds = 1000;
  if (query.starts_with("ms=")) std::from_chars(query.data() + 3, query.data() + query.size(), milliseconds);
  return std::chrono::milliseconds(std::clamp(milliseconds, 0, longest_delay));
}

Page redirect(const http::RequestHead& request, std::string_view own_authority) {
  std::string folder(request.path.substr(0, request.path.rfind('/')));
  Page page{.status = 302};
  page.fields.emplace_back("Location", fmt::format("http://{}{}/landed", own_authority, folder));
  page.content = "The origin sends you on, in its own name.\n";
  return page;
}

}  // namespace

Page page_for(const http::RequestHead& request, std::string_view content, std::string_view own_authority) {
  std::string_view path = request.path;
  if (path.ends_with("/echo")) return {.content_type = "application/octet-stream", .content = std::string(content)};
  if (path.ends_with("/redirect")) return redirect(request, own_authority);
  Page page{.content = as_text(request, content.size())};
  if (path.ends_with("/slow")) page.delay = delay_of(request.query);
  const http::Field* accept = request.fields.find(http::FieldId::accept);
  if (path == "/" && accept != nullptr && accept->value.find("text/html") != std::string_view::npos) {
    page.content_type = "text/html; charset=utf-8";
    std::string html(browser_page);
    std::string_view mark = "@REQUEST@";
    page.content = html.replace(html.find(mark), mark.size(), http::escaped_html(page.content));
  }
  return page;
}

}  // namespace sp::app::demo
