"""Attacks on inspection: servers with certificates that nobody should believe, clients whose TLS is odd, and many of both."""
import contextlib
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

from harness.certificates import Authority, Certificate, openssl, self_signed
from harness.gate import start_gate
from harness.name_server import NameServer
from harness.ports import free_port
from harness.runner import each

from outbound.hellos import alpn, hello

ADDRESS = "127.53.8.20"
NAMES = 200  # that are minted at once


class TlsServer:
    """Shows a certificate, and answers each request with its own."""

    def __init__(self, scope, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(certificate.cert, certificate.key)
        self.context, self.asked = context, []
        self.socket = socket.create_server((ADDRESS, 0), backlog=512)
        self.port = self.socket.getsockname()[1]
        scope.callback(self.socket.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self.socket.accept()
                threading.Thread(target=self.serve, args=[accepted], daemon=True).start()

    def serve(self, accepted):
        accepted.settimeout(30)
        with contextlib.suppress(OSError), self.context.wrap_socket(accepted, server_side=True) as wire:
            received = b""
            while piece := wire.recv(65536):
                received += piece
                while b"\r\n\r\n" in received:
                    head, received = received.split(b"\r\n\r\n", 1)
                    self.asked.append(head)
                    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


class RudeServer:
    """Does `what` with each connection, once the client has said something."""

    def __init__(self, scope, what):
        self.what = what
        self.socket = socket.create_server((ADDRESS, 0))
        self.port = self.socket.getsockname()[1]
        scope.callback(self.socket.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self.socket.accept()
                threading.Thread(target=self.serve, args=[accepted], daemon=True).start()

    def serve(self, accepted):
        with contextlib.suppress(OSError), accepted:
            accepted.settimeout(30)
            accepted.recv(65536)
            self.what(accepted)


RUDE = {
    "closes": lambda wire: None,
    "stalls": lambda wire: time.sleep(8),
    "garbage": lambda wire: wire.sendall(b"\xff" * 70000),
    "http": lambda wire: wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "alert": lambda wire: wire.sendall(b"\x15\x03\x03\x00\x02\x02\x28"),
    "half a record": lambda wire: (wire.sendall(b"\x16\x03\x03\x40\x00\x02"), time.sleep(8)),
    "a huge record": lambda wire: wire.sendall(b"\x16\x03\x03\xff\xff" + bytes(65535)),
    "an endless message": lambda wire: [wire.sendall(b"\x16\x03\x03\x40\x00" + (b"\x0b\xff\xff\xff" if not i else b"") + bytes(16384 - 4 * (not i))) for i in range(400)],
}


class Stand:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder, "internet")
        self.ca, self.key = scope.path("inspection.pem"), scope.path("inspection.key")
        subprocess.run([scope.binary, "ca", "create", "--cert", self.ca, "--key", self.key], check=True, capture_output=True)
        self.names = NameServer(scope, "127.53.8.2")
        self.names.names = Everybody()
        self.good = TlsServer(scope, self.authority.sign("good", "*.evil.test", "ok.evil.test"))
        self.port = free_port()
        self.gate = start_gate(scope, f"""\
runtime: {{ workers: 1 }}
timeouts: {{ client_head: 1500ms, connect: 1s }}
outbound:
  - name: egress
    listen: "proxy://127.0.0.1:{self.port}"
    private_networks: [ {ADDRESS} ]
    inspect:
      ca: {{ cert: {self.ca}, key: {self.key} }}
      upstream_tls: {{ ca: {self.authority.cert} }}
    rules:
      - {{ allow: [ .evil.test, bare.test, {ADDRESS} ], ports: [ 1-65535 ], methods: [ GET ] }}
""", self.port, prefix=self.names.prefix)
        self.trust = ssl.create_default_context(cafile=self.ca)
        self.trust.check_hostname = False

    def tunnel(self, to):
        wire = socket.create_connection(("127.0.0.1", self.port), 5)
        wire.settimeout(10)
        wire.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            octet = wire.recv(1)
            assert octet, head
            head += octet
        assert head.startswith(b"HTTP/1.1 200 "), head
        return wire

    def ask(self, name, port, sni=None, context=None):
        """Status and certificate, of a request in a tunnel."""
        with (context or self.trust).wrap_socket(self.tunnel(f"{name}:{port}"), server_hostname=sni or name) as wire:
            wire.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while piece := wire.recv(65536):
                answer += piece
            return int(answer.split(b" ", 2)[1]), wire.getpeercert(binary_form=True)

    def serves(self):
        begin = time.monotonic()
        assert self.ask("ok.evil.test", self.good.port)[0] == 200
        assert time.monotonic() - begin < 2, "others are kept waiting"


class Everybody(dict):
    """All names lead to ADDRESS."""

    def get(self, *_):
        return [ADDRESS], 60


def fixture(scope):
    stand = Stand(scope)
    stand.serves()
    return stand


# ---- certificates

def sign(env, name, extensions, subject="/CN=x", key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"), by=None, digest="-sha256"):
    made, by = Certificate(env.scope.folder, name), by or env.authority
    config = env.scope.write(name + ".ext", extensions)
    openssl("req", *key, "-nodes", "-subj", subject, "-keyout", made.key, "-out", made.cert + ".csr")
    openssl("x509", "-req", "-in", made.cert + ".csr", "-CA", by.cert, "-CAkey", by.key, "-CAcreateserial", "-days", "20", digest, "-extfile", config, "-out", made.cert)
    return made


def der_names(*names):
    def block(tag, content):
        size = len(content)
        return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + struct.pack("!H", size)) + content
    return "DER:" + block(0x30, b"".join(block(0x82, name) for name in names)).hex()


def chained(env, name, copies):
    made = sign(env, name, "subjectAltName=DNS:a.evil.test\n")
    with open(env.authority.cert, encoding="ascii") as file:
        authority = file.read()
    with open(made.cert, "a", encoding="ascii") as file:
        file.write(authority * copies)
    return made


def by_a_leaf(env):
    leaf = sign(env, "leaf", "basicConstraints=CA:FALSE\nsubjectAltName=DNS:a.evil.test\n")
    made = sign(env, "by-leaf", "subjectAltName=DNS:a.evil.test\n", by=leaf)
    with open(leaf.cert, encoding="ascii") as source, open(made.cert, "a", encoding="ascii") as file:
        file.write(source.read())
    return made


def many_names(count):
    return "subjectAltName=@names\n[names]\n" + "".join(f"DNS.{number}=n{number}.evil.test\n" for number in range(1, count)) + f"DNS.{count}=a.evil.test\n"


CERTIFICATES = {  # host, status, certificate
    "2,000 names": ("a", 200, lambda env: sign(env, "some", many_names(2000))),
    "10,000 names": ("a", 502, lambda env: sign(env, "many", many_names(10000))),
    "NUL in a name": ("a", 502, lambda env: sign(env, "nul", f"subjectAltName={der_names(b'a.evil.test' + bytes(1) + b'.other.test')}\n")),
    "NUL beside a good name": ("a", 200, lambda env: sign(env, "nul2", f"subjectAltName={der_names(b'a.evil.test', b'bank.test' + bytes(1) + b'.evil.test', b'x' * 300, b'', b'a b', b'*')}\n")),
    "* of a top level": ("bare.test", 502, lambda env: sign(env, "star", "subjectAltName=DNS:*.test,DNS:*\n")),
    "a * too many": ("a.b", 502, lambda env: sign(env, "stars", "subjectAltName=DNS:*.*.evil.test,DNS:*.evil.test\n")),
    "no subject": ("a", 200, lambda env: sign(env, "nobody", "subjectAltName=critical,DNS:a.evil.test\n", subject="/")),
    "a weak key": ("a", 502, lambda env: sign(env, "weak", "subjectAltName=DNS:a.evil.test\n", key=("-newkey", "rsa:1024"))),
    "SHA-1": ("a", 502, lambda env: sign(env, "sha1", "subjectAltName=DNS:a.evil.test\n", digest="-sha1")),
    "for clients": ("a", 502, lambda env: sign(env, "client", "extendedKeyUsage=clientAuth\nsubjectAltName=DNS:a.evil.test\n")),
    "signed by no authority": ("a", 502, by_a_leaf),
    "signed by itself": ("a", 502, lambda env: self_signed(env.scope.folder, "self", "a.evil.test")),
    "signed by our own authority": ("a", 502, lambda env: sign(env, "ours", "subjectAltName=DNS:a.evil.test\n", by=Ours(env))),
    "a long chain": ("a", 200, lambda env: chained(env, "chain", 50)),
    "a chain without end": ("a", 502, lambda env: chained(env, "endless", 1000)),
}


class Ours:
    """The authority of inspection, which is to be believed by clients alone."""

    def __init__(self, env):
        self.cert, self.key = env.ca, env.key


@each(name=CERTIFICATES)
def test_certificates_of_servers(env, name):
    host, wanted, make = CERTIFICATES[name]
    server = TlsServer(env.scope, make(env))
    begin = time.monotonic()
    status, shown = env.ask(host if host.endswith("test") else host + ".evil.test", server.port)
    assert status == wanted, (status, env.gate.records()[-2:])
    assert time.monotonic() - begin < 4
    assert (wanted == 200) == bool(server.asked), "the request was sent to a server that is not believed"
    assert len(shown) < 16384, f"{len(shown)} octets of certificate"
    text = openssl("x509", "-inform", "DER", "-noout", "-text", input=shown)
    assert b"bank.test" not in text and b"CA:TRUE" not in text, text
    env.serves()


@each(name=RUDE)
def test_servers_that_are_rude(env, name):
    server = RudeServer(env.scope, RUDE[name])
    begin = time.monotonic()
    status, _ = env.ask("a.evil.test", server.port)
    assert status in (502, 504) and time.monotonic() - begin < 5, status
    env.serves()


# ---- clients

GOOD = b"ok.evil.test"
HELLOS = {
    "a name of 300 octets": hello(b"x" * 300),
    "a name of 300 octets in labels": hello(b".".join([b"x" * 60] * 5)),
    "control characters": hello(b"a\r\nX-Injected: 1"),
    "NUL": hello(b"ok.evil.test\0.other"),
    "a name that is denied": hello(b"other.test"),
    "an address": hello(b"127.0.0.1"),
    "an address of IPv6": hello(b"::1"),
    "an empty name": hello(b""),
    "no ASCII": hello("b\u00fccher.evil.test".encode()),
    "a slash": hello(b"ok.evil.test/../x"),
    "a star": hello(b"*.evil.test"),
    "another kind of name": hello(GOOD, kind=7),
    "two names": hello(GOOD, struct.pack("!HHH", 0, 8, 6) + b"\0\0\x03abc"),
    "a protocol that is garbage": hello(GOOD, alpn(b"\xff\0\r\n")),
    "300 protocols": hello(GOOD, alpn(*[b"p%d" % number for number in range(300)])),
    "an empty protocol": hello(GOOD, struct.pack("!HHHB", 16, 3, 1, 0)),
    "lengths that lie": hello(GOOD, struct.pack("!HH", 21, 60000)),
    "60 KiB of padding": hello(GOOD, struct.pack("!HH", 21, 60000) + bytes(60000)),
    "SSL 3": hello(GOOD, version=b"\x03\x00"),
    "no ciphers": hello(GOOD, ciphers=b""),
    "SSL 2": b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + bytes(37),
    "an empty record": b"\x16\x03\x01\x00\x00",
    "empty records": b"\x16\x03\x01\x00\x00" * 2000,
    "a record of 64 KiB": b"\x16\x03\x01\xff\xff" + bytes(65535),
    "an alert first": b"\x15\x03\x01\x00\x02\x02\x28",
    "data first": b"\x17\x03\x03\x00\x05hello",
    "half a hello": hello(GOOD)[:40],
    "only its type": b"\x16",
    "a request line without end": b"GET /" + b"a" * 70000,
    "the preface of HTTP/2, and nothing": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the preface of HTTP/2, and garbage": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 5000,
    "half the preface": b"PRI * HTTP/2.0\r\n",
    "a CONNECT inside": b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
    "a URL of somebody else": b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
}


@each(name=HELLOS)
def test_what_clients_begin_with(env, name):
    """It ends in time, and reaches nobody."""
    before = len(env.good.asked)
    with env.tunnel(f"ok.evil.test:{env.good.port}") as wire:
        begin = time.monotonic()
        answer = b""
        with contextlib.suppress(OSError):
            wire.sendall(HELLOS[name])
            wire.shutdown(socket.SHUT_WR)
            while piece := wire.recv(65536):
                answer += piece
        assert time.monotonic() - begin < 5, "it was waited for"
    assert b"x-injected" not in answer.lower() and b" 200 " not in answer, answer[:300]
    assert len(env.good.asked) == before
    for line in env.gate.log().split("\n"):
        assert not line.startswith("X-Injected"), line
    assert env.gate.records() is not None  # each line is JSON
    env.serves()


@each(name=["half a hello", "half the preface"])
def test_clients_that_stop_are_not_waited_for(env, name):
    with env.tunnel(f"ok.evil.test:{env.good.port}") as wire:
        begin = time.monotonic()
        wire.sendall(HELLOS[name])
        with contextlib.suppress(ConnectionError):
            while wire.recv(65536):
                pass
        assert time.monotonic() - begin < 5


@each(pieces=[1, 7])
def test_a_hello_in_pieces(env, pieces):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    inside = env.trust.wrap_bio(incoming, outgoing, server_hostname="ok.evil.test")
    with contextlib.suppress(ssl.SSLWantReadError):
        inside.do_handshake()
    said = outgoing.read()
    with env.tunnel(f"ok.evil.test:{env.good.port}") as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(said), pieces):
            wire.sendall(said[at:at + pieces])
            time.sleep(0.0005)
        while True:
            try:
                inside.do_handshake()
                break
            except ssl.SSLWantReadError:
                incoming.write(wire.recv(65536))
        assert inside.version()


def test_renegotiation(env):
    """A client of TLS 1.2 that wants another handshake in the middle: it is refused, or ended, and nobody notices."""
    with subprocess.Popen(["openssl", "s_client", "-tls1_2", "-proxy", f"127.0.0.1:{env.port}", "-connect", f"ok.evil.test:{env.good.port}", "-servername", "ok.evil.test", "-CAfile", env.ca],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": os.environ["PATH"]}) as client:
        time.sleep(0.5)
        said, _ = client.communicate(b"R\n" * 20, 8)
    assert b"Verify return code: 0" in said, said[-500:]
    assert said.count(b"RENEGOTIATING") <= 2, said[-500:]
    env.serves()


def test_many_tunnels_that_say_nothing(env):
    before = env.gate.sockets()
    silent = [env.tunnel(f"ok.evil.test:{env.good.port}") for _ in range(150)]
    env.serves()
    end = time.monotonic() + 6
    for wire in silent:
        wire.settimeout(max(0.1, end - time.monotonic()))
        with contextlib.suppress(ConnectionError):
            assert wire.recv(1) == b""
        wire.close()
    deadline = time.monotonic() + 3
    while env.gate.sockets() > before + 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert env.gate.sockets() <= before + 5, (before, env.gate.sockets())


def test_many_names_at_once(env):
    """A certificate is minted for each; others are served meanwhile, and the memory of it is bounded."""
    before, errors, waits = env.gate.memory_kib(), [], []

    def some(first):
        try:
            for number in range(first, first + NAMES // 4):
                assert env.ask(f"n{number}.evil.test", env.good.port)[0] == 200
        except Exception as error:  # pylint: disable=broad-except
            errors.append(repr(error))
    crowd = [threading.Thread(target=some, args=[first]) for first in range(0, NAMES, NAMES // 4)]
    for thread in crowd:
        thread.start()
    while any(thread.is_alive() for thread in crowd):
        begin = time.monotonic()
        env.serves()
        waits.append(time.monotonic() - begin)
        time.sleep(0.05)
    assert not errors, errors[:3]
    assert sorted(waits)[len(waits) // 2] < 0.5, waits
    grown = env.gate.memory_kib() - before
    assert grown < 100 * NAMES, f"{grown} KiB for {NAMES} names"
