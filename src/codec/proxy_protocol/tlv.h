// What a header of version 2 says besides the addresses: a list of type, length and value (proxy-protocol.txt, section
// 2.2, "TLV"). All of it are views into the octets that were read. Values are what the sender put there: nothing is
// promised about their characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include "base/bytes.h"

namespace sp::codec::proxy_protocol {

// The registered types, and those of others that are known here. Any other number is a type as well.
enum TlvType : std::uint8_t {
  tlv_alpn = 0x01,       // the protocol that was agreed on, such as "h2"
  tlv_authority = 0x02,  // the host name that the client sent: the server name of TLS
  tlv_crc32c = 0x03,     // of the whole header
  tlv_noop = 0x04,       // fills up
  tlv_unique_id = 0x05,  // of the connection: at most unique_id_max octets
  tlv_ssl = 0x20,        // see Ssl
  tlv_ssl_version = 0x21,
  tlv_ssl_cn = 0x22,
  tlv_ssl_cipher = 0x23,
  tlv_ssl_sig_alg = 0x24,
  tlv_ssl_key_alg = 0x25,
  tlv_ssl_group = 0x26,
  tlv_ssl_sig_scheme = 0x27,
  tlv_ssl_client_cert = 0x28,
  tlv_netns = 0x30,  // the network namespace of the sender
  // 0xe0 to 0xef are for agreement between two sides; see vendor.h.
  tlv_custom_first = 0xe0,
  tlv_gcp = 0xe0,
  tlv_aws = 0xea,
  tlv_azure = 0xee,
  tlv_custom_last = 0xef,
};

inline constexpr std::size_t unique_id_max = 128;

struct Tlv {
  std::uint8_t type = 0;
  ByteView value;
  bool operator==(const Tlv&) const = default;
};

// A list of them. Whatever the octets are, iteration stays within them: it ends before a TLV that is cut off.
class Tlvs {
 public:
  class Iterator {
   public:
    using value_type = Tlv;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    explicit Iterator(ByteView rest) : rest_(rest), octets_(first_octets(rest)) {}
    Tlv operator*() const { return {static_cast<std::uint8_t>(rest_.front()), rest_.substr(3, octets_ - 3)}; }
    Iterator& operator++() { return *this = Iterator(rest_.substr(octets_)); }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return octets_ == 0; }

   private:
    // How many octets the first takes; 0: there is none, or it is cut off.
    static std::size_t first_octets(ByteView rest);

    ByteView rest_;
    std::size_t octets_ = 0;
  };

  Tlvs() = default;
  explicit Tlvs(ByteView octets) : octets_(octets) {}

  Iterator begin() const { return Iterator(octets_); }
  static std::default_sentinel_t end() { return {}; }
  ByteView octets() const { return octets_; }

  // The value of the first of this type.
  std::optional<ByteView> find(std::uint8_t type) const;
  // The same for texts, where none and an empty one mean the same.
  ByteView value(std::uint8_t type) const { return find(type).value_or(ByteView{}); }

 private:
  ByteView octets_;
};

// The bits of Ssl::client. Others may be set: they mean nothing yet.
enum SslClient : std::uint8_t {
  client_ssl = 1,        // the client speaks TLS
  client_cert_conn = 2,  // it presented a certificate in this connection
  client_cert_sess = 4,  // it did so at least once in this TLS session
};

// The TLS of the client's connection (section 2.2.6). Texts that were not given are empty.
struct Ssl {
  std::uint8_t client = 0;
  // 0: verified. HAProxy sends 0 as well where there is no certificate: client_cert_conn or client_cert_sess says
  // whether there is one.
  std::uint32_t verify = 0;
  ByteView version;      // "TLSv1.3"
  ByteView cn;           // the common name in the client's certificate
  ByteView cipher;       // "ECDHE-RSA-AES128-GCM-SHA256"
  ByteView sig_alg;      // by which the sender's certificate was signed: "RSA-SHA256"
  ByteView key_alg;      // of the key in the sender's certificate: "RSA2048"
  ByteView group;        // of the key exchange: "X25519"
  ByteView sig_scheme;   // of the handshake: "rsa_pss_rsae_sha256"
  ByteView client_cert;  // DER
  bool operator==(const Ssl&) const = default;
};

// Nothing where `list` has none.
std::optional<Ssl> ssl(const Tlvs& list);
// The list in the value of tlv_ssl, with the types that Ssl has no member for.
Tlvs ssl_tlvs(ByteView value);

// Null, or what is wrong: a TLV reaches beyond the list, or one in tlv_ssl beyond that; tlv_ssl is shorter than its two
// numbers, tlv_crc32c is not four octets, tlv_unique_id is longer than it may be; a registered type but tlv_noop, or a
// registered one in tlv_ssl, is there twice, so that two readers could see two values.
const char* find_fault(const Tlvs& list);

}  // namespace sp::codec::proxy_protocol
