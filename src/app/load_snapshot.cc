#include "app/load_snapshot.h"

#include <algorithm>
#include <iterator>

#include "app/ended_rules.h"
#include "app/log_place.h"
#include "app/overlay_files.h"
#include "app/record_place.h"
#include "app/stand_ins.h"
#include "app/user_standing.h"
#include "config/load.h"
#include "proxy/compile_snapshot.h"
#include "services/identity/htpasswd_users.h"
#include "tls/ticket_keys.h"

namespace sp::app {
namespace {

// A gate that runs has a number of its own in the place of the x's; none has these.
constexpr const char* via_name = "sallyport-xxxxxxxx";

}  // namespace

LoadedSnapshot load_snapshot(const std::string& path, NamedFiles named, const CommandWorld& world) {
  config::Loaded loaded = config::load_file(path, world.files);
  LoadedSnapshot result{
      .snapshot = nullptr, .findings = std::move(loaded.findings), .sources = std::move(loaded.sources)};
  if (config::has_errors(result.findings)) return result;
  if (named != NamedFiles::not_looked_at)
    std::ranges::move(unknown_users(loaded.config, world.files), std::back_inserter(result.findings));
  std::ranges::move(ended_rules(loaded.config, world.now), std::back_inserter(result.findings));
  OverlayFiles files(world.files);
  if (named == NamedFiles::required) {
    if (auto obstacle = log_obstacle(loaded.config.log, world.files)) result.findings.push_back(*std::move(obstacle));
    for (const config::OutboundConfig& entry : loaded.config.outbound) {
      if (!entry.record) continue;
      if (auto obstacle = record_obstacle(*entry.record, world.files)) result.findings.push_back(*std::move(obstacle));
    }
  } else {
    StandIns which = named == NamedFiles::not_looked_at ? StandIns::everywhere : StandIns::where_unreadable;
    put_stand_ins(loaded.config, which, world.files, world.now, files, result.findings);
  }
  proxy::CompileDeps deps{
      .files = files, .now = world.now, .tickets = std::make_shared<tls::TicketKeys>(), .via = via_name};
  if (named == NamedFiles::required) deps.load_users = &identity::load_users;
  result.snapshot = proxy::compile_snapshot(std::move(loaded.config), deps, result.findings);
  return result;
}

}  // namespace sp::app
