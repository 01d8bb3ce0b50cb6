#include "runtime/dns_answer.h"

#include <gtest/gtest.h>

#include <string>

namespace sp::runtime {
namespace {

using namespace std::chrono_literals;
using Kind = DnsAnswer::Kind;

// Writes messages as a name server would, and as one never should.
class Message {
 public:
  explicit Message(std::string_view question, unsigned flags = 0x8180, unsigned questions = 1) {
    u16(7).u16(flags).u16(questions).u16(0).u16(0).u16(0);
    name(question).u16(1).u16(1);
  }
  Message& u16(unsigned value) { return raw(std::string{static_cast<char>(value >> 8), static_cast<char>(value)}); }
  Message& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xffff); }
  Message& raw(std::string_view octets) {
    text_ += octets;
    return *this;
  }
  Message& name(std::string_view dotted) { return raw(encoded(dotted)); }
  Message& record(std::string_view owner, unsigned type, std::uint32_t ttl, std::string_view data) {
    ++text_[7];
    return authority_record(owner, type, ttl, data);
  }
  Message& a(std::string_view owner, std::uint32_t ttl, std::string_view address) {
    const IpAddress parsed = *IpAddress::parse(address);
    return record(owner, parsed.v4 ? 1 : 28, ttl,
                  {reinterpret_cast<const char*>(parsed.bytes.data()), parsed.v4 ? 4u : 16u});
  }
  Message& alias(std::string_view owner, std::uint32_t ttl, std::string_view to) {
    return record(owner, 5, ttl, encoded(to));
  }
  Message& soa(std::uint32_t ttl, std::uint32_t minimum) {
    ++text_[9];
    std::string data = encoded("ns.test") + encoded("admin.test") + std::string(16, '\1');
    for (int shift = 24; shift >= 0; shift -= 8) data += static_cast<char>(minimum >> shift);
    return authority_record("test", 6, ttl, data);
  }
  const std::string& text() const { return text_; }
  DnsAnswer read(Family family = Family::v4) const { return read_answer(text_, family); }

  static std::string encoded(std::string_view dotted) {
    std::string octets;
    while (!dotted.empty()) {
      const std::string_view label = dotted.substr(0, dotted.find('.'));
      octets += static_cast<char>(label.size());
      octets += label;
      dotted.remove_prefix(std::min(label.size() + 1, dotted.size()));
    }
    return octets + '\0';
  }

 private:
  Message& authority_record(std::string_view owner, unsigned type, std::uint32_t ttl, std::string_view data) {
    name(owner).u16(type).u16(1).u32(ttl).u16(static_cast<unsigned>(data.size()));
    return raw(data);
  }
  std::string text_;
};

std::string addresses(const DnsAnswer& answer) {
  std::string text;
  for (const IpAddress& address : answer.addresses) text += address.text() + " ";
  return text;
}

TEST(DnsAnswer, reads_the_addresses_of_its_family) {
  Message message("a.test");
  message.a("a.test", 60, "192.0.2.1").a("a.test", 30, "192.0.2.2").a("a.test", 10, "2001:db8::1");
  const DnsAnswer v4 = message.read(Family::v4);
  EXPECT_EQ(v4.kind, Kind::addresses);
  EXPECT_EQ(addresses(v4), "192.0.2.1 192.0.2.2 ");
  EXPECT_EQ(v4.ttl, 30s);
  EXPECT_EQ(addresses(message.read(Family::v6)), "2001:db8::1 ");
}

TEST(DnsAnswer, names_have_no_case_and_may_be_compressed) {
  Message message("A.tEst");
  message.a("a.TEST", 60, "192.0.2.1");
  std::string text = Message("a.test").text();
  text[7] = 1;
  text += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7", 16);
  EXPECT_EQ(addresses(message.read()), "192.0.2.1 ");
  EXPECT_EQ(addresses(read_answer(text, Family::v4)), "192.0.2.7 ");
}

TEST(DnsAnswer, follows_aliases_in_any_order_and_takes_the_smallest_time) {
  Message message("a.test");
  message.a("c.test", 60, "192.0.2.1").alias("b.test", 20, "c.test").alias("a.test", 40, "b.test");
  EXPECT_EQ(addresses(message.read()), "192.0.2.1 ");
  EXPECT_EQ(message.read().ttl, 20s);
}

TEST(DnsAnswer, addresses_of_other_names_do_not_count) {
  Message message("a.test");
  message.a("evil.test", 60, "192.0.2.66").a("a.test", 60, "192.0.2.1");
  EXPECT_EQ(addresses(message.read()), "192.0.2.1 ");
  Message only("a.test");
  only.a("evil.test", 60, "192.0.2.66");
  EXPECT_EQ(only.read().kind, Kind::no_address);
}

TEST(DnsAnswer, a_circle_of_aliases_ends) {
  Message message("a.test");
  message.alias("a.test", 40, "b.test").alias("b.test", 40, "a.test");
  EXPECT_EQ(message.read().kind, Kind::no_address);
}

TEST(DnsAnswer, mapped_addresses_have_one_form) {
  std::string data(16, '\0');
  data[10] = data[11] = '\xff';
  data[15] = 9;
  Message message("a.test");
  message.record("a.test", 28, 60, data);
  EXPECT_EQ(addresses(message.read(Family::v6)), "0.0.0.9 ");
}

TEST(DnsAnswer, negative_answers_hold_as_long_as_the_zone_says) {
  EXPECT_EQ(Message("a.test").soa(900, 120).read().ttl, 120s);
  EXPECT_EQ(Message("a.test").soa(60, 120).read().ttl, 60s);
  EXPECT_EQ(Message("a.test").read().ttl, negative_ttl);
  EXPECT_EQ(Message("a.test").soa(900, 120).read().kind, Kind::no_address);
  const DnsAnswer no_name = Message("a.test", 0x8183).soa(900, 120).read();
  EXPECT_EQ(no_name.kind, Kind::no_name);
  EXPECT_EQ(no_name.ttl, 120s);
}

TEST(DnsAnswer, a_time_to_live_below_zero_is_none) {
  EXPECT_EQ(Message("a.test").a("a.test", 0x80000001, "192.0.2.1").read().ttl, 0s);
}

TEST(DnsAnswer, what_servers_refuse_is_a_failure) {
  for (unsigned rcode : {1u, 2u, 4u, 5u, 15u}) EXPECT_EQ(Message("a.test", 0x8180 | rcode).read().kind, Kind::failure);
}

TEST(DnsAnswer, malformed_messages_are_failures) {
  EXPECT_EQ(read_answer("", Family::v4).kind, Kind::failure);
  EXPECT_EQ(Message("a.test", 0x8180, 0).read().kind, Kind::failure);
  EXPECT_EQ(Message("a.test", 0x8180, 2).read().kind, Kind::failure);
  // A name that is a pointer to itself.
  std::string text = Message("a.test").text();
  text[7] = 1;
  const char own_place = static_cast<char>(text.size());
  text += std::string("\xc0") + own_place + std::string("\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7", 14);
  EXPECT_EQ(read_answer(text, Family::v4).kind, Kind::failure);
}

TEST(DnsAnswer, every_cut_of_a_message_is_a_failure) {
  const std::string whole =
      Message("a.test").alias("a.test", 40, "b.test").a("b.test", 60, "192.0.2.1").soa(60, 60).text();
  EXPECT_EQ(read_answer(whole, Family::v4).kind, Kind::addresses);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(read_answer(ByteView(whole).substr(0, size), Family::v4).kind, Kind::failure) << size;
  }
}

// Nothing to assert but that it ends and that the sanitizers are content.
TEST(DnsAnswer, flipped_bits_do_no_harm) {
  const std::string whole =
      Message("a.test").alias("a.test", 40, "b.test").a("b.test", 60, "192.0.2.1").soa(60, 60).text();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string text = whole;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_LE(read_answer(text, Family::v4).addresses.size(), 1u);
  }
}

}  // namespace
}  // namespace sp::runtime
