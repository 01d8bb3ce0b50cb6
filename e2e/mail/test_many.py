"""Thousands of idle IMAP sessions, through a hundred reloads."""
import ssl
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.scope import eventually
from mail.clients import Raw
from mail.fake_server import FakeServer

IDLE, GREETED, BEHIND_TLS = 3000, 600, 400  # four sockets each, of 20,000 that there may be


def answer(line):
    tag, word = line.split()[:2] if b" " in line else (b"", line.strip())
    if word == b"IDLE":
        return b"+ idling\r\n"
    text = b"* CAPABILITY IMAP4rev1 IDLE\r\n" if word == b"CAPABILITY" else b""
    return text + tag + b" OK done\r\n"


class Fixture:
    def __init__(self, scope):
        self.authority = Authority(scope.folder)
        shown = self.authority.sign("shown", "mail.example.com")
        self.context = ssl.create_default_context(cafile=self.authority.cert)
        self.server = FakeServer(scope, b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n", answer)
        self.clear, self.tls = free_port(), free_port()
        to = f'to: "tcp://127.0.0.1:{self.server.port}"'
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]
inbound:
  - {{ listen: "imap://127.0.0.1:{self.clear}", {to}, starttls: optional, passwords_in_clear: allow }}
  - {{ listen: "tls://127.0.0.1:{self.tls}", {to} }}
""", self.clear)


def fixture(scope):
    return Fixture(scope)


def idling(port, context=None):
    client = Raw(port, context)
    client.until(b"* OK")
    client.ask(b"a LOGIN me secret\r\n", b"a OK")
    client.ask(b"b IDLE\r\n", b"+")
    return client


def greeted(port):
    client = Raw(port)
    client.until(b"* OK")
    return client


def test_idle_sessions_stay_through_a_hundred_reloads(env):
    all_idle = [idling(env.clear) for _ in range(IDLE)] + [idling(env.tls, env.context) for _ in range(BEHIND_TLS)]
    waiting = [greeted(env.clear) for _ in range(GREETED)]
    for _ in range(100):
        env.gate.reload()
    for client in waiting:
        client.ask(b"a LOGIN me secret\r\n", b"a OK")
    env.server.tell_all(b"* 1 EXISTS\r\n")
    for client in all_idle + waiting:
        assert client.until(b"* 1 EXISTS") == [b"* 1 EXISTS\r\n"]
    begin = time.monotonic()
    for client in all_idle + waiting:
        client.close()
    eventually(lambda: not env.server.open, 20, "the end of the sessions at the server")
    eventually(lambda: env.gate.sockets() < 50, 20, "no sockets left")
    assert time.monotonic() - begin < 20
