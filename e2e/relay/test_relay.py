"""Octets that are passed on as they come: tcp:// and tls:// in every combination, by name, by protocol, by port."""
import socket
import ssl
import struct
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.runner import each
from harness.scope import eventually
from relay.talker import GOODBYE, GREETING, Talker


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.shown = self.authority.sign("shown", "mail.example.com")
        self.inner = self.authority.sign("inner", "inner.example.com")
        self.plain, self.other, self.secret = Talker(scope), Talker(scope), Talker(scope, self.inner)
        self.silent = Talker(scope, self.inner, greets=False)
        names = ("clear", "ended", "again", "over", "named", "first", "second", "nobody", "few", "dead")
        self.ports = {name: free_port() for name in names}
        self.closed = free_port()
        self.gate = start_gate(scope, self.text(), self.ports["clear"])

    def text(self):
        at = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        verify = f"upstream_tls: {{ ca: {self.authority.cert}, sni: inner.example.com, verify: chain }}"
        return f"""\
certificates: [ {{ cert: {self.shown.cert}, key: {self.shown.key} }} ]
inbound:
  - {{ name: clear, listen: "tcp://{at["clear"]}", to: "tcp://127.0.0.1:{self.plain.port}" }}
  - {{ name: ended, listen: "tls://{at["ended"]}", to: "tcp://127.0.0.1:{self.plain.port}" }}
  - {{ name: again, listen: "tls://{at["again"]}", to: "tls://127.0.0.1:{self.secret.port}", {verify} }}
  - {{ name: over, listen: "tcp://{at["over"]}", to: "tls://127.0.0.1:{self.secret.port}", {verify} }}
  - name: named
    listen: "tcp://{at["named"]}"
    sni: {{ inner.example.com: "tcp://127.0.0.1:{self.silent.port}", "*.apps.example.com": apps }}
    alpn: {{ acme-tls/1: "tcp://127.0.0.1:{self.other.port}" }}
    to: "tcp://127.0.0.1:{self.plain.port}"
  - name: several
    listen: [ "tcp://{at["first"]}", "tcp://{at["second"]}" ]
    ports: {{ {self.ports["second"]}: "tcp://127.0.0.1:{self.other.port}" }}
    to: "tcp://127.0.0.1:{self.plain.port}"
  - {{ name: nobody, listen: "tcp://{at["nobody"]}", to: "tcp://127.0.0.1:{self.plain.port}", allow: [ 192.0.2.0/24 ] }}
  - name: few
    listen: "tcp://{at["few"]}"
    to: "tcp://127.0.0.1:{self.plain.port}"
    limits: {{ connections_per_address: 2 }}
  - {{ name: dead, listen: "tcp://{at["dead"]}", to: two }}
upstreams:
  apps: {{ servers: [ "tcp://127.0.0.1:{self.silent.port}" ] }}
  two: {{ servers: [ "tcp://127.0.0.1:{self.closed}", "tcp://127.0.0.1:{self.plain.port}" ], balance: round_robin }}
timeouts: {{ client_head: 1s, tunnel_idle: 3s, half_closed: 1s }}
"""

    def connect(self, name):
        return socket.create_connection(("127.0.0.1", self.ports[name]), 10)

    def secure(self, name, server="mail.example.com", protocols=()):
        context = ssl.create_default_context(cafile=self.authority.cert)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context.wrap_socket(self.connect(name), server_hostname=server)


def fixture(scope):
    return Fixture(scope)


def read_all(connection):
    octets = b""
    while piece := connection.recv(65536):
        octets += piece
    return octets


def read_exactly(connection, count):
    octets = b""
    while len(octets) < count:
        piece = connection.recv(count - len(octets))
        assert piece, f"ended after {octets!r}"
        octets += piece
    return octets


def converse(connection, greeting=GREETING):
    assert read_exactly(connection, len(greeting)) == greeting
    connection.sendall(b"EHLO me\r\n")
    assert read_exactly(connection, 9) == b"EHLO me\r\n"


@each(name=["clear", "over"])
def test_a_server_speaks_first_and_each_side_ends_by_itself(env, name):
    with env.connect(name) as connection:
        converse(connection)
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == GOODBYE


@each(name=["ended", "again"])
def test_tls_ends_here(env, name):
    with env.secure(name) as connection:
        converse(connection)
    if name == "again":
        assert "inner.example.com" in env.secret.names


def test_much_goes_both_ways(env):
    octets = bytes(range(256)) * 40000
    with env.connect("clear") as connection:
        converse(connection)
        connection.settimeout(20)
        sent, got = 0, bytearray()
        connection.setblocking(False)
        limit = time.monotonic() + 20
        while len(got) < len(octets) and time.monotonic() < limit:
            try:
                if sent < len(octets):
                    sent += connection.send(octets[sent:sent + 65536])
            except BlockingIOError:
                pass
            try:
                got += connection.recv(65536)
            except BlockingIOError:
                time.sleep(0.001)
        assert bytes(got) == octets


@each(case=["inner.example.com silent", "INNER.example.com silent", "x.apps.example.com silent", "other.example.com plain"])
def test_by_the_name_that_a_client_asks_for(env, case):
    name, expected = case.split()
    server = getattr(env, expected)
    before = len(server.received)
    context = ssl.create_default_context(cafile=env.authority.cert)
    context.check_hostname = False
    try:
        with context.wrap_socket(env.connect("named"), server_hostname=name) as connection:
            converse(connection, b"")
    except ssl.SSLError:
        assert expected == "plain"  # which does not speak TLS, and got the ClientHello as it came
    eventually(lambda: len(server.received) > before, 5, f"a connection to {expected}")
    if expected == "plain":
        eventually(lambda: server.received[-1][:2] == b"\x16\x03", 5, "the ClientHello")


def test_by_the_protocol_that_a_client_offers(env):
    before = len(env.other.received)
    try:
        env.secure("named", "inner.example.com", ["acme-tls/1"])
    except (ssl.SSLError, OSError):
        pass
    eventually(lambda: len(env.other.received) > before and env.other.received[-1][:2] == b"\x16\x03", 5, "the ClientHello")


def test_a_client_without_tls_gets_what_is_for_all(env):
    with env.connect("named") as connection:
        connection.sendall(b"EHLO me\r\n")
        assert read_exactly(connection, len(GREETING)) == GREETING
        assert read_exactly(connection, 9) == b"EHLO me\r\n"


def test_a_client_that_says_nothing_is_not_waited_for(env):
    with env.connect("named") as connection:
        begin = time.monotonic()
        assert connection.recv(1) == b""
        assert 0.5 < time.monotonic() - begin < 5


def test_by_port(env):
    for name, server in (("first", env.plain), ("second", env.other)):
        before = len(server.received)
        with env.connect(name) as connection:
            converse(connection)
        assert len(server.received) == before + 1


def test_who_is_not_allowed_is_not_connected(env):
    before = len(env.plain.received)
    with env.connect("nobody") as connection:
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass
    assert len(env.plain.received) == before
    assert env.gate.record(listen=f"tcp://127.0.0.1:{env.ports['nobody']}")["error"]["code"] == "denied"


def test_no_more_connections_of_an_address_than_are_allowed(env):
    with env.connect("few") as first, env.connect("few") as second:
        for each in (first, second):
            assert read_exactly(each, len(GREETING)) == GREETING
        with env.connect("few") as third:
            try:
                assert third.recv(1) == b""
            except ConnectionResetError:
                pass
    eventually(lambda: "too_many_from_address" in env.gate.log(), 5, f"the reason in the log: {env.gate.log()[-500:]}")

    def again():
        with env.connect("few") as fourth:
            return fourth.recv(1)
    eventually(again, 5, "a connection when others have ended")


def test_another_server_where_one_refuses(env):
    for _ in range(4):
        with env.connect("dead") as connection:
            converse(connection)


def test_a_reset_is_passed_on(env):
    with env.connect("clear") as connection:
        converse(connection)
        eventually(lambda: env.plain.open > 0, 5, "the server's side")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: env.plain.open == 0, 5, "the end of the server's side")


def test_silence_has_an_end(env):
    with env.connect("clear") as connection:
        converse(connection)
        begin = time.monotonic()
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass
        assert 2 < time.monotonic() - begin < 8


def test_the_log_has_a_line_for_each(env):
    with env.secure("ended") as connection:
        converse(connection)
    record = env.gate.record(listen=f"tls://127.0.0.1:{env.ports['ended']}")
    assert record["client"] == "127.0.0.1"
    assert record["tls"]["sni"] == "mail.example.com"
    assert record["server"] == f"tcp://127.0.0.1:{env.plain.port}"
    assert (record["in"], record["out"]) == (9, len(GREETING) + 9 + len(GOODBYE)), record
    assert "status" not in record and "method" not in record
