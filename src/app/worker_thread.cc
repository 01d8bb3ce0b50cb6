#include "app/worker_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <new>
#include <random>

#include "runtime/ares_resolver.h"
#include "runtime/epoll_network.h"

namespace sp::app {

struct WorkerThread::World {
  World(const Settings& settings, const MakeObserver& make_observer)
      : network(loop),
        resolver(runtime::make_ares_resolver(loop, loop)),
        observer(make_observer(loop)),
        worker({.loop = loop,
                .network = network,
                .resolver = *resolver,
                .observer = *observer,
                .seed = seed_of(settings.number),
                .descriptors = settings.descriptors,
                .addresses = settings.addresses,
                .shares = settings.shares}) {}

  static std::uint64_t seed_of(int number) {
    std::random_device device;
    return (std::uint64_t{device()} << 32 | device()) + static_cast<std::uint64_t>(number);
  }

  runtime::EpollLoop loop;
  runtime::EpollNetwork network;
  std::unique_ptr<runtime::Resolver> resolver;
  std::unique_ptr<proxy::Observer> observer;
  proxy::Worker worker;
};

namespace {

void pin_to(int core) {
  if (core < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);  // where it is not allowed, the kernel chooses
}

}  // namespace

WorkerThread::WorkerThread(Settings settings, MakeObserver make_observer)
    : settings_(std::move(settings)), make_observer_(std::move(make_observer)) {
  std::promise<void> ready;
  auto started = ready.get_future();
  thread_ = std::thread([this, &ready] { run(ready); });
  started.wait();
}

WorkerThread::~WorkerThread() {
  world_->loop.stop();
  thread_.join();
}

void WorkerThread::run(std::promise<void>& ready) {
  pthread_setname_np(pthread_self(), ("worker " + std::to_string(settings_.number)).c_str());
  pin_to(settings_.core);
  world_ = std::make_unique<World>(settings_, make_observer_);
  runtime::EpollLoop& loop = world_->loop;
  ready.set_value();
  loop.run();
  world_.reset();
}

void WorkerThread::ask(std::function<void(proxy::Worker&)> work) {
  std::promise<void> done;
  auto answered = done.get_future();
  world_->loop.send([&] {
    work(world_->worker);
    done.set_value();
  });
  answered.wait();
}

Result<void> WorkerThread::adopt(std::shared_ptr<const proxy::Snapshot> snapshot,
                                 std::vector<proxy::BoundListen> sockets) {
  Result<void> result;
  ask([&](proxy::Worker& worker) {
    try {
      result = worker.adopt(std::move(snapshot), std::move(sockets));
    } catch (const std::bad_alloc&) {  // it goes on with what it has
      result = fail(Code::out_of_memory, "taking a configuration over");
    }
  });
  return result;
}

std::size_t WorkerThread::sessions() {
  std::size_t count = 0;
  ask([&](proxy::Worker& worker) { count = worker.sessions(); });
  return count;
}

void WorkerThread::drain() {
  ask([](proxy::Worker& worker) { worker.drain(); });
}

void WorkerThread::cut() {
  ask([](proxy::Worker& worker) { worker.cut(); });
}

void WorkerThread::note_check(std::uint64_t check_id, proxy::CheckedState state) {
  world_->loop.send([this, check_id, state] {
    proxy::Worker& worker = world_->worker;
    worker.unless_memory_ends([&] { worker.upstreams().note_check(check_id, state); });
  });
}

}  // namespace sp::app
