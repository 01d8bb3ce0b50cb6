// SQLite, as much of it as the record needs: a connection and its statements, which close themselves.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace sp::record {

// What SQLite says, in words: "database is locked".
using SqlResult = std::expected<void, std::string>;

class Statement {
 public:
  enum class Step : std::uint8_t { row, done, failed };

  // Texts are bound as they are, and must live until the next step().
  Statement& bind(int place, std::int64_t number);
  Statement& bind(int place, std::string_view text);
  Step step();
  // Ready for other values.
  void reset();
  std::int64_t number(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Used by one thread.
class Database {
 public:
  // `flags` of sqlite3_open_v2().
  static std::expected<Database, std::string> open(const std::string& path, int flags);

  SqlResult run(const char* sql);
  std::expected<Statement, std::string> prepare(std::string_view sql);
  // A number of the first row; 0 without one.
  std::expected<std::int64_t, std::string> ask(std::string_view sql);
  std::string error() const { return sqlite3_errmsg(connection_.get()); }
  int changes() const { return sqlite3_changes(connection_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace sp::record
