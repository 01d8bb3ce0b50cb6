// Reading and writing heads, as h1-small has them.
#include <benchmark/benchmark.h>

#include <string>

#include "codec/h1/request_reader.h"
#include "codec/h1/response_reader.h"
#include "codec/h1/writer.h"

namespace sp::codec::h1 {
namespace {

constexpr std::string_view request_text =
    "GET /sympa/lists?order=name HTTP/1.1\r\nHost: lists.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nCookie: session=4f1c2a9b7d; theme=dark\r\n\r\n";
constexpr std::string_view response_text =
    "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\n"
    "Content-Type: text/html; charset=utf-8\r\nCache-Control: private, max-age=0\r\nETag: \"5f2b-61c3a0\"\r\n"
    "Content-Length: 1024\r\n\r\n";

// A request with so many fields more, for what one of them costs.
std::string request_with(std::int64_t fields) {
  std::string text(request_text.substr(0, request_text.size() - 2));
  for (std::int64_t i = 0; i < fields; ++i) text += "X-Field-" + std::to_string(i) + ": some value of usual length\r\n";
  return text + "\r\n";
}

void read_request(benchmark::State& state) {
  const std::string text = request_with(state.range(0));
  Arena arena;
  RequestReader reader(Limits{});
  for (auto _ : state) {
    arena.reset();
    http::RequestHead head(arena);
    Persistence persistence{};
    const auto octets = reader.read(text, head, persistence);
    if (!octets || *octets != text.size()) return state.SkipWithError("the head was not read");
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(read_request)->Arg(0)->Arg(16)->Arg(64);

void read_response(benchmark::State& state) {
  Arena arena;
  ResponseReader reader(Limits{});
  for (auto _ : state) {
    arena.reset();
    http::ResponseHead head(arena);
    Persistence persistence{};
    const auto octets = reader.read(response_text, http::Method::get, head, persistence);
    if (!octets || *octets != response_text.size()) return state.SkipWithError("the head was not read");
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(response_text.size()) * state.iterations());
}
BENCHMARK(read_response);

void write_request(benchmark::State& state) {
  const std::string text = request_with(state.range(0));
  Arena arena;
  http::RequestHead head(arena);
  Persistence persistence{};
  if (!RequestReader(Limits{}).read(text, head, persistence)) return state.SkipWithError("the head was not read");
  std::string room(65536, '\0');
  for (auto _ : state) {
    OutBuffer out(room);
    const auto written = write_request_head(head, {.target = "/sympa/lists?order=name", .host = {}}, out);
    if (!written) return state.SkipWithError("the head was not written");
    benchmark::DoNotOptimize(room.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(write_request)->Arg(0)->Arg(16)->Arg(64);

void write_response(benchmark::State& state) {
  Arena arena;
  http::ResponseHead head(arena);
  Persistence persistence{};
  if (!ResponseReader(Limits{}).read(response_text, http::Method::get, head, persistence)) {
    return state.SkipWithError("the head was not read");
  }
  std::string room(65536, '\0');
  for (auto _ : state) {
    OutBuffer out(room);
    const auto written = write_response_head(head, ResponseContext{}, out);
    if (!written) return state.SkipWithError("the head was not written");
    benchmark::DoNotOptimize(room.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(response_text.size()) * state.iterations());
}
BENCHMARK(write_response);

}  // namespace
}  // namespace sp::codec::h1
