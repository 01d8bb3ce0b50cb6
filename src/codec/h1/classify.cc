#include <array>
#include <bit>
#include <cstring>

#include "codec/characters.h"
#include "codec/h1/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sp::codec::h1 {
namespace {

void classify_scalar(ByteView data, Masks* out) {
  for (std::size_t begin = 0; begin < data.size(); begin += 64) {
    Masks masks{};
    ByteView block = data.substr(begin, 64);
    for (std::size_t i = 0; i < block.size(); ++i) {
      masks.control |= std::uint64_t{is_control(block[i])} << i;
      masks.non_token |= std::uint64_t{!is_tchar(block[i])} << i;
    }
    *out++ = masks;
  }
}

[[gnu::noinline]] std::size_t count_scalar(ByteView data) {
  std::size_t count = 0;
  for (char c : data) count += is_control(c) ? 1 : 0;
  return count;
}

#if defined(__x86_64__)

// A tchar by its two halves: bit h of low_half[l] says whether 0xhl is one. Octets from 0x80 have no bit.
constexpr std::array<std::uint8_t, 16> low_half = [] {
  std::array<std::uint8_t, 16> bits{};
  for (int c = 0; c < 128; ++c) {
    if (is_tchar(static_cast<char>(c))) bits[c & 15] = static_cast<std::uint8_t>(bits[c & 15] | 1 << (c >> 4));
  }
  return bits;
}();
constexpr std::array<std::uint8_t, 16> high_half{1, 2, 4, 8, 16, 32, 64, 128};

[[gnu::target("sse4.2")]] inline __m128i load16(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
[[gnu::target("avx2")]] inline __m256i load32(const char* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

[[gnu::target("sse4.2")]] inline std::uint32_t controls16(__m128i v) {
  const __m128i below_space = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
  const __m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, below_space), del)));
}

[[gnu::target("sse4.2")]] inline void classify16(__m128i v, std::uint64_t& control, std::uint64_t& non_token) {
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(low_half.data()));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(high_half.data()));
  control = controls16(v);
  // A shuffle gives 0 where the index has its top bit set, so that v needs no masking on the left.
  const __m128i bits = _mm_and_si128(_mm_shuffle_epi8(low, v),
                                     _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15))));
  non_token = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bits, _mm_setzero_si128())));
}

[[gnu::target("sse4.2")]] inline Masks classify64_sse42(const char* data) {
  Masks masks{};
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint64_t control = 0, non_token = 0;
    classify16(load16(data + 16 * i), control, non_token);
    masks.control |= control << (16 * i);
    masks.non_token |= non_token << (16 * i);
  }
  return masks;
}

[[gnu::target("avx2")]] inline std::uint32_t controls32(__m256i v) {
  const __m256i below_space = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
  const __m256i tab = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\t'));
  const __m256i del = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(_mm256_andnot_si256(tab, below_space), del)));
}

[[gnu::target("avx2")]] inline Masks classify32(__m256i v) {
  const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low_half.data())));
  const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(high_half.data())));
  const __m256i bits =
      _mm256_and_si256(_mm256_shuffle_epi8(low, v),
                       _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15))));
  const __m256i other = _mm256_cmpeq_epi8(bits, _mm256_setzero_si256());
  return {controls32(v), static_cast<std::uint32_t>(_mm256_movemask_epi8(other))};
}

[[gnu::target("avx2")]] inline Masks classify64_avx2(const char* data) {
  const Masks a = classify32(load32(data));
  const Masks b = classify32(load32(data + 32));
  return {a.control | b.control << 32, a.non_token | b.non_token << 32};
}

// The rest of fewer than 64 octets is classified in a copy: nothing is read behind the end of `data`.
struct Tail {
  explicit Tail(ByteView rest) { std::memcpy(octets.data(), rest.data(), rest.size()); }
  alignas(32) std::array<char, 64> octets{};
};
Masks without_padding(Masks masks, std::size_t size) {
  const std::uint64_t valid = (std::uint64_t{1} << size) - 1;
  return {masks.control & valid, masks.non_token & valid};
}

[[gnu::target("sse4.2")]] void classify_sse42(ByteView data, Masks* out) {
  for (; data.size() >= 64; data.remove_prefix(64)) *out++ = classify64_sse42(data.begin());
  if (!data.empty()) *out = without_padding(classify64_sse42(Tail(data).octets.data()), data.size());
}

[[gnu::target("avx2")]] void classify_avx2(ByteView data, Masks* out) {
  for (; data.size() >= 64; data.remove_prefix(64)) *out++ = classify64_avx2(data.begin());
  if (!data.empty()) *out = without_padding(classify64_avx2(Tail(data).octets.data()), data.size());
}

// The last 32 octets of `data` are looked at again where its size is no multiple of 32; what was counted before is
// shifted out.
[[gnu::target("avx2,popcnt")]] std::size_t count_avx2(ByteView data) {
  if (data.size() < 32) return count_scalar(data);
  std::size_t count = 0;
  const char* next = data.data();
  const char* const end = next + data.size();
  for (; end - next >= 32; next += 32) count += static_cast<std::size_t>(std::popcount(controls32(load32(next))));
  const std::uint64_t last = controls32(load32(end - 32));
  return count + static_cast<std::size_t>(std::popcount(last >> (32 - (end - next))));
}

[[gnu::target("sse4.2,popcnt")]] std::size_t count_sse42(ByteView data) {
  if (data.size() < 16) return count_scalar(data);
  std::size_t count = 0;
  const char* next = data.data();
  const char* const end = next + data.size();
  for (; end - next >= 16; next += 16) count += static_cast<std::size_t>(std::popcount(controls16(load16(next))));
  const std::uint32_t last = controls16(load16(end - 16));
  return count + static_cast<std::size_t>(std::popcount(last >> (16 - (end - next))));
}

[[gnu::target("avx512f,avx512bw")]] inline std::uint64_t controls64(__m512i v) {
  const std::uint64_t below_space = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20));
  const std::uint64_t tab = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\t'));
  const std::uint64_t del = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(0x7f));
  return (below_space & ~tab) | del;
}

[[gnu::target("avx512f,avx512bw")]] inline Masks classify64_avx512(__m512i v) {
  const __m512i low = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low_half.data())));
  const __m512i high = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(high_half.data())));
  const __m512i bits =
      _mm512_and_si512(_mm512_shuffle_epi8(low, v),
                       _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16(v, 4), _mm512_set1_epi8(15))));
  return {controls64(v), _mm512_testn_epi8_mask(bits, bits)};
}

[[gnu::target("avx512f,avx512bw")]] void classify_avx512(ByteView data, Masks* out) {
  for (; data.size() >= 64; data.remove_prefix(64)) *out++ = classify64_avx512(_mm512_loadu_si512(data.data()));
  if (data.empty()) return;
  // Octets that are masked out are not touched, so that the rest needs no copy.
  const std::uint64_t valid = (std::uint64_t{1} << data.size()) - 1;
  *out = without_padding(classify64_avx512(_mm512_maskz_loadu_epi8(valid, data.data())), data.size());
}

[[gnu::target("avx512f,avx512bw,popcnt")]] std::size_t count_avx512(ByteView data) {
  std::size_t count = 0;
  for (; data.size() >= 64; data.remove_prefix(64)) {
    count += static_cast<std::size_t>(std::popcount(controls64(_mm512_loadu_si512(data.data()))));
  }
  const std::uint64_t valid = (std::uint64_t{1} << data.size()) - 1;
  // Outside of `valid` spaces are loaded.
  const __m512i rest = _mm512_mask_loadu_epi8(_mm512_set1_epi8(' '), valid, data.data());
  return count + static_cast<std::size_t>(std::popcount(controls64(rest)));
}

#endif

struct Supported {
  std::array<Classifier, 4> list{};
  std::size_t count = 0;
  void add(const Classifier& one) { list[count++] = one; }
};

Supported supported() {
  Supported found;
#if defined(__x86_64__)
  // Processors with VBMI2 do not run slower for having used wide registers; earlier ones with AVX-512 may.
  const bool wide = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
  const bool popcnt = __builtin_cpu_supports("popcnt");
  if (popcnt && wide) found.add({"avx512", classify_avx512, count_avx512});
  if (popcnt && __builtin_cpu_supports("avx2")) found.add({"avx2", classify_avx2, count_avx2});
  if (popcnt && __builtin_cpu_supports("sse4.2")) found.add({"sse4.2", classify_sse42, count_sse42});
#endif
  found.add({"scalar", classify_scalar, count_scalar});
  return found;
}

}  // namespace

std::span<const Classifier> classifiers() {
  static const Supported found = supported();
  return {found.list.data(), found.count};
}

}  // namespace sp::codec::h1
