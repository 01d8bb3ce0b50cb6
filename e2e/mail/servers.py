"""Debian's Postfix and Dovecot, each with listeners that want the PROXY protocol and some that do not."""
import os
import shutil

from harness.ports import free_port, wait_for_port
from harness.scope import eventually

USER, PASSWORD, NAME = "user@example.com", "secret", "mx.example.com"
MAIL_ID = 8  # `mail`, whose files the messages are
# How a server is spoken to, and how it learns who connects.
LEGS, WAYS = ("clear", "starttls", "tls"), ("proxy", "bare")

POSTFIX_SERVICES = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
POSTFIX_TLS = {"clear": "-o smtpd_tls_security_level=none", "starttls": "-o smtpd_tls_security_level=may",
               "tls": "-o smtpd_tls_wrappermode=yes"}
POSTFIX_WAYS = {"proxy": "-o smtpd_upstream_proxy_protocol=haproxy", "bare": "-o smtpd_authorized_xclient_hosts=127.0.0.1"}


class Log:
    """What a server writes; `mark` is how much of it was there before."""

    def __init__(self, path):
        self.path, self.mark = path, 0

    def since(self):
        if not os.path.exists(self.path):
            return ""
        with open(self.path, encoding="utf-8", errors="replace") as file:
            file.seek(self.mark)
            return file.read()

    def begin(self):
        self.mark = os.path.getsize(self.path) if os.path.exists(self.path) else 0

    def has(self, pattern, seconds=5):
        """Waits for a match, and returns it."""
        try:
            return eventually(lambda: pattern.search(self.since()), seconds)
        except AssertionError:
            raise AssertionError(f"{pattern.pattern!r} is not in the log: {self.since()[-3000:]}") from None


class MailServers:
    def __init__(self, scope, certificate):
        self.scope, self.certificate = scope, certificate
        self.folder = scope.directory("servers")
        self.mail = scope.directory("servers/mail")
        shutil.chown(scope.directory("servers/mail/user"), MAIL_ID, MAIL_ID)
        shutil.chown(self.mail, MAIL_ID, MAIL_ID)
        scope.write("servers/users", f"{USER}:{{PLAIN}}{PASSWORD}\n")
        self.ports = {("smtp", leg, way): free_port() for leg in LEGS for way in WAYS}
        for protocol in ("imap", "pop3", "sieve"):
            for way in WAYS:
                plain = free_port()
                self.ports |= {(protocol, "clear", way): plain, (protocol, "starttls", way): plain}
                self.ports[protocol, "tls", way] = free_port()
        self.auth = free_port()
        self.smtp_log = Log(os.path.join(self.folder, "postfix.log"))
        self.access_log = Log(os.path.join(self.folder, "dovecot.log"))
        self.start_dovecot()
        self.start_postfix()

    def begin(self):
        self.smtp_log.begin()
        self.access_log.begin()

    # ---- Postfix

    def start_postfix(self):
        for part in ("queue", "data"):
            self.scope.directory(f"servers/{part}")
        shutil.chown(os.path.join(self.folder, "data"), "postfix")
        self.scope.write("servers/postfix/main.cf", f"""\
compatibility_level = 3.6
queue_directory = {self.folder}/queue
data_directory = {self.folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {self.smtp_log.path}
maillog_file_prefixes = {self.folder}
myhostname = {NAME}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = all
mynetworks = 192.0.2.0/24
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = example.com
virtual_mailbox_base = {self.mail}
virtual_mailbox_maps = inline:{{ {{{USER} = user/}} }}
virtual_uid_maps = static:{MAIL_ID}
virtual_gid_maps = static:{MAIL_ID}
virtual_minimum_uid = 1
default_transport = error:nothing leaves this test
relay_transport = error:nothing leaves this test
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_tls_cert_file = {self.certificate.cert}
smtpd_tls_key_file = {self.certificate.key}
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{self.auth}
smtpd_upstream_proxy_timeout = 5s
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
""")
        listeners = "".join(f"127.0.0.1:{self.ports['smtp', leg, way]} inet n - n - - smtpd\n  {POSTFIX_TLS[leg]}\n  {POSTFIX_WAYS[way]}\n"
                            for leg in LEGS for way in WAYS)
        self.scope.write("servers/postfix/master.cf", listeners + POSTFIX_SERVICES)
        process = self.scope.start("postfix", ["postfix", "-c", os.path.join(self.folder, "postfix"), "start-fg"])
        wait_for_port(self.ports["smtp", "clear", "bare"], process)

    # ---- Dovecot

    def start_dovecot(self):
        config = self.scope.write("servers/dovecot.conf", f"""\
base_dir = {self.folder}/dovecot
state_dir = {self.folder}/dovecot-state
log_path = {self.access_log.path}
protocols = imap pop3 sieve
listen = 127.0.0.1
ssl = yes
ssl_cert = <{self.certificate.cert}
ssl_key = <{self.certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{self.mail}/%n
first_valid_uid = {MAIL_ID}
mail_uid = {MAIL_ID}
mail_gid = {MAIL_ID}
haproxy_trusted_networks = 127.0.0.1
login_trusted_networks = 127.0.0.1
mail_max_userip_connections = 0
login_log_format_elements = user=<%u> rip=%r rport=%b lport=%a secured=<%c> name=<%{{local_name}}> session=<%{{session}}>
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {self.folder}/users
}}
userdb {{
  driver = static
  args = uid={MAIL_ID} gid={MAIL_ID} home={self.mail}/%n
}}
plugin {{
  sieve = file:{self.mail}/%n/sieve;active={self.mail}/%n/.dovecot.sieve
}}
{self.dovecot_services()}
service auth {{
  inet_listener sasl {{
    address = 127.0.0.1
    port = {self.auth}
  }}
}}
""")
        process = self.scope.start("dovecot", ["dovecot", "-F", "-c", config])
        wait_for_port(self.ports["imap", "clear", "bare"], process)
        wait_for_port(self.auth, process)

    def dovecot_services(self):
        text = ""
        for protocol, service in (("imap", "imap-login"), ("pop3", "pop3-login"), ("sieve", "managesieve-login")):
            usual = {"imap": ("imap", "imaps"), "pop3": ("pop3", "pop3s"), "sieve": ("sieve",)}[protocol]
            text += f"service {service} {{\n" + "".join(f"  inet_listener {name} {{\n    port = 0\n  }}\n" for name in usual)
            for leg in ("clear", "tls"):
                for way in WAYS:
                    text += f"  inet_listener {leg}_{way} {{\n    address = 127.0.0.1\n    port = {self.ports[protocol, leg, way]}\n"
                    text += "    ssl = yes\n" if leg == "tls" else ""
                    text += "    haproxy = yes\n" if way == "proxy" else ""
                    text += "  }\n"
            text += "}\n"
        return text
