#include "runtime/ares_resolver.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace sp::runtime {
namespace {

DnsAnswer failure(DnsAnswer::Kind kind) { return {kind, {}, {}}; }

DnsAnswer answer_of(int status, ByteView message, Family family) {
  switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
      // Names that c-ares itself refuses to send (.onion, RFC 7686) end here without a message.
      if (message.empty()) return {DnsAnswer::Kind::no_name, {}, negative_ttl};
      return read_answer(message, family);
    case ARES_ETIMEOUT: return failure(DnsAnswer::Kind::no_reply);
    // ARES_ECONNREFUSED among them: c-ares says it too when every server has answered SERVFAIL or REFUSED.
    default: return failure(DnsAnswer::Kind::failure);
  }
}

void start_library() {
  static std::once_flag once;
  std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
}

}  // namespace

struct AresAsker::Question {
  Channel& channel;
  Family family;
  OnAnswer on_answer;
};

// One c-ares channel with its sockets and its clock.
struct AresAsker::Channel {
  Channel(Loop& loop_in, DescriptorWatcher& watcher_in, const AresOptions& options_in)
      : loop(loop_in), watcher(watcher_in), options(options_in) {}
  ~Channel() {
    closing = true;  // its questions are answered with ARES_EDESTRUCTION: nobody is to hear that
    if (channel != nullptr) ares_destroy(channel);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool open();
  void ask(const std::string& name, Family family, OnAnswer on_answer);
  void process(ares_socket_t read, ares_socket_t write);
  void deliver_at_once();
  void arm();
  bool unused() const { return under_way == 0 && at_once.empty() && running == 0; }

  static void sockets_changed(void* self, ares_socket_t descriptor, int readable, int writable);
  static void answered(void* question, int status, int timeouts, unsigned char* message, int length);
  static void tick(void* self);

  Loop& loop;
  DescriptorWatcher& watcher;
  const AresOptions& options;
  ares_channel channel = nullptr;  // null until the first question, or if c-ares cannot start
  bool closing = false;
  bool asking = false;  // inside ares_query, which may answer at once
  int running = 0;      // how many of its functions that call others are on the stack
  std::size_t under_way = 0;
  std::vector<std::pair<OnAnswer, DnsAnswer>> at_once;  // answers from within ares_query, for the next turn
  Timer timer{&Channel::tick, this};
};

bool AresAsker::Channel::open() {
  ares_options wanted{};
  wanted.timeout = static_cast<int>(options.timeout.count());
  wanted.tries = options.tries;
  wanted.sock_state_cb = &Channel::sockets_changed;
  wanted.sock_state_cb_data = this;
  wanted.ednspsz = 1232;  // fits an unfragmented packet (dnsflagday.net/2020)
  wanted.flags = ARES_FLAG_EDNS;
  wanted.resolvconf_path = const_cast<char*>(options.resolv_conf_path.c_str());
  const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_EDNSPSZ | ARES_OPT_FLAGS |
                   ARES_OPT_RESOLVCONF;
  if (ares_init_options(&channel, &wanted, mask) != ARES_SUCCESS) {
    channel = nullptr;
    return false;
  }
  return options.servers.empty() || ares_set_servers_ports_csv(channel, options.servers.c_str()) == ARES_SUCCESS;
}

void AresAsker::Channel::ask(const std::string& name, Family family, OnAnswer on_answer) {
  constexpr int class_in = 1, type_a = 1, type_aaaa = 28;
  if (channel == nullptr && !open()) {
    at_once.emplace_back(std::move(on_answer), failure(DnsAnswer::Kind::failure));
    arm();
    return;
  }
  auto question = std::make_unique<Question>(*this, family, std::move(on_answer));
  ++under_way;
  const bool outer = std::exchange(asking, true);
  ares_query(channel, name.c_str(), class_in, family == Family::v4 ? type_a : type_aaaa, &Channel::answered,
             question.release());
  asking = outer;
  arm();
}

void AresAsker::Channel::answered(void* question, int status, int, unsigned char* message, int length) {
  const std::unique_ptr<Question> owned(static_cast<Question*>(question));
  Channel& self = owned->channel;
  --self.under_way;
  if (self.closing) return;
  const ByteView octets = message == nullptr
                              ? ByteView{}
                              : ByteView(reinterpret_cast<const char*>(message), static_cast<std::size_t>(length));
  DnsAnswer answer = answer_of(status, octets, owned->family);
  if (self.asking) {
    self.at_once.emplace_back(std::move(owned->on_answer), std::move(answer));
  } else {
    owned->on_answer(std::move(answer));
  }
}

void AresAsker::Channel::sockets_changed(void* context, ares_socket_t descriptor, int readable, int writable) {
  auto* self = static_cast<Channel*>(context);
  if (readable == 0 && writable == 0) {
    self->watcher.forget(descriptor);
    return;
  }
  self->watcher.watch(descriptor, readable != 0, writable != 0, [self, descriptor](bool can_read, bool can_write) {
    self->process(can_read ? descriptor : ARES_SOCKET_BAD, can_write ? descriptor : ARES_SOCKET_BAD);
  });
}

void AresAsker::Channel::tick(void* context) {
  auto* self = static_cast<Channel*>(context);
  self->deliver_at_once();
  self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void AresAsker::Channel::deliver_at_once() {
  ++running;
  for (auto& [on_answer, answer] : std::exchange(at_once, {})) on_answer(std::move(answer));
  --running;
}

void AresAsker::Channel::process(ares_socket_t read, ares_socket_t write) {
  if (channel != nullptr) {
    ++running;
    ares_process_fd(channel, read, write);
    --running;
  }
  arm();
}

void AresAsker::Channel::arm() {
  timeval left{};
  if (!at_once.empty()) {
    loop.timers().arm(timer, loop.now());
  } else if (channel != nullptr && ares_timeout(channel, nullptr, &left) != nullptr) {
    const auto wait = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
    // The loop's time is that of the beginning of this turn, c-ares's is that of now: a millisecond of grace, not a
    // turn too early.
    loop.timers().arm(timer, loop.now() + wait + Duration(1));
  } else {
    timer.unlink();
  }
}

AresAsker::AresAsker(Loop& loop, DescriptorWatcher& watcher, AresOptions options)
    : loop_(loop), watcher_(watcher), options_(std::move(options)) {
  start_library();
}

AresAsker::~AresAsker() = default;

void AresAsker::ask(const std::string& name, Family family, OnAnswer on_answer) {
  std::erase_if(retired_, [](const auto& channel) { return channel->unused(); });
  if (!current_) current_ = std::make_unique<Channel>(loop_, watcher_, options_);
  current_->ask(name, family, std::move(on_answer));
}

void AresAsker::servers_changed() {
  if (current_) retired_.push_back(std::move(current_));
}

std::unique_ptr<Resolver> make_ares_resolver(Loop& loop, DescriptorWatcher& watcher, AresOptions ares,
                                             ResolverOptions options) {
  auto sources = std::make_unique<SystemNameSources>(ares.hosts_path, ares.resolv_conf_path);
  auto asker = std::make_unique<AresAsker>(loop, watcher, std::move(ares));
  return std::make_unique<CachingResolver>(loop, std::move(asker), std::move(sources), std::move(options));
}

}  // namespace sp::runtime
