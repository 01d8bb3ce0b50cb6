// Expected failures as values (docs/architecture.md, "Errors"). On the data path nothing throws.
#pragma once

#include <expected>

#include "base/code.h"

namespace sp {

enum class Side : std::uint8_t { client, upstream, local };
enum class Retry : std::uint8_t { never, safe };  // safe: the upstream cannot have acted on it

struct Error {
  Code code = Code::internal;
  Side side = Side::local;  // whose fault
  Retry retry = Retry::never;
  const char* where = "";  // a literal: making an error allocates nothing
};

template <class T>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using std::expected<T, Error>::expected;
};

inline auto fail(Error error) { return std::unexpected(error); }
inline auto fail(Code code, const char* where = "") { return std::unexpected(Error{.code = code, .where = where}); }

}  // namespace sp

#define SP_CONCAT_(a, b) a##b
#define SP_CONCAT(a, b) SP_CONCAT_(a, b)
// In coroutines: leave on error, else name the value. A statement of its own (it expands to three).
#define SP_TRY_(tmp, decl, ...)                \
  auto tmp = (__VA_ARGS__);                    \
  if (!tmp) co_return ::sp::fail(tmp.error()); \
  decl = *std::move(tmp)
#define SP_TRY(decl, ...) SP_TRY_(SP_CONCAT(try_, __LINE__), decl, __VA_ARGS__)
// The same for Result<void>.
#define SP_CHECK_(tmp, ...) \
  auto tmp = (__VA_ARGS__); \
  if (!tmp) co_return ::sp::fail(tmp.error())
#define SP_CHECK(...) SP_CHECK_(SP_CONCAT(try_, __LINE__), __VA_ARGS__)
// Their twins in plain functions.
#define SP_TRY_PLAIN_(tmp, decl, ...)       \
  auto tmp = (__VA_ARGS__);                 \
  if (!tmp) return ::sp::fail(tmp.error()); \
  decl = *std::move(tmp)
#define SP_TRY_PLAIN(decl, ...) SP_TRY_PLAIN_(SP_CONCAT(try_, __LINE__), decl, __VA_ARGS__)
