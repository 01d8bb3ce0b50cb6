#include "tls/bio.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include "tls/stream.h"

namespace sp::tls {
namespace {

int read_lower(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const int n = static_cast<TlsStream*>(BIO_get_data(bio))->feed(into, size);
  if (n < 0) BIO_set_retry_read(bio);
  return n;
}

int write_lower(BIO* bio, const char* octets, int size) {
  BIO_clear_retry_flags(bio);
  const int n = static_cast<TlsStream*>(BIO_get_data(bio))->drain(octets, size);
  if (n < 0) BIO_set_retry_write(bio);
  return n;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sallyport stream");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, &read_lower);
  BIO_meth_set_write(method, &write_lower);
  BIO_meth_set_ctrl(method, &control);
  return method;
}

}  // namespace

BioPtr make_bio(TlsStream& stream) {
  static BIO_METHOD* const method = make_method();
  BioPtr bio(method == nullptr ? nullptr : BIO_new(method));
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio.get(), &stream);
  BIO_set_init(bio.get(), 1);
  return bio;
}

void clear_stale_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace sp::tls
