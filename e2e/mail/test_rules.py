"""What is shown to clients, what is refused, and what they are told where a server fails them; Postfix and Dovecot behind the gate."""
import base64
import os
import re
import signal
import socket
import ssl
import struct
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.runner import each, skip
from harness.scope import eventually
from mail.clients import SESSIONS, SOURCE, Imap, Raw, smtp_client
from mail.fake_server import FakeServer
from mail.servers import PASSWORD, USER, MailServers

PROTOCOLS = ("smtp", "imap", "pop3", "sieve")
GREETING = {"smtp": b"220 ", "imap": b"* OK ", "pop3": b"+OK", "sieve": b"OK "}
# The command for TLS, with the beginning of the consent to it.
STARTTLS = {"smtp": (b"STARTTLS\r\n", b"220"), "imap": (b"a STARTTLS\r\n", b"a OK"), "pop3": (b"STLS\r\n", b"+OK"), "sieve": (b"STARTTLS\r\n", b"OK")}
CAPABILITY = {"smtp": (b"EHLO me.example.com\r\n", b"250 "), "imap": (b"b CAPABILITY\r\n", b"b OK"), "pop3": (b"CAPA\r\n", b".\r\n"),
              "sieve": (b"CAPABILITY\r\n", b"OK")}
SECRET = base64.b64encode(b"\0" + USER.encode() + b"\0" + PASSWORD.encode())
LOG_IN = {"smtp": b"AUTH PLAIN " + SECRET + b"\r\n", "imap": b"c LOGIN user@example.com secret\r\n", "pop3": b"USER user@example.com\r\n",
          "sieve": b'AUTHENTICATE "PLAIN" "' + SECRET + b'"\r\n'}
REFUSAL = {"smtp": (b"530 ", b"538 "), "imap": (b"c NO ",), "pop3": (b"-ERR",), "sieve": (b"NO ",)}
FAREWELL = {"smtp": b"421 ", "imap": b"* BYE ", "pop3": b"-ERR ", "sieve": b"BYE "}
# How servers refuse a connection with their greeting.
REFUSED = {"smtp": b"554 no service for you\r\n", "imap": b"* BYE no service for you\r\n", "pop3": b"-ERR no service for you\r\n",
           "sieve": b'BYE "no service for you"\r\n'}


class Fixture:
    def __init__(self, scope):
        if os.geteuid() != 0:
            skip("Postfix and Dovecot need root")
        self.scope = scope
        self.authority = Authority(scope.folder)
        shown = self.authority.sign("shown", "mail.example.com", "localhost")
        self.shown = shown
        self.context = ssl.create_default_context(cafile=self.authority.cert)
        self.servers = MailServers(scope, self.authority.sign("mx", "mx.example.com"))
        self.silent, self.closed = FakeServer(scope, b""), free_port()
        self.refusing = {protocol: FakeServer(scope, REFUSED[protocol]) for protocol in PROTOCOLS}
        self.injecting = FakeServer(scope, b"220 mx ESMTP\r\n", self.inject)
        self.ports, self.entries = {}, ""
        for protocol in PROTOCOLS:
            self.add_all(protocol)
        self.add("smtp", "injecting", f"smtp://127.0.0.1:{self.injecting.port}")
        # Where Postfix wants the header, it takes XCLIENT from nobody.
        self.add("smtp", "untold", f"tcp://127.0.0.1:{self.servers.ports['smtp', 'clear', 'proxy']}", "send_proxy: v2, xclient: on")
        self.text = f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]
timeouts: {{ response_head: 2s, connect: 2s }}
inbound:
{self.entries}"""
        self.gate = start_gate(scope, self.text, next(iter(self.ports.values())))

    @staticmethod
    def inject(line):
        if line.startswith(b"EHLO"):
            return b"250-mx\r\n250 STARTTLS\r\n"
        return b"220 go on\r\n250-mx\r\n250 AUTH PLAIN\r\n"

    def add_all(self, protocol):
        at = {leg: f"127.0.0.1:{self.servers.ports[protocol, leg, 'proxy']}" for leg in ("clear", "starttls", "tls")}
        verify = f", upstream_tls: {{ ca: {self.authority.cert}, sni: mx.example.com, verify: chain }}"
        self.add(protocol, "usual", f"{protocol}://{at['starttls']}", "send_proxy: v2" + verify)
        self.add(protocol, "optional", f"{protocol}://{at['starttls']}", "send_proxy: v2, starttls: optional" + verify)
        self.add(protocol, "required", f"{protocol}://{at['starttls']}", "send_proxy: v2, starttls: required" + verify)
        self.add(protocol, "unverified", f"tls://{at['tls']}", "send_proxy: v2")
        self.add(protocol, "dead", f"tcp://127.0.0.1:{self.closed}")
        self.add(protocol, "silent", f"tcp://127.0.0.1:{self.silent.port}")
        self.add(protocol, "refusing", f"tcp://127.0.0.1:{self.refusing[protocol].port}")
        self.add(protocol, "named", None, f'send_proxy: v2, sni: {{ mail.example.com: "tcp://{at["clear"]}", localhost: "tcp://{at["clear"]}" }}')

    def add(self, protocol, name, to, more=""):
        port = self.ports[protocol, name] = free_port()
        parts = [f'listen: "{protocol}://127.0.0.1:{port}"'] + ([f'to: "{to}"'] if to else []) + ([more] if more else [])
        self.entries += f"  - {{ name: {protocol}-{name}, {', '.join(parts)} }}\n"

    def raw(self, protocol, name):
        return Raw(self.ports[protocol, name])

    def greeted(self, protocol, name):
        client = self.raw(protocol, name)
        client.until(GREETING[protocol])
        return client

    def has_failed(self, protocol, name, code):
        """A line of the access log says so."""
        listen = f"{protocol}://127.0.0.1:{self.ports[protocol, name]}"

        def codes():
            return [record.get("error", {}).get("code") for record in self.gate.records(listen=listen)]
        eventually(lambda: code in codes(), 5, f"{code} in the access log, which has {codes()},")


def fixture(scope):
    return Fixture(scope)


def capabilities(client, protocol):
    return b"".join(client.ask(*CAPABILITY[protocol]))


def offers_starttls(text):
    return b"STARTTLS" in text or b"STLS" in text


def offers_log_in(text):
    """Any way to log in that would work."""
    return re.search(rb'AUTH[ =]|^USER|SASL [A-Z]|"SASL" "[A-Z]', text, re.M) is not None


@each(protocol=PROTOCOLS, name=["usual", "optional", "required"])
def test_capabilities_are_true(env, protocol, name):
    with env.raw(protocol, name) as client:
        greeting = b"".join(client.until(GREETING[protocol]))
        before = capabilities(client, protocol)
        assert offers_starttls(before) and not offers_log_in(before) and not offers_log_in(greeting), before
        client.ask(*STARTTLS[protocol])
        client.secure(env.context)
        if protocol == "sieve":
            client.until(b"OK")
        after = capabilities(client, protocol)
        assert offers_log_in(after) and not offers_starttls(after) and b"XCLIENT" not in after, after


@each(protocol=PROTOCOLS, name=["usual", "optional", "required"])
def test_no_password_in_clear(env, protocol, name):
    """The password has come, as nobody can help; it goes nowhere."""
    with env.greeted(protocol, name) as client:
        if protocol == "smtp":
            client.ask(*CAPABILITY["smtp"])
        answer = client.ask(LOG_IN[protocol], *REFUSAL[protocol])
        assert len(answer) == 1, answer
        assert offers_starttls(capabilities(client, protocol))


@each(protocol=PROTOCOLS, octet=["whole", "cut"])
def test_octets_behind_starttls_end_the_session(env, protocol, octet):
    with env.greeted(protocol, "usual") as client:
        if protocol == "smtp":
            client.ask(*CAPABILITY["smtp"])
        more = CAPABILITY[protocol][0]
        client.say(STARTTLS[protocol][0] + (more if octet == "whole" else more[:1]))
        rest = client.rest()
        assert not rest.startswith(STARTTLS[protocol][1]), rest
        assert rest.count(b"\r\n") <= 1, rest
    env.has_failed(protocol, "usual", "starttls_injection")


def test_octets_behind_a_servers_consent_end_the_session(env):
    with env.raw("smtp", "injecting") as client:
        assert client.rest().startswith(b"421 ")
    env.has_failed("smtp", "injecting", "starttls_injection")
    assert not any(b"AUTH" in line or b"MAIL" in line for line in env.injecting.lines)


@each(protocol=PROTOCOLS)
def test_tls_at_once_where_it_begins_in_clear(env, protocol):
    begin = time.monotonic()
    try:
        env.context.wrap_socket(env.greeted(protocol, "usual").socket, server_hostname="mail.example.com")
        raise AssertionError("a handshake")
    except (ssl.SSLError, OSError):
        pass
    assert time.monotonic() - begin < 5
    env.has_failed(protocol, "usual", "mail_malformed")


@each(protocol=PROTOCOLS, name=["dead", "silent", "unverified"])
def test_a_server_that_cannot_serve(env, protocol, name):
    """The client is told in its protocol, and is not left hanging."""
    begin = time.monotonic()
    with env.raw(protocol, name) as client:
        rest = client.rest()
    assert rest.startswith(FAREWELL[protocol]) and rest.count(b"\r\n") == 1, rest
    assert time.monotonic() - begin < 4
    wanted = {"dead": "connection_refused", "silent": "response_head_timeout", "unverified": "upstream_certificate_untrusted"}[name]
    env.has_failed(protocol, name, wanted)


@each(protocol=PROTOCOLS)
def test_a_server_that_refuses(env, protocol):
    """What it says is for the client."""
    with env.raw(protocol, "refusing") as client:
        assert client.rest() == REFUSED[protocol]
    env.has_failed(protocol, "refusing", "mail_server_refused")


@each(name=["untold", "usual"])
def test_a_server_that_is_left_hears_a_goodbye(env, name):
    """Because it does not take XCLIENT; or because the client goes before its turn."""
    env.servers.begin()
    with env.raw("smtp", name) as client:
        if name == "untold":
            assert client.rest().startswith(FAREWELL["smtp"])
        else:
            client.until(GREETING["smtp"])
    env.has_failed("smtp", name, "mail_identity_refused" if name == "untold" else "client_closed")
    env.servers.smtp_log.has(re.compile(r": disconnect from .* quit=1 "))
    assert "lost connection" not in env.servers.smtp_log.since(), env.servers.smtp_log.since()


@each(protocol=PROTOCOLS)
def test_the_server_by_the_name_that_a_client_asks_for(env, protocol):
    """It is met when TLS is on, and so is told of it."""
    env.servers.begin()
    SESSIONS[protocol](env.ports[protocol, "named"], "starttls", env.context, f"t{time.monotonic_ns()}", False)
    if protocol == "smtp":
        env.servers.smtp_log.has(re.compile(rf": client=\S*\[{SOURCE}\]"))
    else:
        line = env.servers.access_log.has(re.compile(rf"Login: user=<{USER}>.* rip={SOURCE}[ ,].*"))[0]
        assert "secured=<secured>" in line and "name=<mail.example.com>" in line, line


def test_idle_goes_on_across_reloads(env):
    client = Imap(env.ports["imap", "required"])
    client.starttls(env.context)
    client.login(USER, PASSWORD)
    client.select("INBOX")
    waiting = Imap(env.ports["imap", "required"])
    client.send(b"x IDLE\r\n")
    assert client.readline().startswith(b"+ ")
    for _ in range(10):
        env.gate.reload()
    # Who was not logged in yet when that happened goes on as well.
    waiting.starttls(env.context)
    waiting.login(USER, PASSWORD)
    waiting.append("INBOX", None, None, b"Subject: news\r\n\r\nhello\r\n")
    while not client.readline().endswith(b" EXISTS\r\n"):
        pass
    client.send(b"DONE\r\n")
    while not client.readline().startswith(b"x OK"):
        pass
    waiting.logout()
    client.shutdown()


def test_xclient_is_not_for_clients(env):
    client = smtp_client(env.ports["smtp", "usual"], "starttls", env.context)
    assert client.docmd("XCLIENT", "ADDR=192.0.2.9")[0] in (500, 550, 554)
    client.quit()


# What a client says until it is logged in, by the gate's answers.
TALKS = {"smtp": b"EHLO me.example.com\r\nMAIL FROM:<sender@example.com>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n",
         "imap": b"a CAPABILITY\r\nb ID NIL\r\nc STARTTLS\r\n", "pop3": b"CAPA\r\nSTLS\r\n", "sieve": b"CAPABILITY\r\nSTARTTLS\r\n"}


@each(protocol=PROTOCOLS, way=["close", "reset"])
def test_clients_that_leave_at_any_octet(env, protocol, way):
    before = env.gate.descriptors()
    for count in range(len(TALKS[protocol]) + 1):
        client = env.raw(protocol, "optional")
        if count % 2:
            client.until(GREETING[protocol])
        client.say(TALKS[protocol][:count])
        if way == "reset":
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    eventually(lambda: env.gate.descriptors() <= before, 10, "the end of all sessions")


def test_a_gate_that_ends_lets_sessions_end(env):
    def answer(line):
        return line.split()[0] + b" OK done\r\n"
    server = FakeServer(env.scope, b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n", answer)
    port = free_port()
    gate = start_gate(env.scope, f"""\
certificates: [ {{ cert: {env.shown.cert}, key: {env.shown.key} }} ]
inbound:
  - {{ listen: "imap://127.0.0.1:{port}", to: "tcp://127.0.0.1:{server.port}", starttls: optional, passwords_in_clear: allow }}
""", port, name="ending")
    with Raw(port) as waiting, Raw(port) as served:
        waiting.until(b"* OK")
        served.until(b"* OK")
        served.ask(b"a LOGIN me secret\r\n", b"a OK")
        gate.process.signal(signal.SIGTERM)
        assert waiting.rest().startswith(b"* BYE ")
        served.ask(b"b NOOP\r\n", b"b OK")
        assert gate.process.alive()
    assert gate.process.wait(10) == 0
