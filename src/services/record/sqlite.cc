#include "services/record/sqlite.h"

namespace sp::record {

// What cannot be bound (too large, no memory) shows when the statement is stepped: a value is missing, and each of the
// record's columns must have one.
Statement& Statement::bind(int place, std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), place, number);
  return *this;
}

Statement& Statement::bind(int place, std::string_view text) {
  // A null pointer would be NULL, and not an empty text. SQLITE_STATIC: it stays where it is.
  sqlite3_bind_text(statement_.get(), place, text.empty() ? "" : text.data(), static_cast<int>(text.size()), nullptr);
  return *this;
}

Statement::Step Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW: return Step::row;
    case SQLITE_DONE: return Step::done;
    default: return Step::failed;
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::expected<Database, std::string> Database::open(const std::string& path, int flags) {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database made(connection);
  if (code == SQLITE_OK) return made;
  return std::unexpected(connection == nullptr ? "there is no memory for it" : made.error());
}

SqlResult Database::run(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return std::unexpected(error());
}

std::expected<Statement, std::string> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error());
  return Statement(statement);
}

std::expected<std::int64_t, std::string> Database::ask(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  switch (statement->step()) {
    case Statement::Step::row: return statement->number(0);
    case Statement::Step::done: return 0;
    case Statement::Step::failed: break;
  }
  return std::unexpected(error());
}

}  // namespace sp::record
