#include "tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>

namespace sp::tls {
namespace {

// Without random numbers there is no TLS: no way on.
template <std::size_t n>
void randomize(std::array<unsigned char, n>& octets) {
  if (RAND_bytes(octets.data(), n) == 1) return;
  std::fputs("sallyport: the random number generator of OpenSSL does not work\n", stderr);
  std::abort();
}

}  // namespace

TicketKeys::Key::Key() {
  randomize(name);
  randomize(cipher);
  randomize(mac);
}

TicketKeys::Key::~Key() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

TicketKeys::TicketKeys() { rotate(); }

void TicketKeys::rotate() {
  auto next = std::make_shared<Set>();
  next->push_back(std::make_shared<const Key>());
  const std::lock_guard lock(mutex_);
  if (set_ != nullptr) next->insert(next->end(), set_->begin(), set_->end());
  if (next->size() > kept) next->resize(kept);
  set_ = std::move(next);
  version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const TicketKeys::Set> TicketKeys::current() const {
  const std::lock_guard lock(mutex_);
  return set_;
}

}  // namespace sp::tls
