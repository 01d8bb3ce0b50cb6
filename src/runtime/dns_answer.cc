#include "runtime/dns_answer.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <optional>
#include <string>

namespace sp::runtime {
namespace {

enum : unsigned { type_a = 1, type_cname = 5, type_soa = 6, type_aaaa = 28, class_in = 1 };
enum : unsigned { rcode_ok = 0, rcode_no_name = 3 };
constexpr std::size_t header_size = 12;
constexpr int longest_chain = 16;

// A message with a place to read at. Reading beyond its end makes it bad, once and for all.
class Reader {
 public:
  explicit Reader(ByteView message) : message_(message) {}
  bool good() const { return good_; }
  std::size_t at() const { return at_; }
  void seek(std::size_t at) { at_ = at; }
  unsigned u8() { return has(1) ? static_cast<unsigned char>(message_[at_++]) : 0; }
  unsigned u16() {
    const unsigned high = u8();
    return high << 8 | u8();
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  void skip(std::size_t bytes) {
    if (has(bytes)) at_ += bytes;
  }
  ByteView take(std::size_t bytes) {
    if (!has(bytes)) return {};
    at_ += bytes;
    return message_.substr(at_ - bytes, bytes);
  }
  // A domain name (RFC 1035 section 4.1.4) in lower case, dots between its labels. Pointers lead backwards only, so
  // that it ends.
  std::string name();

 private:
  bool has(std::size_t bytes) {
    if (message_.size() - std::min(at_, message_.size()) < bytes) good_ = false;
    return good_;
  }
  ByteView message_;
  std::size_t at_ = 0;
  bool good_ = true;
};

std::string Reader::name() {
  std::string text;
  std::size_t behind = 0;  // where reading goes on: behind the first pointer
  std::size_t limit = at_;
  while (good_) {
    const unsigned length = u8();
    if (length == 0) break;
    if (length >= 0xc0) {
      const std::size_t target = (length & 0x3f) << 8 | u8();
      if (behind == 0) behind = at_;
      good_ = good_ && target < limit;
      limit = at_ = target;
      continue;
    }
    if (length > 63 || text.size() + length > 254) good_ = false;
    for (const char c : take(length)) text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    text += '.';
  }
  if (behind != 0) at_ = behind;
  return text;
}

struct Record {
  std::string owner;
  unsigned type = 0, in_class = 0;
  std::chrono::seconds ttl{};
  std::size_t data = 0, length = 0;
};

Record read_record(Reader& in) {
  Record record;
  record.owner = in.name();
  record.type = in.u16();
  record.in_class = in.u16();
  const std::uint32_t ttl = in.u32();
  // RFC 2181 section 8: a TTL with the highest bit set is none.
  record.ttl = std::chrono::seconds(ttl > std::numeric_limits<std::int32_t>::max() ? 0 : ttl);
  record.length = in.u16();
  record.data = in.at();
  in.skip(record.length);
  return record;
}

std::vector<Record> read_records(Reader& in, unsigned count) {
  std::vector<Record> records;
  for (unsigned i = 0; i < count && in.good(); ++i) records.push_back(read_record(in));
  return records;
}

// RFC 2308 section 5: the smaller of the SOA's own TTL and its MINIMUM, which is its last number.
std::chrono::seconds negative_ttl_of(ByteView message, const std::vector<Record>& authority) {
  for (const Record& record : authority) {
    if (record.type != type_soa || record.length < 22) continue;
    Reader in(message);
    in.seek(record.data + record.length - 4);
    const std::chrono::seconds minimum(in.u32());
    return std::min(record.ttl, minimum);
  }
  return negative_ttl;
}

// The name that the aliases lead to, whatever order they come in.
std::string follow_aliases(ByteView message, const std::vector<Record>& records, std::string name, DnsAnswer& answer) {
  for (int step = 0; step < longest_chain; ++step) {
    auto alias = std::ranges::find_if(
        records, [&](const Record& r) { return r.type == type_cname && r.in_class == class_in && r.owner == name; });
    if (alias == records.end()) break;
    Reader in(message);
    in.seek(alias->data);
    name = in.name();
    answer.ttl = std::min(answer.ttl, alias->ttl);
    if (!in.good()) break;
  }
  return name;
}

std::optional<IpAddress> address_of(ByteView message, const Record& record, Family family) {
  const ByteView data = message.substr(record.data, record.length);
  IpAddress address;
  address.v4 = family == Family::v4;
  if (data.size() != (address.v4 ? 4u : 16u)) return std::nullopt;
  std::ranges::transform(data, address.bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  // An IPv4-mapped AAAA record (RFC 4291 section 2.5.5.2) has one form here, as everywhere; see base/ip.h.
  return address.v4 ? address : IpAddress::parse(address.text());
}

DnsAnswer without_addresses(DnsAnswer::Kind kind, std::chrono::seconds ttl = {}) { return {kind, {}, ttl}; }

}  // namespace

DnsAnswer read_answer(ByteView message, Family family) {
  Reader in(message);
  in.skip(2);
  const unsigned flags = in.u16();
  const unsigned questions = in.u16(), answers = in.u16(), authorities = in.u16();
  in.seek(header_size);
  const std::string asked = in.name();
  in.skip(4);
  const unsigned rcode = flags & 0xf;
  if (!in.good() || questions != 1 || (rcode != rcode_ok && rcode != rcode_no_name)) {
    return without_addresses(DnsAnswer::Kind::failure);
  }
  const std::vector<Record> records = read_records(in, answers);
  const std::vector<Record> authority = read_records(in, authorities);
  if (!in.good()) return without_addresses(DnsAnswer::Kind::failure);
  if (rcode == rcode_no_name) {
    return without_addresses(DnsAnswer::Kind::no_name, negative_ttl_of(message, authority));
  }

  DnsAnswer answer{DnsAnswer::Kind::addresses, {}, std::chrono::seconds::max()};
  const std::string name = follow_aliases(message, records, asked, answer);
  const unsigned wanted = family == Family::v4 ? type_a : type_aaaa;
  for (const Record& record : records) {
    if (record.type != wanted || record.in_class != class_in || record.owner != name) continue;
    const auto address = address_of(message, record, family);
    if (!address) continue;
    answer.addresses.push_back(*address);
    answer.ttl = std::min(answer.ttl, record.ttl);
  }
  if (answer.addresses.empty()) {
    return without_addresses(DnsAnswer::Kind::no_address, negative_ttl_of(message, authority));
  }
  return answer;
}

}  // namespace sp::runtime
