#include "services/record/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sp::record {
namespace {

using policy::Observed;
using Step = Statement::Step;

// "SPrc": that the file is one of these, and of which version.
constexpr std::int64_t application_id = 0x53507263;
constexpr std::int64_t version = 1;

constexpr const char* make_table = R"(
begin immediate;
create table if not exists seen (
  entry text not null, user text not null, client text not null, host text not null, port integer not null,
  kind integer not null, verdict integer not null, code text not null, rule text not null, day integer not null,
  count integer not null, reached integer not null, special integer not null,
  octets_out integer not null, octets_in integer not null,
  first integer not null, last integer not null, address text not null,
  primary key (entry, user, client, host, port, kind, verdict, code, rule, day)) without rowid;
pragma application_id = 1397781091;
pragma user_version = 1;
commit;
)";

constexpr std::string_view add_row = R"(
insert into seen values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
on conflict do update set
  count = count + ?11, reached = reached + ?12, special = special + ?13,
  octets_out = octets_out + ?14, octets_in = octets_in + ?15,
  first = min(first, ?16), last = max(last, ?17), address = iif(?18 = '', address, ?18)
)";

constexpr std::string_view forget_old = "delete from seen where entry = ?1 and day < ?2";
constexpr std::string_view count_rows = "select count(*) from seen where entry = ?1";
constexpr std::string_view forget_most = R"(
delete from seen where (entry, user, client, host, port, kind, verdict, code, rule, day) in (
  select entry, user, client, host, port, kind, verdict, code, rule, day from seen where entry = ?1
  order by count > 1, last limit ?2)
)";

constexpr std::string_view read_rows = R"(
select user, host, port, kind, verdict, code, rule, count, reached, special, octets_out, octets_in, day, first, last,
  address, client
from seen where entry = ?1 and day >= ?2
)";

std::string in_words(int error) { return std::strerror(error); }

// SQLite would make it for everybody whom the umask lets; what it puts beside it gets the rights of the file.
SqlResult make_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(in_words(errno));
  ::close(file);
  return {};
}

// An empty file is nobody's yet.
SqlResult check_owner(Database& database) {
  const auto id = database.ask("pragma application_id");
  if (!id) return std::unexpected(id.error());
  const auto tables = database.ask("select count(*) from sqlite_schema");
  if (!tables) return std::unexpected(tables.error());
  if (*id == 0 && *tables == 0) return {};
  if (*id != application_id) return std::unexpected("it is a database of another program");
  const auto made_by = database.ask("pragma user_version");
  if (!made_by) return std::unexpected(made_by.error());
  if (*made_by > version) return std::unexpected("it was made by a later version of this program");
  return {};
}

constexpr const char* settings =
    "pragma busy_timeout = 2000; pragma journal_mode = wal; pragma synchronous = normal; "
    "pragma journal_size_limit = 16777216; pragma trusted_schema = off;";

void bind_row(Statement& row, const SightingKey& key, const SightingSum& sum) {
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  row.bind(1, key.entry).bind(2, key.user).bind(3, key.client).bind(4, key.host).bind(5, std::int64_t{key.port});
  row.bind(6, static_cast<std::int64_t>(key.kind)).bind(7, static_cast<std::int64_t>(key.verdict));
  row.bind(8, key.code).bind(9, key.rule).bind(10, std::int64_t{key.day});
  row.bind(11, number(sum.count)).bind(12, number(sum.reached)).bind(13, number(sum.special));
  row.bind(14, number(sum.octets_out)).bind(15, number(sum.octets_in));
  row.bind(16, sum.first).bind(17, sum.last).bind(18, sum.address);
}

std::uint64_t counted(const Statement& row, int column) { return static_cast<std::uint64_t>(row.number(column)); }

std::chrono::sys_seconds moment(const Statement& row, int column) {
  return std::chrono::sys_seconds(std::chrono::seconds(row.number(column)));
}

// A file can hold anything: what no version of this program writes is passed over.
bool is_known(const Statement& row) {
  const auto within = [&](int column, std::int64_t least, std::int64_t most) {
    return row.number(column) >= least && row.number(column) <= most;
  };
  return within(2, 1, 65535) && within(3, 0, static_cast<int>(policy::OutboundRequest::Kind::inspected)) &&
         within(4, 0, static_cast<int>(Observed::Verdict::refused)) && policy::read_host(row.text(1)).has_value() &&
         IpAddress::parse(row.text(16)).has_value();
}

Observed observed_of(const Statement& row, const std::string& entry) {
  return {.entry = entry,
          .user = row.text(0),
          .client = *IpAddress::parse(row.text(16)),
          .host = row.text(1),
          .port = static_cast<std::uint16_t>(row.number(2)),
          .kind = static_cast<policy::OutboundRequest::Kind>(row.number(3)),
          .verdict = static_cast<Observed::Verdict>(row.number(4)),
          .code = row.text(5),
          .rule = row.text(6),
          .count = counted(row, 7),
          .reached = counted(row, 8),
          .special = counted(row, 9),
          .octets_out = counted(row, 10),
          .octets_in = counted(row, 11),
          .day = static_cast<std::int32_t>(row.number(12)),
          .first = moment(row, 13),
          .last = moment(row, 14),
          .address = row.text(15)};
}

// Where nothing is beside the file, and the folder cannot be written to, SQLite cannot open it as one that others write
// to; then nobody does.
std::expected<Database, std::string> open_to_read(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return std::unexpected(in_words(errno));
  auto database = Database::open(path, SQLITE_OPEN_READONLY);
  if (database && database->run("pragma busy_timeout = 5000") && database->ask("pragma application_id"))
    return database;
  if (::access((path + "-wal").c_str(), F_OK) == 0) return database;
  std::string escaped;
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      constexpr std::string_view digits = "0123456789ABCDEF";
      escaped += '%';
      escaped += digits[static_cast<unsigned char>(c) >> 4];
      escaped += digits[static_cast<unsigned char>(c) & 15];
    } else {
      escaped += c;
    }
  }
  return Database::open("file:" + escaped + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

}  // namespace

std::expected<Store, std::string> Store::open(const std::string& path) {
  if (auto made = make_file(path); !made) return std::unexpected(made.error());
  auto database = Database::open(path, SQLITE_OPEN_READWRITE);
  if (!database) return std::unexpected(database.error());
  if (auto checked = check_owner(*database); !checked) return std::unexpected(checked.error());
  for (const char* sql : {settings, make_table}) {
    if (auto done = database->run(sql); !done) return std::unexpected(done.error());
  }
  return Store(*std::move(database), identity_of(path));
}

// Zeros: there is none.
Store::Identity Store::identity_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

bool Store::is_at(const std::string& path) const { return identity_of(path) == identity_; }

SqlResult Store::write(const Sightings& sightings, const std::string& path) {
  auto row = database_.prepare(add_row);
  if (!row) return std::unexpected(row.error());
  for (const auto& [key, sum] : sightings) {
    if (key.path != path) continue;
    bind_row(*row, key, sum);
    if (row->step() == Step::failed) return std::unexpected(database_.error());
    row->reset();
  }
  return database_.run("commit");
}

SqlResult Store::add(const Sightings& sightings, const std::string& path) {
  if (auto begun = database_.run("begin immediate"); !begun) return begun;
  auto written = write(sightings, path);
  if (written) return written;
  // Where it is rolled back already, this fails.
  [[maybe_unused]] const auto undone = database_.run("rollback");
  return written;
}

SqlResult Store::forget(const std::string& entry, std::int32_t oldest_day, std::size_t most) {
  auto old = database_.prepare(forget_old);
  auto count = database_.prepare(count_rows);
  auto much = database_.prepare(forget_most);
  if (!old || !count || !much) return std::unexpected(database_.error());
  if (old->bind(1, entry).bind(2, std::int64_t{oldest_day}).step() == Step::failed)
    return std::unexpected(database_.error());
  if (count->bind(1, entry).step() != Step::row) return std::unexpected(database_.error());
  const std::int64_t over = count->number(0) - static_cast<std::int64_t>(most);
  count->reset();
  if (over <= 0) return {};
  if (much->bind(1, entry).bind(2, over).step() == Step::failed) return std::unexpected(database_.error());
  return {};
}

SqlResult Store::set_most_pages(int count) {
  return database_.run(("pragma max_page_count = " + std::to_string(count)).c_str());
}

std::expected<std::vector<Observed>, std::string> read_observed(const std::string& path, const std::string& entry,
                                                                std::int32_t since_day) {
  auto database = open_to_read(path);
  if (!database) return std::unexpected(database.error());
  if (auto checked = check_owner(*database); !checked) return std::unexpected(checked.error());
  const auto tables = database->ask("select count(*) from sqlite_schema");
  if (tables && *tables == 0) return std::vector<Observed>{};  // the gate is about to begin with it
  auto rows = database->prepare(read_rows);
  if (!rows) return std::unexpected(rows.error());
  rows->bind(1, entry).bind(2, std::int64_t{since_day});
  std::vector<Observed> all;
  for (;;) {
    const Step step = rows->step();
    if (step == Step::failed) return std::unexpected(database->error());
    if (step == Step::done) return all;
    if (is_known(*rows)) all.push_back(observed_of(*rows, entry));
  }
}

}  // namespace sp::record
