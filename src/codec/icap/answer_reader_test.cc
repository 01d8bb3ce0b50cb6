#include "codec/icap/answer_reader.h"

#include <gtest/gtest.h>

#include <random>

#include "codec/icap/rows_for_tests.h"

namespace sp::codec::icap {
namespace {

using What = Shown::What;

struct Row {
  std::string_view octets, expected;
  What what = What::response;
};

// Whole, octet by octet, and in random cuts.
void expect(const Row& row) {
  EXPECT_EQ(rows::read(row.what, row.octets, {row.octets.size() + 1}), row.expected) << row.octets;
  EXPECT_EQ(rows::read(row.what, row.octets, {1}), row.expected) << row.octets;
  std::mt19937 random(4711);
  for (int i = 0; i < 20; ++i) {
    std::vector<std::size_t> cuts(32);
    for (std::size_t& cut : cuts) cut = 1 + random() % 40;
    EXPECT_EQ(rows::read(row.what, row.octets, cuts), row.expected) << row.octets;
  }
}

TEST(IcapAnswer, what_it_says) {
  for (const Row& row : {
           Row{"ICAP/1.0 204 Unmodified\r\nServer: C-ICAP/0.5.10\r\nISTag: \"x\"\r\n\r\n", "unchanged"},
           Row{"ICAP/1.0 204\r\nencapsulated: null-body=0\r\nConnection: close\r\n\r\n", "unchanged, close"},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=19\r\nX-Virus-ID: Eicar\r\n\r\n"
               "HTTP/1.1 403 X\r\n\r\n"
               "?5\r\nhello\r\n0\r\n\r\n",
               "the head in its answer has no end"},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=18\r\nX-Virus-ID: Eicar\r\n\r\n"
               "HTTP/1.1 403 X\r\n\r\n"
               "5\r\nhello\r\n0\r\n\r\n",
               "response <HTTP/1.1 403 X\\x0d\\x0a\\x0d\\x0a> body, found Eicar; 15 left"},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0,null-body=18\r\n\r\nHTTP/1.1 403 X\r\n\r\n",
               "response <HTTP/1.1 403 X\\x0d\\x0a\\x0d\\x0a>"},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0, null-body=18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
               "request <GET / HTTP/1.1\\x0d\\x0a\\x0d\\x0a>", What::request},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, null-body=18\r\n\r\nHTTP/1.1 403 X\r\n\r\n",
               "response <HTTP/1.1 403 X\\x0d\\x0a\\x0d\\x0a>", What::request},
           Row{"ICAP/1.0 204 U\r\n", "incomplete"},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, null-body=18\r\n\r\nHTTP/1.1 403", "incomplete"},
       }) {
    expect(row);
  }
}

TEST(IcapAnswer, what_is_refused) {
  constexpr const char* encapsulated = "Encapsulated of its answer is not understood";
  for (const Row& row : {
           Row{"HTTP/1.1 200 OK\r\n\r\n", "what it answers is not ICAP"},
           Row{"ICAP/2.0 204 OK\r\n\r\n", "what it answers is not ICAP"},
           Row{"SSH-2.0-x\r\n", "what it answers is not ICAP"},
           Row{"ICAP/1.0 2x4 OK\r\n\r\n", "its status is none"},
           Row{"ICAP/1.0 2044\r\n\r\n", "its status is none"},
           Row{"ICAP/1.0 -04 OK\r\n\r\n", "its status is none"},
           Row{"ICAP/1.0 404 Service not found\r\n\r\n", "it does not know this service (404)"},
           Row{"ICAP/1.0 500 Server error\r\n\r\n", "its status is neither 200 nor 204"},
           Row{"ICAP/1.0 100 Continue\r\n\r\n", "its status is neither 200 nor 204"},
           Row{"ICAP/1.0 206 Partial\r\n\r\n", "its status is neither 200 nor 204"},
           Row{"ICAP/1.0 200 OK\r\n\r\n", "its answer is 200, and has no message"},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: null-body=0\r\n\r\n", "its answer is 200, and has no message"},
           Row{"ICAP/1.0 204 OK\r\nEncapsulated: res-hdr=0, null-body=18\r\n\r\n",
               "its answer is 204, and has a message"},
           Row{"ICAP/1.0 204 OK\r\nEncapsulated: null-body=0\r\nEncapsulated: null-body=0\r\n\r\n",
               "its answer has Encapsulated twice"},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-body=0\r\n\r\n", encapsulated},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=1, res-body=18\r\n\r\n", encapsulated},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=0\r\n\r\n", encapsulated},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, req-body=18\r\n\r\n", encapsulated},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=+8\r\n\r\n", encapsulated},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0, res-hdr=18, res-body=36\r\n\r\n", encapsulated},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=99999999999999999999\r\n\r\n", encapsulated},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=65537\r\n\r\n",
               "the head in its answer is too long"},
           Row{"ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0, null-body=18\r\n\r\n",
               "it answers to a response with a request"},
           Row{"ICAP/1.0 204 OK\r\nno field\r\n\r\n", "a field of its answer is none"},
           Row{"ICAP/1.0 204 OK\r\nA: b\n c\r\n\r\n", "a field of its answer is none"},
           Row{"ICAP/1.0 204 OK\r\nA : b\r\n\r\n", "a field of its answer is none"},
       }) {
    expect(row);
  }
}

TEST(IcapAnswer, bounds) {
  std::string many = "ICAP/1.0 204 OK\r\n";
  for (std::size_t i = 0; i <= AnswerReader::max_fields; ++i) many += "A: b\r\n";
  expect({many + "\r\n", "its answer has too many fields"});
  expect({"ICAP/1.0 204 OK\r\nA: " + std::string(AnswerReader::max_head, 'x'), "the head of its answer is too long"});
}

}  // namespace
}  // namespace sp::codec::icap
