#include "codec/tls_hello/shape.h"

#include <cstddef>

#include "codec/tls_hello/fields.h"
#include "codec/tls_hello/octets.h"

namespace sp::codec::tls_hello {
namespace {

// FNV-1a.
constexpr std::uint64_t basis = 0xcbf29ce484222325;
constexpr std::uint64_t with(std::uint64_t hash, std::uint64_t value) { return (hash ^ value) * 0x100000001b3; }

bool differs_by_connection(std::uint32_t extension) {
  constexpr std::uint32_t server_name = 0, padding = 21, pre_shared_key = 41, early_data = 42;
  return is_made_up(extension) || extension == server_name || extension == padding || extension == pre_shared_key ||
         extension == early_data;
}

std::uint64_t shape_of_suites(Octets suites) {
  std::uint64_t hash = basis;
  while (!suites.empty()) {
    const std::uint32_t suite = suites.number(2);
    if (!is_made_up(suite)) hash = with(hash, suite);
  }
  return hash;
}

std::uint64_t shape_of_extensions(Octets extensions) {
  constexpr std::uint32_t protocols = 16;
  std::uint64_t sum = 0;
  while (!extensions.empty()) {
    const std::uint32_t type = extensions.number(2);
    const ByteView data = extensions.vector(2);
    if (differs_by_connection(type)) continue;
    std::uint64_t hash = with(basis, type);
    if (type == protocols) {
      for (char c : data) hash = with(hash, static_cast<unsigned char>(c));
    }
    sum += hash;
  }
  return sum;
}

}  // namespace

std::uint64_t shape_of(ByteView octets) {
  constexpr std::size_t record_head = 5, message_head = 4;
  Octets in(octets);
  in.take(record_head - 2);
  Octets message(in.vector(2));
  message.take(message_head - 3);
  Octets content(message.vector(3));
  const FixedFields fields = take_fixed_fields(content);
  const ByteView extensions = content.empty() ? ByteView() : content.vector(2);
  if (content.broken()) return 0;
  return with(shape_of_suites(Octets(fields.cipher_suites)), shape_of_extensions(Octets(extensions)));
}

}  // namespace sp::codec::tls_hello
