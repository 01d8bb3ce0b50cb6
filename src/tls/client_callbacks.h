// What the library asks during a handshake as a client.
#pragma once

#include "tls/handles.h"

struct x509_store_ctx_st;

namespace sp::tls {

struct ClientCallbacks {
  // Judges the server's certificate by the ClientSettings, and leaves the verdict in the stream's Opening.
  static int verify_server(x509_store_ctx_st* verification, void* client_settings);
  // A session that can be resumed goes to the cache. 1: it is ours now.
  static int session_arrived(ssl_st* ssl, ssl_session_st* session);
};

}  // namespace sp::tls
