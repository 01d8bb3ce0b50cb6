// Requests of RFC 9112 and RFC 9110, good and bad, and of the attacks that parsers have fallen for. Every row runs
// whole, octet by octet and in random pieces; heads that are read are written and read again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/h1/rows_for_tests.h"
#include "codec/h1/writer.h"

namespace sp::codec::h1 {
namespace {

using rows::Row;
using namespace std::string_literals;

struct Pair {
  std::string sent;
  std::string expected;
};

// Request lines, sent with "Host: a" behind them.
const std::vector<Pair> request_lines{
    {"GET / HTTP/1.1", "GET / @a 1.1 none keep"},
    {"GET / HTTP/1.0", "GET / @a 1.0 none close"},
    {"GET / HTTP/1.2", "GET / @a 1.1 none keep"},
    {"GET / HTTP/1.9", "GET / @a 1.1 none keep"},
    {"get / HTTP/1.1", "get / @a 1.1 none keep"},
    {"M-SEARCH / HTTP/1.1", "M-SEARCH / @a 1.1 none keep"},
    {"!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", "!#$%&'*+-.^_`|~09azAZ / @a 1.1 none keep"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / @a 1.1 none keep"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1", "bad_method"},
    {"G(T / HTTP/1.1", "bad_method"},
    {"GET: / HTTP/1.1", "bad_method"},
    {"G\xc3\x89T / HTTP/1.1", "bad_method"},
    {"GET\t/ HTTP/1.1", "bad_method"},
    {" GET / HTTP/1.1", "bad_method"},
    {"GET /\tHTTP/1.1", "bad_request_line"},
    {"GET  / HTTP/1.1", "bad_request_line"},
    {"GET /  HTTP/1.1", "bad_request_line"},
    {"GET / HTTP/1.1 ", "bad_request_line"},
    {"GET / HTTP/1.1\t", "bad_request_line"},
    {"GET /a b HTTP/1.1", "bad_request_line"},
    {"GET / x HTTP/1.1", "bad_request_line"},
    {"GET", "bad_request_line"},
    {"GET ", "bad_request_line"},
    {"GET /", "bad_request_line"},
    {"GET / ", "bad_request_line"},
    {"GET /a/long/enough/path", "bad_request_line"},
    {"GET HTTP/1.1", "bad_request_line"},
    {"GET  HTTP/1.1", "bad_request_line"},
    {"GET / http/1.1", "bad_request_line"},
    {"GET / HTTP/1.1x", "bad_request_line"},
    {"GET / HTTP/11", "bad_request_line"},
    {"GET / HTTP/1.", "bad_request_line"},
    {"GET / HTTP/1.10", "bad_request_line"},
    {"GET / HTTP/01.1", "bad_request_line"},
    {"GET / HTTP/1,1", "bad_request_line"},
    {"GET / HTTP 1.1", "bad_request_line"},
    {"GET / HTTQ/1.1", "bad_request_line"},
    {"GET / HTTP/a.1", "bad_request_line"},
    {"GET / HTTP/1.a", "bad_request_line"},
    {"GET / HTTP/0.9", "bad_version"},
    {"GET / HTTP/2.0", "bad_version"},
    {"GET / HTTP/3.0", "bad_version"},
    {"GET / HTTP/9.9", "bad_version"},
    {"PRI * HTTP/2.0", "bad_version"},
    // origin-form
    {"GET /a/b/c?d=e&f=g HTTP/1.1", "GET /a/b/c?d=e&f=g @a 1.1 none keep"},
    {"GET /? HTTP/1.1", "GET /? @a 1.1 none keep"},
    {"GET /?? HTTP/1.1", "GET /?? @a 1.1 none keep"},
    {"GET /a?b?c/d HTTP/1.1", "GET /a?b?c/d @a 1.1 none keep"},
    {"GET //a HTTP/1.1", "GET //a @a 1.1 none keep"},
    {"GET /../a/./b HTTP/1.1", "GET /../a/./b @a 1.1 none keep"},
    {"GET /%2e%2E%2F HTTP/1.1", "GET /%2e%2E%2F @a 1.1 none keep"},
    {"GET /a%20b?c%3Dd HTTP/1.1", "GET /a%20b?c%3Dd @a 1.1 none keep"},
    {"GET /\"<>\\^`{|} HTTP/1.1", "GET /\"<>\\^`{|} @a 1.1 none keep"},
    {"GET /-._~!$&'()*+,;=:@ HTTP/1.1", "GET /-._~!$&'()*+,;=:@ @a 1.1 none keep"},
    {"GET /http://b/ HTTP/1.1", "GET /http://b/ @a 1.1 none keep"},
    {"GET /a/path/that/is/longer/than/one/vector?and=a&query=that%20is,&too=1 HTTP/1.1",
     "GET /a/path/that/is/longer/than/one/vector?and=a&query=that%20is,&too=1 @a 1.1 none keep"},
    {"GET /a#b HTTP/1.1", "bad_target"},
    {"GET /?a#b HTTP/1.1", "bad_target"},
    {"GET /# HTTP/1.1", "bad_target"},
    {"GET /a/path/that/is/longer/than/one/vector?and=a#fragment HTTP/1.1", "bad_target"},
    {"GET /% HTTP/1.1", "bad_target"},
    {"GET /%2 HTTP/1.1", "bad_target"},
    {"GET /%2g HTTP/1.1", "bad_target"},
    {"GET /%%41 HTTP/1.1", "bad_target"},
    {"GET /%u0041 HTTP/1.1", "bad_target"},
    {"GET /a?b=% HTTP/1.1", "bad_target"},
    {"GET /a?b=%4 HTTP/1.1", "bad_target"},
    {"GET /\xc3\xa9 HTTP/1.1", "bad_target"},
    {"GET /?\xff HTTP/1.1", "bad_target"},
    {"GET /a\tb HTTP/1.1", "bad_target"},
    {"GET /a/path/that/is/longer/than/one/vector/\x80 HTTP/1.1", "bad_target"},
    {"GET a HTTP/1.1", "bad_target"},
    {"GET ?a HTTP/1.1", "bad_target"},
    {"GET a/b HTTP/1.1", "bad_target"},
    {"GET \\a HTTP/1.1", "bad_target"},
    // absolute-form
    {"GET http://a/b?c HTTP/1.1", "GET http:///b?c @a 1.1 none keep"},
    {"GET HTTP://A/b HTTP/1.1", "GET HTTP:///b @A 1.1 none keep"},
    {"GET https://a/ HTTP/1.1", "GET https:/// @a 1.1 none keep"},
    {"GET http://a HTTP/1.1", "GET http:/// @a 1.1 none keep"},
    {"GET http://a? HTTP/1.1", "GET http:///? @a 1.1 none keep"},
    {"GET http://a?b HTTP/1.1", "GET http:///?b @a 1.1 none keep"},
    {"GET http://a:80/ HTTP/1.1", "GET http:/// @a:80 1.1 none keep"},
    {"GET https://a:443/ HTTP/1.1", "GET https:/// @a:443 1.1 none keep"},
    {"GET http://a:/ HTTP/1.1", "GET http:/// @a 1.1 none keep"},
    {"OPTIONS http://a HTTP/1.1", "OPTIONS http://* @a 1.1 none keep"},
    {"OPTIONS http://a/ HTTP/1.1", "OPTIONS http:/// @a 1.1 none keep"},
    {"GET http://b/ HTTP/1.1", "host_mismatch"},
    {"GET http://a:81/ HTTP/1.1", "host_mismatch"},
    {"GET http://a:443/ HTTP/1.1", "host_mismatch"},
    {"GET http://a.b/ HTTP/1.1", "host_mismatch"},
    {"GET http:///b HTTP/1.1", "bad_target"},
    {"GET http:// HTTP/1.1", "bad_target"},
    {"GET http:/a HTTP/1.1", "bad_target"},
    {"GET http:a HTTP/1.1", "bad_target"},
    {"GET http HTTP/1.1", "bad_target"},
    {"GET :a HTTP/1.1", "bad_target"},
    {"GET ftp://a/ HTTP/1.1", "bad_target"},
    {"GET ws://a/ HTTP/1.1", "bad_target"},
    {"GET http://user@a/ HTTP/1.1", "bad_target"},
    {"GET http://user:password@a/ HTTP/1.1", "bad_target"},
    {"GET http://b@a/ HTTP/1.1", "bad_target"},
    {"GET http://a\\b/ HTTP/1.1", "bad_target"},
    {"GET http://a#b HTTP/1.1", "bad_target"},
    {"GET http://a:x/ HTTP/1.1", "bad_target"},
    {"GET http://a:65536/ HTTP/1.1", "bad_target"},
    {"GET http://[::1/ HTTP/1.1", "bad_target"},
    {"GET http://a/%zz HTTP/1.1", "bad_target"},
    {"GET http://a?b#c HTTP/1.1", "bad_target"},
    // asterisk-form
    {"OPTIONS * HTTP/1.1", "OPTIONS * @a 1.1 none keep"},
    {"GET * HTTP/1.1", "bad_target"},
    {"OPTIONS ** HTTP/1.1", "bad_target"},
    {"OPTIONS *?a HTTP/1.1", "bad_target"},
    // authority-form
    {"CONNECT a:443 HTTP/1.1", "CONNECT  @a:443 1.1 none keep"},
    {"CONNECT A:1 HTTP/1.1", "CONNECT  @A:1 1.1 none keep"},
    {"CONNECT b:443 HTTP/1.1", "host_mismatch"},
    {"CONNECT a HTTP/1.1", "bad_target"},
    {"CONNECT a: HTTP/1.1", "bad_target"},
    {"CONNECT a:0 HTTP/1.1", "bad_target"},
    {"CONNECT a:65536 HTTP/1.1", "bad_target"},
    {"CONNECT a:123456 HTTP/1.1", "bad_target"},
    {"CONNECT :443 HTTP/1.1", "bad_target"},
    {"CONNECT / HTTP/1.1", "bad_target"},
    {"CONNECT * HTTP/1.1", "bad_target"},
    {"CONNECT http://a:443 HTTP/1.1", "bad_target"},
    {"CONNECT a:443/ HTTP/1.1", "bad_target"},
    {"CONNECT u@a:443 HTTP/1.1", "bad_target"},
    {"GET a:443 HTTP/1.1", "bad_target"},
};

// Values of Host, of "GET / HTTP/1.1".
const std::vector<Pair> hosts{
    {"example.com", "GET / @example.com 1.1 none keep"},
    {"EXAMPLE.com", "GET / @EXAMPLE.com 1.1 none keep"},
    {"example.com.", "GET / @example.com. 1.1 none keep"},
    {"example.com:8080", "GET / @example.com:8080 1.1 none keep"},
    {"example.com:0", "GET / @example.com:0 1.1 none keep"},
    {"example.com:65535", "GET / @example.com:65535 1.1 none keep"},
    {"example.com:", "GET / @example.com 1.1 none keep"},
    {"a_b.example", "GET / @a_b.example 1.1 none keep"},
    {"xn--bcher-kva.example", "GET / @xn--bcher-kva.example 1.1 none keep"},
    {"192.0.2.1", "GET / @192.0.2.1 1.1 none keep"},
    {"192.0.2.1:80", "GET / @192.0.2.1:80 1.1 none keep"},
    {"[2001:db8::1]", "GET / @[2001:db8::1] 1.1 none keep"},
    {"[2001:db8::1]:80", "GET / @[2001:db8::1]:80 1.1 none keep"},
    {"[::ffff:192.0.2.1]", "GET / @[::ffff:192.0.2.1] 1.1 none keep"},
    {"a%41b", "GET / @a%41b 1.1 none keep"},
    {"  a  ", "GET / @a 1.1 none keep"},
    {std::string(255, 'a') + ":80", "GET / @" + std::string(255, 'a') + ":80 1.1 none keep"},
    {std::string(256, 'a'), "bad_host"},
    {std::string(256, 'a') + ":80", "bad_host"},
    {"", "bad_host"},
    {":80", "bad_host"},
    {"a,b", "bad_host"},
    {"a, b", "bad_host"},
    {"a b", "bad_host"},
    {"a/b", "bad_host"},
    {"a?b", "bad_host"},
    {"a#b", "bad_host"},
    {"a\\b", "bad_host"},
    {"http://a", "bad_host"},
    {"u@a", "bad_host"},
    {"u:p@a", "bad_host"},
    {"a:80:80", "bad_host"},
    {"a:65536", "bad_host"},
    {"a:123456", "bad_host"},
    {"a:-1", "bad_host"},
    {"a:+1", "bad_host"},
    {"a:8 0", "bad_host"},
    {"a:http", "bad_host"},
    {"a%", "bad_host"},
    {"a%4", "bad_host"},
    {"a%zz", "bad_host"},
    {"\xc3\xa9.example", "bad_host"},
    {"\"a\"", "bad_host"},
    {"<a>", "bad_host"},
    {"a|b", "bad_host"},
    {"2001:db8::1", "bad_host"},
    {"[]", "bad_host"},
    {"[", "bad_host"},
    {"[::1", "bad_host"},
    {"[::1]x", "bad_host"},
    {"[::1]:x", "bad_host"},
    {"[::g]", "bad_host"},
    {"[1.2.3.4]", "bad_host"},
    {"[fe80::1%25eth0]", "bad_host"},
    {"[v1.a]", "bad_host"},
};

// Field lines between "POST / HTTP/1.1", "Host: a" and the empty line.
const std::vector<Pair> field_lines{
    // Grammar: RFC 9112 section 5.
    {"A: b", "POST / @a 1.1 none keep | A: b"},
    {"A:b", "POST / @a 1.1 none keep | A: b"},
    {"A:", "POST / @a 1.1 none keep | A: "},
    {"A: \t ", "POST / @a 1.1 none keep | A: "},
    {"A: \tb \t", "POST / @a 1.1 none keep | A: b"},
    {"A: b\tc  d", "POST / @a 1.1 none keep | A: b\tc  d"},
    {"A: \xc3\xa9\xff", "POST / @a 1.1 none keep | A: \xc3\xa9\xff"},
    {"A: b: c", "POST / @a 1.1 none keep | A: b: c"},
    {"A: 1\r\nA: 2\r\na: 3", "POST / @a 1.1 none keep | A: 1 | A: 2 | a: 3"},
    {"!#$%&'*+-.^`|~1: b", "POST / @a 1.1 none keep | !#$%&'*+-.^`|~1: b"},
    {"A : b", "bad_field_name"},
    {"A\t: b", "bad_field_name"},
    {": b", "bad_field_name"},
    {"A", "bad_field_name"},
    {"A b: c", "bad_field_name"},
    {"A(b): c", "bad_field_name"},
    {"A@: c", "bad_field_name"},
    {"A\xc3\xa9: c", "bad_field_name"},
    {"\"A\": c", "bad_field_name"},
    {"A/b: c", "bad_field_name"},
    {"A[0]: c", "bad_field_name"},
    {" A: b", "bad_field_value"},
    {"A: b\r\n c", "bad_field_value"},
    {"A: b\r\n\tc", "bad_field_value"},
    {"A: b\r\n ", "bad_field_value"},
    {"Transfer-Encoding:\r\n chunked", "bad_field_value"},
    {"A: b\0c"s, "bad_field_value"},
    {"A: b\rc", "bad_field_value"},
    {"A: b\nc: d", "bad_field_value"},
    {"A: b\r\r\nc: d", "bad_field_value"},
    {"A: b\n", "bad_field_value"},
    {"A: b\x0b", "bad_field_value"},
    {"A: b\x0c", "bad_field_value"},
    {"A: \x7f", "bad_field_value"},
    {"A: \x1b[0m", "bad_field_value"},
    {"A: \x01", "bad_field_value"},
    {"A\0: b"s, "bad_field_name"},
    {"A\r: b", "bad_field_name"},
    {"A\n: b", "bad_field_name"},
    {"\0"s, "bad_field_name"},
    {"\n", "bad_field_name"},
    {"\rA: b", "bad_field_name"},
    // Underscores.
    {"X_A: b", "POST / @a 1.1 none keep"},
    {"Content_Length: 5", "POST / @a 1.1 none keep"},
    {"X-A: b_c", "POST / @a 1.1 none keep | X-A: b_c"},
    // Host.
    {"Host: a", "bad_host"},
    {"host: a", "bad_host"},
    {"HOST: b", "bad_host"},
    {"Host : b", "bad_field_name"},
    // Content-Length.
    {"Content-Length: 5", "POST / @a 1.1 5 keep"},
    {"content-length:5", "POST / @a 1.1 5 keep"},
    {"Content-Length: 0", "POST / @a 1.1 0 keep"},
    {"Content-Length: 007", "POST / @a 1.1 7 keep"},
    {"Content-Length: 9223372036854775807", "POST / @a 1.1 9223372036854775807 keep"},
    {"Content-Length: 9223372036854775808", "bad_content_length"},
    {"Content-Length: 18446744073709551615", "bad_content_length"},
    {"Content-Length: 18446744073709551621", "bad_content_length"},
    {"Content-Length: 00000000000000000005", "bad_content_length"},
    {"Content-Length:", "bad_content_length"},
    {"Content-Length: -5", "bad_content_length"},
    {"Content-Length: +5", "bad_content_length"},
    {"Content-Length: 5 5", "bad_content_length"},
    {"Content-Length: 5,5", "bad_content_length"},
    {"Content-Length: 5, 5", "bad_content_length"},
    {"Content-Length: 5, 6", "bad_content_length"},
    {"Content-Length: 5,", "bad_content_length"},
    {"Content-Length: ,5", "bad_content_length"},
    {"Content-Length: 0x5", "bad_content_length"},
    {"Content-Length: 5a", "bad_content_length"},
    {"Content-Length: a", "bad_content_length"},
    {"Content-Length: 5.0", "bad_content_length"},
    {"Content-Length: 1e1", "bad_content_length"},
    {"Content-Length: 5;", "bad_content_length"},
    {"Content-Length: \"5\"", "bad_content_length"},
    {"Content-Length: '5'", "bad_content_length"},
    {"Content-Length: \xd9\xa5", "bad_content_length"},
    {"Content-Length: \xa0"
     "5",
     "bad_content_length"},
    {"Content-Length: 1_0", "bad_content_length"},
    {"Content-Length: 5\r\nContent-Length: 5", "bad_content_length"},
    {"Content-Length: 5\r\ncontent-length: 6", "bad_content_length"},
    {"Content-Length: 5\r\nA: b\r\nContent-Length:", "bad_content_length"},
    {"Content-Length: \x0b"
     "5",
     "bad_field_value"},
    {"Content-Length : 5", "bad_field_name"},
    {"Content-Length\t: 5", "bad_field_name"},
    // Transfer-Encoding.
    {"Transfer-Encoding: chunked", "POST / @a 1.1 chunked keep"},
    {"TRANSFER-ENCODING:CHUNKED", "POST / @a 1.1 chunked keep"},
    {"Transfer-Encoding: \tchunked ", "POST / @a 1.1 chunked keep"},
    {"Transfer-Encoding: gzip, chunked", "unsupported_transfer_coding"},
    {"Transfer-Encoding: x-gzip ,deflate, compress , Chunked", "unsupported_transfer_coding"},
    {"Transfer-Encoding: gzip", "bad_transfer_encoding"},
    {"Transfer-Encoding: identity", "bad_transfer_encoding"},
    {"Transfer-Encoding: identity, chunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked, identity", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked, gzip", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked, chunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked,", "bad_transfer_encoding"},
    {"Transfer-Encoding: ,chunked", "bad_transfer_encoding"},
    {"Transfer-Encoding:", "bad_transfer_encoding"},
    {"Transfer-Encoding: ,", "bad_transfer_encoding"},
    {"Transfer-Encoding: xchunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunkedx", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked;q=1", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked;", "bad_transfer_encoding"},
    {"Transfer-Encoding: \"chunked\"", "bad_transfer_encoding"},
    {"Transfer-Encoding: 'chunked'", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked chunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: chun ked", "bad_transfer_encoding"},
    {"Transfer-Encoding: gzip chunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: foo, chunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunk", "bad_transfer_encoding"},
    {"Transfer-Encoding: \xc5\xa1hunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "bad_transfer_encoding"},
    {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "bad_transfer_encoding"},
    {"Transfer-Encoding: \x0b"
     "chunked",
     "bad_field_value"},
    {"Transfer-Encoding: chunked\x0c", "bad_field_value"},
    {"Transfer-Encoding : chunked", "bad_field_name"},
    {"Transfer-Encoding\x0b: chunked", "bad_field_name"},
    {"\x0bTransfer-Encoding: chunked", "bad_field_name"},
    {"Transfer_Encoding: chunked", "POST / @a 1.1 none keep"},
    {"X: y\r\n Transfer-Encoding: chunked", "bad_field_value"},
    // Both.
    {"Content-Length: 5\r\nTransfer-Encoding: chunked", "length_and_transfer_encoding"},
    {"Transfer-Encoding: chunked\r\nContent-Length: 5", "length_and_transfer_encoding"},
    {"Transfer-Encoding: identity\r\nContent-Length: 5", "length_and_transfer_encoding"},
    {"Transfer-Encoding: x\r\nContent-Length: x", "length_and_transfer_encoding"},
    {"Transfer-Encoding:\r\nContent-Length: 0", "length_and_transfer_encoding"},
    {"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
     "length_and_transfer_encoding"},
    // Connection: RFC 9110 section 7.6.1.
    {"Connection: close", "POST / @a 1.1 none close"},
    {"Connection: CLOSE", "POST / @a 1.1 none close"},
    {"Connection: keep-alive", "POST / @a 1.1 none keep"},
    {"Connection: keep-alive, close", "POST / @a 1.1 none close"},
    {"Connection: close\r\nConnection: keep-alive", "POST / @a 1.1 none close"},
    {"Connection:", "POST / @a 1.1 none keep"},
    {"Connection: , ,close, ", "POST / @a 1.1 none close"},
    {"Connection: x-a\r\nX-A: 1\r\nX-B: 2", "POST / @a 1.1 none keep | X-B: 2"},
    {"X-A: 1\r\nX-B: 2\r\nConnection: X-B, x-a, x-c\r\nX-a: 3", "POST / @a 1.1 none keep"},
    {"Connection: Host, Content-Length\r\nContent-Length: 5", "POST / @a 1.1 5 keep"},
    {"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", "POST / @a 1.1 chunked keep"},
    {"Connection: Cookie, Authorization\r\nCookie: a\r\nAuthorization: b",
     "POST / @a 1.1 none keep | Cookie: a | Authorization: b"},
    {"Connection: X-Forwarded-For, Forwarded, Via, X-Real-IP, X-Forwarded-Prefix\r\nX-Forwarded-For: 1\r\nForwarded: "
     "for=2\r\n"
     "Via: 1.1 b\r\nX-Real-IP: 3\r\nX-Forwarded-Prefix: /c",
     "POST / @a 1.1 none keep | X-Forwarded-For: 1 | Forwarded: for=2 | Via: 1.1 b | X-Real-IP: 3 | "
     "X-Forwarded-Prefix: /c"},
    {"Connection: Cache-Control, Content-Type, Range\r\nCache-Control: no-store\r\nContent-Type: a/b\r\nRange: "
     "bytes=0-1",
     "POST / @a 1.1 none keep | Cache-Control: no-store | Content-Type: a/b | Range: bytes=0-1"},
    {"Connection: User-Agent\r\nUser-Agent: a", "POST / @a 1.1 none keep"},
    {"Connection: Accept, Referer, Refresh, Server\r\nAccept: */*\r\nReferer: /a\r\nRefresh: 5\r\nServer: s\r\nX-A: 1",
     "POST / @a 1.1 none keep | X-A: 1"},
    {"Connection: a b", "bad_connection_field"},
    {"Connection: close;", "bad_connection_field"},
    {"Connection: \"close\"", "bad_connection_field"},
    {"Connection: a=b", "bad_connection_field"},
    {"Connection: close, \xc3\xa9", "bad_connection_field"},
    // What belongs to one hop.
    {"Keep-Alive: timeout=5", "POST / @a 1.1 none keep"},
    {"Proxy-Connection: close", "POST / @a 1.1 none keep"},
    {"Proxy-Authorization: Basic YQ==", "POST / @a 1.1 none keep"},
    {"Proxy-Authenticate: Basic", "POST / @a 1.1 none keep"},
    {"Proxy: http://evil", "POST / @a 1.1 none keep"},
    {"proxy: http://evil", "POST / @a 1.1 none keep"},
    {"HTTP2-Settings: AAMAAABk", "POST / @a 1.1 none keep"},
    {"TE: trailers", "POST / @a 1.1 none keep +trailers"},
    {"TE: gzip, Trailers", "POST / @a 1.1 none keep +trailers"},
    {"TE: gzip;q=0.5", "POST / @a 1.1 none keep"},
    {"TE:", "POST / @a 1.1 none keep"},
    {"TE: trailersx\r\nTE: ,trailers,", "POST / @a 1.1 none keep +trailers"},
    {"Trailer: X-A", "POST / @a 1.1 none keep"},
    {"Trailer: X-A\r\nContent-Length: 5", "POST / @a 1.1 5 keep"},
    {"Trailer: X-A\r\nTransfer-Encoding: chunked", "POST / @a 1.1 chunked keep | Trailer: X-A"},
    // Upgrade.
    {"Connection: Upgrade\r\nUpgrade: websocket", "POST / @a 1.1 none keep upgrade=websocket"},
    {"Upgrade: WebSocket\r\nConnection: keep-alive, upgrade", "POST / @a 1.1 none keep upgrade=WebSocket"},
    {"Connection: upgrade\r\nUpgrade: TLS/1.0", "POST / @a 1.1 none keep upgrade=TLS/1.0"},
    {"Upgrade: websocket", "POST / @a 1.1 none keep"},
    {"Connection: upgrade", "POST / @a 1.1 none keep"},
    {"Connection: upgrade\r\nUpgrade:", "POST / @a 1.1 none keep"},
    {"Connection: upgrade\r\nUpgrade: h2c", "POST / @a 1.1 none keep"},
    {"Connection: upgrade, HTTP2-Settings\r\nUpgrade: H2C\r\nHTTP2-Settings: A", "POST / @a 1.1 none keep"},
    {"Connection: upgrade\r\nUpgrade: h2c/1", "POST / @a 1.1 none keep"},
    {"Connection: upgrade\r\nUpgrade: websocket, h2c", "POST / @a 1.1 none keep"},
    {"Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c", "POST / @a 1.1 none keep"},
    {"Connection: upgrade\r\nUpgrade: web socket", "POST / @a 1.1 none keep"},
    {"Connection: upgrade\r\nUpgrade: a/b/c", "POST / @a 1.1 none keep"},
    {"Connection: upgrade\r\nUpgrade: foo\r\nContent-Length: 5", "POST / @a 1.1 5 keep"},
    {"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0", "POST / @a 1.1 0 keep upgrade=websocket"},
    {"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5", "upgrade_with_body"},
    {"Connection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked", "upgrade_with_body"},
    // Expect.
    {"Expect: 100-continue\r\nContent-Length: 5", "POST / @a 1.1 5 keep +continue"},
    {"expect: 100-Continue\r\nTransfer-Encoding: chunked", "POST / @a 1.1 chunked keep +continue"},
    {"Expect: 100-continue", "POST / @a 1.1 none keep"},
    {"Expect: 100-continue, foo", "unsupported_expectation"},
    {"Expect: foo", "unsupported_expectation"},
    {"Expect:", "unsupported_expectation"},
    {"Expect: 100-continue\r\nExpect: 100-continue", "unsupported_expectation"},
    // Cookie.
    {"Cookie: a=1", "POST / @a 1.1 none keep | Cookie: a=1"},
    {"Cookie:\r\nCookie: a=1\r\nCookie:", "POST / @a 1.1 none keep | Cookie: a=1"},
    {"Cookie:\r\nCookie:", "POST / @a 1.1 none keep | Cookie: "},
    {"Cookie: a=1\r\nX: y\r\ncookie: b=2\r\nCookie: c=3", "POST / @a 1.1 none keep | Cookie: a=1; b=2; c=3 | X: y"},
};

// Whole heads.
const std::vector<Pair> heads{
    {"GET / HTTP/1.1\r\n\r\n", "missing_host"},
    {"GET http://a/ HTTP/1.1\r\n\r\n", "missing_host"},
    {"GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", "missing_host"},
    {"GET / HTTP/1.0\r\n\r\n", "GET / @ 1.0 none close"},
    {"GET / HTTP/1.0\r\nHost:\r\n\r\n", "GET / @ 1.0 none close"},
    {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "bad_host"},
    {"GET / HTTP/1.0\r\nHost: a b\r\n\r\n", "bad_host"},
    {"GET http://a/ HTTP/1.0\r\n\r\n", "GET http:/// @a 1.0 none close"},
    {"GET http://a/ HTTP/1.0\r\nHost: b\r\n\r\n", "host_mismatch"},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / @ 1.0 none keep"},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive, Close\r\n\r\n", "GET / @ 1.0 none close"},
    {"GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", "GET / @ 1.0 none close"},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "bad_transfer_encoding"},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "length_and_transfer_encoding"},
    {"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n", "POST / @ 1.0 5 close"},
    {"POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", "POST / @ 1.0 5 close"},
    {"GET / HTTP/1.0\r\nTE: trailers\r\n\r\n", "GET / @ 1.0 none close"},
    {"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", "GET / @ 1.0 none close"},
    {"GET / HTTP/1.2\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "GET / @a 1.1 chunked keep"},
    {"GET http://a:80/ HTTP/1.1\r\nHost: A\r\n\r\n", "GET http:/// @a:80 1.1 none keep"},
    {"GET https://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n", "GET https:/// @a 1.1 none keep"},
    {"GET http://[::1]/ HTTP/1.1\r\nHost: [::1]\r\n\r\n", "GET http:/// @[::1] 1.1 none keep"},
    {"GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", "bad_host"},
    {"GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "bad_host"},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "CONNECT  @a:443 1.1 none keep"},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a:80\r\n\r\n", "host_mismatch"},
    {"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n", "CONNECT  @[::1]:443 1.1 none keep"},
    {"CONNECT a:443 HTTP/1.1\r\n\r\n", "missing_host"},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "upgrade_with_body"},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "upgrade_with_body"},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "CONNECT  @a:443 1.1 0 keep"},
    {"TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 3\r\n\r\n", "TRACE / @a 1.1 none keep | Max-Forwards: 3"},
    // Empty lines and line ends: section 2.2.
    {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / @a 1.1 none keep"},
    {"\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / @a 1.1 none keep"},
    {"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request_line"},
    {"\r\nGET / HTTP/1.1 \r\nHost: a\r\n\r\n", "bad_request_line"},
    {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request_line"},
    {"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request_line"},
    {"\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request_line"},
    {" \r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_method"},
    {"\0GET / HTTP/1.1\r\nHost: a\r\n\r\n"s, "bad_request_line"},
    {"GET / HTTP/1.1\nHost: a\n\n", "bad_request_line"},
    {"GET / HTTP/1.1\nHost: a\r\n\r\n", "bad_request_line"},
    {"GET / HTTP/1.1\rHost: a\r\n\r\n", "bad_request_line"},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", "bad_field_value"},
    {"GET / HTTP/1.1\r\nHost: a\n\n", "bad_field_value"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\n", "bad_field_name"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\rX", "bad_field_name"},
    {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "bad_field_value"},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "bad_field_value"},
    {"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", "bad_field_value"},
    {"GET / HTTP/1.1\r\n\r\n\r\n", "missing_host"},
    {"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request_line"},
    {"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request_line"},
    {"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"s, "bad_request_line"},
    {"GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n"s, "bad_request_line"},
    // Not HTTP.
    {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "bad_request_line"},
    {"GET /\r\n", "bad_request_line"},
    {"\r\n\r\n", "incomplete"},
    {"\r", "incomplete"},
    {"GET / HTTP/1.1\r\nHost: a\r\n", "incomplete"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r", "incomplete"},
    {"HTTP/1.1 200 OK\r\n\r\n", "bad_method"},
    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "bad_request_line"},
};

std::vector<Row> all_rows() {
  std::vector<Row> all;
  all.reserve(request_lines.size() + hosts.size() + field_lines.size() + heads.size());
  for (const Pair& row : request_lines) all.push_back({row.sent, row.sent + "\r\nHost: a\r\n\r\n", row.expected});
  for (const Pair& row : hosts) {
    all.push_back({"Host: " + row.sent, "GET / HTTP/1.1\r\nHost: " + row.sent + "\r\n\r\n", row.expected});
  }
  for (const Pair& row : field_lines) {
    all.push_back({row.sent, "POST / HTTP/1.1\r\nHost: a\r\n" + row.sent + "\r\n\r\n", row.expected});
  }
  for (const Pair& row : heads) all.push_back({row.sent, row.sent, row.expected});
  return all;
}

TEST(RequestRows, are_many) { EXPECT_GE(all_rows().size(), 350u); }

TEST(RequestRows, whole) {
  for (const Row& row : all_rows())
    EXPECT_EQ(rows::read_request(row.bytes, {row.bytes.size()}), row.expected) << row.name;
}

TEST(RequestRows, octet_by_octet) {
  for (const Row& row : all_rows()) EXPECT_EQ(rows::read_request(row.bytes, {1}), row.expected) << row.name;
}

TEST(RequestRows, in_random_pieces) {
  std::mt19937 random(1);  // NOLINT: the same pieces each time
  for (const Row& row : all_rows()) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(rows::read_request(row.bytes, rows::random_cuts(random, 24)), row.expected) << row.name;
    }
  }
}

// What follows a head is not read with it.
TEST(RequestRows, before_other_octets) {
  for (const Row& row : all_rows()) {
    if (!row.expected.contains('@')) continue;
    const std::string more = row.bytes + "GET /next HTTP/1.1\r\n\r\n\0\x01"s;
    EXPECT_EQ(rows::read_request(more, {more.size()}), row.expected + " length " + std::to_string(row.bytes.size()));
  }
}

std::string target_of(const http::RequestHead& head) {
  if (head.form == http::TargetForm::authority) return std::string(head.authority);
  std::string target;
  if (head.form == http::TargetForm::absolute) target = std::string(head.scheme) + "://" + std::string(head.authority);
  target += head.path;
  return head.has_query ? target + "?" + std::string(head.query) : target;
}

// Heads as HTTP/1.1 with the same meaning; a second round writes the same octets again.
TEST(RequestRows, written_and_read_again) {
  for (const Row& row : all_rows()) {
    Arena arena;
    http::RequestHead head(arena);
    Persistence persistence;
    auto size = RequestReader(Limits{}).read(row.bytes, head, persistence);
    if (!size || *size == 0 || head.authority.empty()) continue;
    std::string room(4096, '\0');
    OutBuffer out(room);
    const std::string target = target_of(head);
    auto written = write_request_head(head, {.target = target, .host = {}, .keep_alive = persistence.keep_alive}, out);
    ASSERT_TRUE(written) << row.name;

    http::RequestHead again(arena);
    Persistence persistence_again;
    auto size_again = RequestReader(Limits{}).read(out.view(), again, persistence_again);
    ASSERT_TRUE(size_again) << row.name << out.view();
    EXPECT_EQ(*size_again, written->octets);
    EXPECT_EQ(persistence_again.framing, written->framing);
    // Written as 1.1; and methods that usually have content say that they have none.
    head.version = http::Version::http11;
    if (head.method == http::Method::post && head.body.kind == http::BodySize::Kind::none) {
      persistence.framing = {Framing::Kind::length, 0};
    }
    std::string expected = rows::describe(head, persistence);
    if (head.form == http::TargetForm::asterisk && !head.scheme.empty()) continue;  // "http://a" was written as "*"
    EXPECT_EQ(rows::describe(again, persistence_again), expected) << out.view();

    std::string second(4096, '\0');
    OutBuffer out_again(second);
    ASSERT_TRUE(
        write_request_head(again, {.target = target, .host = {}, .keep_alive = persistence.keep_alive}, out_again));
    EXPECT_EQ(out.view(), out_again.view());
  }
}

// What a forward proxy reads: the target says whom it is for, and a Host is still one host, if it is there.
TEST(RequestReader, ignores_host_beside_a_target_where_it_is_told_to) {
  const std::vector<Pair> rows{
      {"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", "GET http:/// @a 1.1 none keep"},
      {"CONNECT a:443 HTTP/1.1\r\nHost: 127.0.0.1:3128\r\n\r\n", "CONNECT  @a:443 1.1 none keep"},
      {"GET / HTTP/1.1\r\nHost: b\r\n\r\n", "GET / @b 1.1 none keep"},
      {"GET http://a/ HTTP/1.1\r\n\r\n", "missing_host"},
      {"GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "bad_host"},
      {"GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n", "bad_host"},
  };
  for (const Pair& row : rows) {
    Arena arena;
    http::RequestHead head(arena);
    Persistence persistence;
    const auto size =
        RequestReader({.host_beside_target = HostBesideTarget::ignored}).read(row.sent, head, persistence);
    EXPECT_EQ(size ? rows::describe(head, persistence) : std::string(name(size.error().code)), row.expected)
        << row.sent;
  }
}

TEST(RequestReader, keeps_the_line_of_a_head_that_is_not_complete) {
  Arena arena;
  http::RequestHead head(arena);
  Persistence persistence;
  RequestReader reader{Limits{}};
  std::string text = "GET http://a.test/path?query HTTP/1.1\r\nHost: a.t";
  auto read = reader.read(text, head, persistence);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, 0u);
  std::ranges::fill(text, 'x');  // as when the buffer grows
  EXPECT_EQ(head.method_text, "GET");
  EXPECT_EQ(head.scheme, "http");
  EXPECT_EQ(head.authority, "a.test");
  EXPECT_EQ(head.path, "/path");
  EXPECT_EQ(head.query, "query");
}

}  // namespace
}  // namespace sp::codec::h1
