// A mail session (SMTP, IMAP, POP3, ManageSieve) whose STARTTLS ends here, on one leg or on both: what the dialogues of
// codec/mail say is said, and what passes is filtered (mail_filtering.h) until it need not be any more.
#pragma once

#include "proxy/relay/relay_session.h"

namespace sp::proxy {

// Until the session is a tunnel, or over. On `tls://` the client is secured already. Errors: what ended it before it
// could be served, or in the middle; where anything could still be said to the client, it was.
runtime::Task<Result<void>> serve_mail(RelaySession& session);

}  // namespace sp::proxy
