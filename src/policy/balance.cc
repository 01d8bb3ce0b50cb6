#include "policy/balance.h"

#include <algorithm>

namespace sp::policy {

ServerHealth::State ServerHealth::state(TimePoint now) const {
  if (!down_) return State::up;
  if (now < until_) return State::down;
  return now < trial_until_ ? State::on_trial : State::due;
}

void ServerHealth::picked(TimePoint now) {
  if (state(now) == State::due) trial_until_ = now + fail_for_;
}

void ServerHealth::succeeded() { *this = ServerHealth(); }

bool ServerHealth::failed(TimePoint now, const FailureRule& rule) {
  if (failures_ != ~std::uint32_t{0}) ++failures_;
  // Requests that were on their way when the server was marked say nothing new.
  if (state(now) == State::down) return false;
  if (!down_ && failures_ < rule.fail_after) return false;
  down_ = true;
  fail_for_ = rule.fail_for;
  until_ = now + fail_for_;
  trial_until_ = {};
  return true;
}

void ServerHealth::abandoned() { trial_until_ = {}; }

bool all_down_by_check(std::span<const ServerState> servers) {
  return !servers.empty() && std::ranges::all_of(servers, [](const ServerState& server) {
    return server.down_by_check || server.weight == 0;
  });
}

namespace {

constexpr std::size_t few = 16;  // among so many servers, looking at each costs less than choosing badly

// The servers that may be picked now: not tried, usable, and a backup only while there is no other.
class Choice {
 public:
  Choice(std::span<ServerState> servers, TimePoint now, std::span<const std::size_t> tried)
      : servers_(servers), now_(now), tried_(tried), checks_count_(!all_down_by_check(servers)) {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      if (!may(i)) continue;
      (servers[i].backup ? backups_ : primaries_) += 1;
      (servers[i].backup ? backup_weight_ : primary_weight_) += servers[i].weight;
    }
  }

  std::size_t count() const { return primaries_ != 0 ? primaries_ : backups_; }
  std::uint64_t weight() const { return primaries_ != 0 ? primary_weight_ : backup_weight_; }
  bool has(std::size_t i) const { return may(i) && servers_[i].backup == (primaries_ == 0); }
  std::span<ServerState> servers() const { return servers_; }

 private:
  bool may(std::size_t i) const {
    if (std::ranges::find(tried_, i) != tried_.end()) return false;
    if (servers_.size() == 1) return true;
    if (checks_count_ && servers_[i].down_by_check) return false;
    return servers_[i].weight != 0 && servers_[i].health.usable(now_);
  }

  std::span<ServerState> servers_;
  TimePoint now_;
  std::span<const std::size_t> tried_;
  bool checks_count_;
  std::size_t primaries_ = 0, backups_ = 0;
  std::uint64_t primary_weight_ = 0, backup_weight_ = 0;
};

// Each gets its weight as credit; the richest is picked and pays for all.
std::size_t round_robin(const Choice& choice) {
  std::size_t best = choice.servers().size();
  for (std::size_t i = 0; i < choice.servers().size(); ++i) {
    if (!choice.has(i)) continue;
    ServerState& server = choice.servers()[i];
    server.credit += server.weight;
    if (best == choice.servers().size() || server.credit > choice.servers()[best].credit) best = i;
  }
  choice.servers()[best].credit -= static_cast<std::int64_t>(choice.weight());
  return best;
}

// The server at the given point of the line on which each is as long as its weight.
std::size_t at_weight(const Choice& choice, std::uint64_t point) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < choice.servers().size(); ++i) {
    if (!choice.has(i)) continue;
    last = i;
    if (point < choice.servers()[i].weight) break;
    point -= choice.servers()[i].weight;
  }
  return last;
}

// (in_flight + 1) / weight, compared without division.
bool less_loaded(const ServerState& a, const ServerState& b) {
  return (std::uint64_t{a.in_flight} + 1) * b.weight < (std::uint64_t{b.in_flight} + 1) * a.weight;
}

// Equal ones are told apart by a random start, so that idle servers share the work.
std::size_t least_of_all(const Choice& choice, std::uint64_t random) {
  std::size_t size = choice.servers().size();
  std::size_t best = size;
  std::size_t i = static_cast<std::size_t>(random % size);
  for (std::size_t left = size; left != 0; --left, i = i + 1 == size ? 0 : i + 1) {
    if (choice.has(i) && (best == size || less_loaded(choice.servers()[i], choice.servers()[best]))) best = i;
  }
  return best;
}

std::size_t least_of_two(const Choice& choice, std::uint64_t random) {
  std::size_t a = at_weight(choice, (random & 0xffffffff) % choice.weight());
  std::size_t b = at_weight(choice, (random >> 32) % choice.weight());
  return less_loaded(choice.servers()[b], choice.servers()[a]) ? b : a;
}

std::size_t pick_from(config::Balance balance, const Choice& choice, std::uint64_t random) {
  if (choice.servers().size() == 1) return 0;
  switch (balance) {
    case config::Balance::round_robin: return round_robin(choice);
    case config::Balance::random: return at_weight(choice, random % choice.weight());
    case config::Balance::least_requests: break;
  }
  return choice.count() <= few ? least_of_all(choice, random) : least_of_two(choice, random);
}

}  // namespace

std::optional<std::size_t> pick(config::Balance balance, std::span<ServerState> servers, TimePoint now,
                                std::uint64_t random, std::span<const std::size_t> tried) {
  Choice choice(servers, now, tried);
  if (choice.count() == 0) return std::nullopt;
  std::size_t picked = pick_from(balance, choice, random);
  servers[picked].health.picked(now);
  return picked;
}

}  // namespace sp::policy
