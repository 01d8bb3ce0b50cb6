#include "app/load_snapshot.h"

#include "app/log_place.h"
#include "app/overlay_files.h"
#include "app/stand_ins.h"
#include "config/load.h"
#include "proxy/compile_snapshot.h"
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
  OverlayFiles files(world.files);
  if (named == NamedFiles::required) {
    if (auto obstacle = log_obstacle(loaded.config.log, world.files)) result.findings.push_back(*std::move(obstacle));
  } else {
    StandIns which = named == NamedFiles::not_looked_at ? StandIns::everywhere : StandIns::where_unreadable;
    put_stand_ins(loaded.config, which, world.files, world.now, files, result.findings);
  }
  proxy::CompileDeps deps{
      .files = files, .now = world.now, .tickets = std::make_shared<tls::TicketKeys>(), .via = via_name};
  result.snapshot = proxy::compile_snapshot(std::move(loaded.config), deps, result.findings);
  return result;
}

}  // namespace sp::app
