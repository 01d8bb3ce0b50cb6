"""Whole sessions through the gate, in each combination of legs: logged in, mail sent, stored and read; and the servers' own logs say
who was connected, and how."""
import os
import re
import ssl
import subprocess
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.runner import each, skip
from harness.scope import eventually
from mail.clients import SESSIONS, SOURCE, smtp_client
from mail.servers import LEGS, PASSWORD, USER, MailServers

PROTOCOLS = ("smtp", "imap", "pop3", "sieve")
# What is told to the server, and by what: the entry's own line.
IDENTITIES = {"v1": ("proxy", "send_proxy: v1"), "v2": ("proxy", "send_proxy: v2"), "xclient": ("bare", "xclient: on")}


class Fixture:
    def __init__(self, scope):
        if os.geteuid() != 0:
            skip("Postfix and Dovecot need root")
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.shown = self.authority.sign("shown", "mail.example.com", "localhost", "127.0.0.1")
        self.context = ssl.create_default_context(cafile=self.authority.cert)
        self.servers = MailServers(scope, self.authority.sign("mx", "mx.example.com"))
        self.ports, self.entries = {}, ""
        for protocol in PROTOCOLS:
            for server in LEGS:
                for identity in IDENTITIES:
                    self.add(protocol, protocol, server, identity)
                    self.add(protocol, "tls", server, identity)
            self.add_passed_through(protocol)
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {self.shown.cert}, key: {self.shown.key} }} ]
inbound:
{self.entries}""", next(iter(self.ports.values())))

    def add(self, protocol, listen, server, identity):
        """An entry where TLS ends, at once or by STARTTLS."""
        port = self.ports[protocol, listen, server, identity] = free_port()
        way, tell = IDENTITIES[identity]
        scheme = {"clear": "tcp", "starttls": protocol, "tls": "tls"}[server]
        line = f'listen: "{listen}://127.0.0.1:{port}", to: "{scheme}://127.0.0.1:{self.servers.ports[protocol, server, way]}", {tell}'
        if server != "clear":
            line += f", upstream_tls: {{ ca: {self.authority.cert}, sni: mx.example.com, verify: chain }}"
        if listen == protocol:
            line += ", starttls: optional, passwords_in_clear: allow"
        elif server != "starttls":
            line += f", protocol: {protocol}"
        self.entries += f"  - {{ name: {protocol}-{listen}-{server}-{identity}, {line} }}\n"

    def add_passed_through(self, protocol):
        """Entries that do not look at what passes."""
        for server in ("starttls", "tls"):
            port = self.ports[protocol, "tcp", server, "v2"] = free_port()
            to = self.servers.ports[protocol, server, "proxy"]
            self.entries += f'  - {{ name: {protocol}-through-{server}, listen: "tcp://127.0.0.1:{port}", to: "tcp://127.0.0.1:{to}", send_proxy: v2 }}\n'

    def run(self, protocol, client, port, context=None, offers=None):
        """A session; what the servers log from now on is about it."""
        self.servers.begin()
        token = f"t{time.monotonic_ns()}"
        SESSIONS[protocol](port, client, context or self.context, token, client == "clear" if offers is None else offers)
        return token

    def run_patiently(self, *session, **options):
        """With Dovecot 2.3's ManageSieve under TLS from the first octet, which no standard knows, one log-in of twenty is never answered,
        without a gate between as well."""
        for _ in range(5):
            try:
                return self.run(*session, **options)
            except TimeoutError:
                pass
        raise AssertionError("five times no answer")

    def seen(self, protocol):
        """The line of the server's log about who was there."""
        if protocol == "smtp":
            return self.servers.smtp_log.has(re.compile(rf": client=\S*\[{SOURCE}\].*"))[0]
        return self.servers.access_log.has(re.compile(rf"Login: user=<{USER}>.* rip={SOURCE}[ ,].*"))[0]


def fixture(scope):
    return Fixture(scope)


@each(protocol=PROTOCOLS, client=LEGS, server=LEGS, identity=IDENTITIES)
def test_a_session(env, protocol, client, server, identity):
    listen = "tls" if client == "tls" else protocol
    run = env.run_patiently if (protocol, server) == ("sieve", "tls") else env.run
    token = run(protocol, client, env.ports[protocol, listen, server, identity])
    line = env.seen(protocol)
    if protocol == "smtp":
        who = re.escape("127.0.0.1" if identity == "xclient" else SOURCE)  # XCLIENT is said under TLS
        found = re.search(rf"TLS connection established from \S+\[{who}\]: TLSv1.3", env.servers.smtp_log.since())
        assert found is not None or server == "clear", env.servers.smtp_log.since()
        env.servers.smtp_log.has(re.compile(r"status=sent \(delivered to maildir\)"))
        assert_delivered(env, token)
        return
    # Where TLS ended here and the server was spoken to in clear, it knows from the TLVs that the client has TLS.
    secured = "TLS" if server != "clear" else "secured" if client == "tls" and identity == "v2" else None
    if secured:
        assert f"secured=<{secured}>" in line, line


def assert_delivered(env, token):
    """The message is there as it was sent, with one of the two dots at the beginning of its line."""
    folder = os.path.join(env.servers.mail, "user", "new")

    def found():
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                text = file.read()
            if f"Subject: {token}\n" in text:
                return text
        return None
    text = eventually(found, 5, "the message in its folder")
    assert f"\n\n.{token}\n" in text, text
    assert SOURCE in text.split("Subject:")[0], text


@each(protocol=PROTOCOLS, server=["starttls", "tls"])
def test_what_passes_through_untouched(env, protocol, server):
    context = ssl.create_default_context(cafile=env.authority.cert)
    context.check_hostname = False  # it is the server's own certificate that is seen
    run = env.run_patiently if (protocol, server) == ("sieve", "tls") else env.run
    run(protocol, server, env.ports[protocol, "tcp", server, "v2"], context)
    assert SOURCE in env.seen(protocol)


def test_the_server_is_told_the_name_that_the_client_asks_for(env):
    env.run("imap", "tls", env.ports["imap", "tls", "clear", "v2"])
    assert "name=<mail.example.com>" in env.seen("imap")


SWAKS = {"clear": [], "starttls": ["--tls"], "tls": ["--tls-on-connect"]}


@each(client=LEGS, server=LEGS, options=["", "--pipeline", "--auth PLAIN", "--auth LOGIN"])
def test_swaks(env, client, server, options):
    port = env.ports["smtp", "tls" if client == "tls" else "smtp", server, "v2"]
    env.servers.begin()
    words = options.split()
    if "--auth" in words:
        words += ["--auth-user", USER, "--auth-password", PASSWORD]
    done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(port), "--local-interface", SOURCE, "--ehlo", "client.example.com",
                           "--from", "sender@example.com", "--to", USER, *SWAKS[client], *words], capture_output=True, text=True, timeout=30,
                          check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert SOURCE in env.seen("smtp")


def test_mail_for_others_is_the_servers_to_refuse(env):
    client = smtp_client(env.ports["smtp", "smtp", "starttls", "v2"], "starttls", env.context)
    client.mail("sender@example.org")
    assert client.rcpt("somebody@example.net")[0] == 554
    client.quit()


def test_a_large_message(env):
    client = smtp_client(env.ports["smtp", "smtp", "starttls", "xclient"], "starttls", env.context)
    token = f"large{time.monotonic_ns()}"
    lines = "\r\n".join("." * (number % 70) for number in range(100000))
    env.servers.begin()
    assert client.sendmail("sender@example.com", [USER], f"Subject: {token}\r\n\r\n.{token}\r\n{lines}\r\n") == {}
    client.quit()
    env.servers.smtp_log.has(re.compile(r"status=sent"))
    assert_delivered(env, token)


def test_the_log_of_the_gate(env):
    port = env.ports["imap", "imap", "starttls", "v2"]
    env.run("imap", "starttls", port)
    record = env.gate.record(listen=f"imap://127.0.0.1:{port}")
    assert record["client"] == SOURCE and record["tls"]["version"] == "TLSv1.3", record
    assert record["server"] == f"imap://127.0.0.1:{env.servers.ports['imap', 'starttls', 'proxy']}", record
