// Where lines go: a file, standard output, syslog, the journal. Driven by LogWriter's thread alone; never blocks on a
// peer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sp::access_log {

// Which sinks there are, and where this machine has them; tests have their own.
struct SinkPlaces {
  int standard_output = 1;
  int standard_error = 2;
  std::string syslog_socket = "/dev/log";
  std::string journal_socket = "/run/systemd/journal/socket";
};

class Sink {
 public:
  enum class Outcome : std::uint8_t {
    done,     // everything was taken
    blocked,  // not now: when descriptor() is writable again
    failed,   // fault() says why; it may go better next time
  };
  virtual ~Sink() = default;
  // Takes what it can off the front of `lines` (whole lines, but for what an earlier call has begun).
  virtual Outcome write(std::string_view& lines) = 0;
  // Opens the file again by its name (after it was renamed). On a failure (fault()) the old one stays.
  virtual bool reopen() { return true; }
  // To poll for POLLOUT after `blocked`; -1: try again after a while.
  virtual int descriptor() const = 0;
  virtual int fault() const = 0;              // an errno
  virtual std::string_view name() const = 0;  // for the operator: "/var/log/sallyport/access.log", "stdout"
};

// `access` as in the configuration: off (null comes back), stdout, syslog, journal, or a path. Fails with not_found,
// permission_denied, no_descriptors or io_error when a file cannot be opened; syslog and the journal may come up later,
// and where there is no journal at all standard error takes its place.
Result<std::unique_ptr<Sink>> open_sink(std::string_view access, const SinkPlaces& places = {});

// What open_sink is made of.
Result<std::unique_ptr<Sink>> open_file_sink(const std::string& path);
std::unique_ptr<Sink> make_stream_sink(int descriptor, std::string_view name);
std::unique_ptr<Sink> make_syslog_sink(const std::string& path);
std::unique_ptr<Sink> make_journal_sink(const std::string& path);

}  // namespace sp::access_log
