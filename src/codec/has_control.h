// Whether a text holds a control character (0x00-0x1f without HTAB, and 0x7f).
#pragma once

#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "codec/characters.h"

namespace sp::codec {

inline bool has_control(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
#if defined(__SSE2__)  // part of every x86-64
  __m128i found = _mm_setzero_si128();
  for (; end - at >= 16; at += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    const __m128i other = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')), low),
                                       _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
    found = _mm_or_si128(found, other);
  }
  if (_mm_movemask_epi8(found) != 0) return true;
#endif
  for (; at != end; ++at) {
    if (is_control(*at)) return true;
  }
  return false;
}

}  // namespace sp::codec
