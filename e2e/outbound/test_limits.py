"""What users and destinations may have of a way out, and what the log says of each tunnel and request."""
import base64
import json
import os
import socket
import subprocess

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.runner import each

from outbound.stand import htpasswd

SECRET = "tell-nobody-0815"
MIB = 1024 * 1024


def handle(exchange):
    exchange.answer(body=b"x" * int(exchange.target.split("/")[-1] or 0))


class Stand:
    def __init__(self, scope):
        self.authority = Authority(scope.folder)
        certificate = self.authority.sign("origin", "localhost")
        self.plain = Origin(scope, handle)
        self.secure = Origin(scope, handle, tls=certificate.server_context())
        scope.write("users", htpasswd("anna", SECRET) + htpasswd("ben", SECRET))
        entries = {
            "tunnels": "users: users, per_user: { tunnels: 1 }",
            "rate": "users: users, per_user: { rate: 3/h }",
            "bytes": "per_user: { bytes: 1MiB }",
            "destination": "per_destination: { rate: 2/h }",
            "audit": "users: users",
        }
        self.ports = {name: free_port() for name in entries}
        allowed = f"{self.plain.port}, {self.secure.port}"
        text = "outbound:\n" + "".join(
            f'  - {{ name: {name}, listen: "proxy://127.0.0.1:{self.ports[name]}", private_networks: [ 127.0.0.0/8, "::1" ], {keys}, '
            f"rules: [ {{ allow: [ localhost, 127.0.0.0/8 ], ports: [ {allowed} ] }} ] }}\n" for name, keys in entries.items())
        self.text = text
        self.gate = start_gate(scope, text, *self.ports.values())

    def url(self, scheme, size=2, host="localhost"):
        return f"{scheme}://{host}:{(self.secure if scheme == 'https' else self.plain).port}/{size}"

    def curl(self, entry, url, *arguments, user="anna", scheme="http"):
        who = f"{user}:{SECRET}@" if user else ""
        done = subprocess.run(["curl", "-q", "-sS", "-4", "--noproxy", "", "--max-time", "20", "--cacert", self.authority.cert, "-o", "/dev/null",
                               "-w", "%{http_code} %{http_connect} %{size_download}", "-x", f"{scheme}://{who}127.0.0.1:{self.ports[entry]}",
                               *arguments, url], capture_output=True, text=True, timeout=30, env={"PATH": os.environ["PATH"]})
        return done.stdout

    def tunnel(self, entry, user="anna", host="localhost"):
        """An open one, and what was answered."""
        wire = socket.create_connection(("127.0.0.1", self.ports[entry]), 5)
        token = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        to = f"{host}:{self.plain.port}"
        wire.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nProxy-Authorization: Basic {token}\r\n\r\n".encode())
        return wire, wire.recv(65536)


def fixture(scope):
    return Stand(scope)


def test_tunnels_at_a_time(env):
    first, answer = env.tunnel("tunnels")
    assert b" 200 " in answer, answer
    second, answer = env.tunnel("tunnels")
    assert b" 429 " in answer and b"Retry-After: 30" in answer and b"user_tunnels" in answer, answer
    other, answer = env.tunnel("tunnels", user="ben")
    assert b" 200 " in answer, answer
    env.gate.reload()
    again, answer = env.tunnel("tunnels")
    assert b" 429 " in answer, answer
    for wire in (first, second, other, again):
        wire.close()
    assert env.gate.record(user="anna", status=200, kind="connect")
    assert env.curl("tunnels", env.url("https")).startswith("200 200")


def test_a_rate(env):
    codes = [env.curl("rate", env.url("http"))[:3] for _ in range(4)]
    assert codes == ["200", "200", "200", "429"], codes
    assert env.curl("rate", env.url("http"), user="ben").startswith("200")
    assert env.gate.record(user="anna", status=429, kind="request")["error"]["code"] == "user_rate"


def test_a_destination(env):
    codes = [env.curl("destination", env.url("http", host=host), user=None)[:3] for host in ("localhost", "LOCALHOST", "localhost", "127.0.0.1")]
    assert codes == ["200", "200", "429", "200"], codes


def test_bytes_of_a_day(env):
    """A tunnel that is spliced in bulk is cut near its share; after it nothing begins."""
    code, _, got = env.curl("bytes", env.url("https", 50 * MIB), user=None).split()
    assert code == "200" and int(got) < 2 * MIB, got  # what the reset took with it the client has not seen
    record = env.gate.record(kind="connect", listen=f"proxy://127.0.0.1:{env.ports['bytes']}", status=200)
    assert record["error"]["code"] == "user_bytes" and MIB // 2 < record["out"] < 2 * MIB, record
    assert env.curl("bytes", env.url("http"), user=None).startswith("429")


@each(kind=["request", "connect", "socks"])
def test_the_line_of_each(env, kind):
    """Who, what, where to, by which rule, how much and how long; and no credentials."""
    scheme = "http" if kind == "request" else "https"
    user = "ben"
    said = env.curl("audit", env.url(scheme, 5000), user=user, scheme="socks5h" if kind == "socks" else "http")
    assert said.startswith("200"), said
    record = env.gate.record(kind=kind, user=user, listen=f"proxy://127.0.0.1:{env.ports['audit']}")
    port = (env.secure if scheme == "https" else env.plain).port
    assert record["verdict"] == "allowed" and record["client"] == "127.0.0.1" and record["host"] == f"localhost:{port}", record
    assert record["address"] == f"127.0.0.1:{port}" and ":" in record["place"] and record["out"] >= 5000, record
    assert record["ms"]["total"] > 0, record
    if kind != "request":
        assert record["tls_name"] == "localhost" and "tls_name_differs" not in record and record["in"] > 100, record


def test_the_name_in_tls_may_be_another(env):
    """As with a client that hides behind an allowed name."""
    wire, answer = env.tunnel("audit", host="localhost")
    assert b" 200 " in answer
    wire.close()
    done = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{env.secure.port}", "-proxy", f"127.0.0.1:{env.ports['audit']}",
                           "-proxy_user", "anna", "-proxy_pass", "env:SECRET", "-servername", "somewhere.else.test"],
                          input=b"", capture_output=True, timeout=20, env={**os.environ, "SECRET": SECRET})
    assert done.returncode is not None
    record = env.gate.record(tls_name="somewhere.else.test")
    assert record["tls_name_differs"] is True and record["host"] == f"localhost:{env.secure.port}", record


def test_no_credentials_are_ever_logged(env):
    """Whatever a client sends: right and wrong, twice, malformed, in the URL, in the authority, in SOCKS."""
    token = base64.b64encode(f"anna:{SECRET}".encode()).decode()
    port = env.plain.port
    heads = [f"{line} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"
             for line, host in ((f"GET http://anna:{SECRET}@localhost:{port}/2", f"localhost:{port}"),
                                (f"GET http://localhost:{port}/2", f"anna:{SECRET}@localhost:{port}"),
                                (f"CONNECT anna:{SECRET}@localhost:{port}", f"anna:{SECRET}@localhost:{port}"),
                                (f"GET http://{SECRET}@localhost:{port}/2", f"{SECRET}@localhost:{port}"),
                                (f"GET http://localhost:{port}/2", f"localhost:{port}"),
                                (f"CONNECT localhost:{port}", f"localhost:{port}"))
             for fields in ("", f"Proxy-Authorization: Basic {token}\r\n", f"Proxy-Authorization: Basic {token}\r\n" * 2,
                            f"Proxy-Authorization: Bearer {SECRET}\r\n", f"Proxy-Authorization: Basic {SECRET}\r\n",
                            f"Authorization: Basic {token}\r\nCookie: {SECRET}\r\n", f"Proxy-Authorization : Basic {token}\r\n")]
    secret = SECRET.encode()
    dialogues = [head.encode() for head in heads]
    dialogues += [b"\x05\x01\x02" + b"\x01\x04anna" + bytes([len(secret)]) + secret,
                  b"\x05\x01\x02" + b"\x01\x04anna" + bytes([len(secret) + 1]) + secret + b"!",
                  b"\x05\x01\x00" + secret, b"\x04\x01" + secret]
    for octets in dialogues:
        with socket.create_connection(("127.0.0.1", env.ports["audit"]), 5) as wire:
            wire.settimeout(0.3)
            wire.sendall(octets)
            try:
                while wire.recv(65536):
                    pass
            except (TimeoutError, ConnectionError):
                pass
    assert env.curl("audit", env.url("http"), "-H", "X-Last: 1").startswith("200")
    env.gate.record(kind="request", status=200, user="anna")
    with open(env.gate.access, encoding="utf-8") as lines:
        logged = lines.read() + env.gate.log()
    assert len(logged.splitlines()) > len(heads) // 2
    for hidden in (SECRET, token):
        found = [line for line in logged.splitlines() if hidden in line]
        assert not found, json.dumps(found[:3])
