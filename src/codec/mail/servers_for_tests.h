// What real servers greet with and say of themselves: Postfix 3.7, Dovecot 2.3 with Pigeonhole, and Exim 4.96 as they
// answered on a test machine; Stalwart, Exchange and Cyrus as they are known to.
#pragma once

#include <string>

namespace sp::codec::mail::servers {

inline const std::string postfix_greeting = "220 mx.example.test ESMTP Postfix\r\n";
// To a peer of smtpd_authorized_xclient_hosts and smtpd_authorized_xforward_hosts.
inline const std::string postfix_trusting_hello =
    "250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n250-STARTTLS\r\n"
    "250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n"
    "250-XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT\r\n"
    "250-XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT\r\n"
    "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 CHUNKING\r\n";
// The same behind XCLIENT: it asks again who may do that, but not who may XFORWARD.
inline const std::string postfix_hello_behind_xclient =
    "250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n250-STARTTLS\r\n"
    "250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n"
    "250-XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT\r\n"
    "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250 CHUNKING\r\n";
// Of an MX that takes no passwords, under TLS.
inline const std::string postfix_plain_hello =
    "250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
    "250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n";

inline const std::string exim_greeting = "220 vm ESMTP Exim 4.96 Sun, 29 Nov 2026 21:26:32 +0000\r\n";
inline const std::string exim_hello =
    "250-vm Hello gate.example [192.0.2.1]\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-PIPELINING\r\n250-CHUNKING\r\n"
    "250-STARTTLS\r\n250-PRDR\r\n250 HELP\r\n";

inline const std::string stalwart_greeting = "220 mail.example.org Stalwart ESMTP at your service\r\n";
inline const std::string stalwart_hello =
    "250-mail.example.org you had me at EHLO\r\n250-STARTTLS\r\n250-SMTPUTF8\r\n250-SIZE 104857600\r\n"
    "250-REQUIRETLS\r\n250-PIPELINING\r\n250-NO-SOLICITING\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
    "250-BINARYMIME\r\n250-AUTH PLAIN LOGIN OAUTHBEARER XOAUTH2\r\n250 8BITMIME\r\n";

inline const std::string exchange_greeting =
    "220 EX01.corp.example Microsoft ESMTP MAIL Service ready at Sun, 29 Nov 2026 21:26:32 +0000\r\n";
inline const std::string exchange_hello =
    "250-EX01.corp.example Hello [192.0.2.1]\r\n250-SIZE 37748736\r\n250-PIPELINING\r\n250-DSN\r\n"
    "250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n250-X-ANONYMOUSTLS\r\n250-AUTH NTLM LOGIN\r\n"
    "250-X-EXPS GSSAPI NTLM\r\n250-8BITMIME\r\n250-BINARYMIME\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250 XRDST\r\n";

inline const std::string dovecot_imap_greeting =
    "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN AUTH=LOGIN "
    "AUTH=CRAM-MD5 AUTH=SCRAM-SHA-256] Dovecot (Debian) ready.\r\n";
inline const std::string dovecot_imap_capability =
    "* CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN AUTH=LOGIN "
    "AUTH=CRAM-MD5 AUTH=SCRAM-SHA-256\r\n";
inline const std::string stalwart_imap_greeting =
    "* OK [CAPABILITY IMAP4rev2 IMAP4rev1 ENABLE SASL-IR LITERAL+ ID UTF8=ACCEPT JMAPACCESS STARTTLS LOGINDISABLED] "
    "Stalwart IMAP4rev2 at your service.\r\n";
inline const std::string cyrus_imap_greeting =
    "* OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE STARTTLS AUTH=EXTERNAL AUTH=PLAIN SASL-IR] mail Cyrus IMAP 3.6 "
    "server ready\r\n";
inline const std::string exchange_imap_greeting = "* OK The Microsoft Exchange IMAP4 service is ready.\r\n";

inline const std::string dovecot_pop3_greeting =
    "+OK [XCLIENT] Dovecot (Debian) ready. <480d.4.6b0c9871.6I1E+DaJyCq4ROEj7ZkUZg==@vm>\r\n";
inline const std::string dovecot_pop3_capabilities =
    "+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\nSTLS\r\nUSER\r\n"
    "SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n.\r\n";

inline const std::string pigeonhole_capabilities =
    "\"IMPLEMENTATION\" \"Dovecot (Debian) Pigeonhole\"\r\n"
    "\"SIEVE\" \"fileinto reject envelope encoded-character vacation subaddress comparator-i;ascii-numeric\"\r\n"
    "\"NOTIFY\" \"mailto\"\r\n\"SASL\" \"PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\"\r\n\"STARTTLS\"\r\n"
    "\"VERSION\" \"1.0\"\r\n\"XCLIENT\"\r\n";
inline const std::string pigeonhole_greeting = pigeonhole_capabilities + "OK \"Dovecot (Debian) ready.\"\r\n";
inline const std::string cyrus_sieve_greeting =
    "\"IMPLEMENTATION\" \"Cyrus timsieved 3.6\"\r\n\"SASL\" \"PLAIN EXTERNAL\"\r\n"
    "\"SIEVE\" \"comparator-i;ascii-numeric fileinto reject\"\r\n\"STARTTLS\"\r\n\"UNAUTHENTICATE\"\r\nOK\r\n";

}  // namespace sp::codec::mail::servers
