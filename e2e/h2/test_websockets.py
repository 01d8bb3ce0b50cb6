"""WebSockets: clients and servers of HTTP/1.1 and HTTP/2, each with each."""
import os
import subprocess

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port, wait_for_port
from harness.runner import each, skip
from harness.websocket import PING, PONG, Client
from harness.wire import Wire, ask
from h2.peer import trusting

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"  # Debian's, whose packages these are
SERVERS = ["one", "two", "two-tls"]
SIZES = (0, 1, 125, 126, 65535, 65536, 1 << 20)


class Stand:
    def __init__(self, scope):
        if subprocess.run([PYTHON, "-I", "-c", "import h2.connection"], capture_output=True, check=False).returncode != 0:
            skip("python3-h2 is not installed")
        self.clear, self.secure = free_port(), free_port()
        authority = Authority(scope.folder)
        shown, inner, self.ca = authority.sign("front", "localhost"), authority.sign("server", "127.0.0.1"), authority.cert
        one = Origin(scope).port
        two, two_tls = self.server(scope), self.server(scope, inner.cert, inner.key)
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]
inbound:
  - listen: [ "h2c://127.0.0.1:{self.clear}", "https://127.0.0.1:{self.secure}" ]
    sites:
      - https_redirect: off
        routes:
          - {{ path: /one, to: "http://127.0.0.1:{one}/" }}
          - {{ path: /two, to: "h2c://127.0.0.1:{two}/" }}
          - {{ path: /two-tls, to: "https://127.0.0.1:{two_tls}/", upstream_tls: {{ ca: {self.ca} }} }}
          - {{ path: /none, to: "h2c://127.0.0.1:{two}/", upgrades: [] }}
runtime: {{ workers: 1 }}  # each has connections of its own
""", self.clear, self.secure)

    def server(self, scope, *tls):
        port = free_port()
        process = scope.start("websocket-server", [PYTHON, os.path.join(HERE, "websocket_server.py"), str(port), os.path.dirname(HERE), *tls])
        wait_for_port(port, process)
        return port

    def wire(self, secure):
        return Wire(self.secure if secure else self.clear, tls=trusting(()) if secure else None, name="localhost")

    def run_client(self, secure, target, count=1, status=200):
        port, authority = (self.secure, self.ca) if secure else (self.clear, "-")
        done = subprocess.run([PYTHON, os.path.join(HERE, "websocket_client.py"), str(port), authority, os.path.dirname(HERE), target, str(count), str(status)],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout == "ok\n", (done.stdout + done.stderr)[-1500:]

    def prepare(self, server):
        """Toward https:// a tunnel takes HTTP/2 only where there is a connection already whose server knows it."""
        if server == "two-tls":
            assert ask(self.clear, "GET", "/two-tls/x").body == b"hello"


fixture = Stand


@each(server=SERVERS, secure=[False, True])
def test_a_client_of_http_1(env, server, secure):
    env.prepare(server)
    with env.wire(secure) as wire:
        client = Client(wire, f"/{server}/ws")
        for size in SIZES:
            client.exchange(os.urandom(size))
        client.send(b"here", PING)
        assert client.receive() == (PONG, b"here")
        client.close()
        assert wire.at_end(), "the server has closed, and the connection goes on"


@each(server=SERVERS, secure=[False, True])
def test_a_client_of_http_2(env, server, secure):
    env.prepare(server)
    env.run_client(secure, f"/{server}/ws")


@each(server=SERVERS)
def test_many_on_one_connection(env, server):
    env.prepare(server)
    env.run_client(True, f"/{server}/ws", 40)


@each(secure=[False, True])
def test_a_server_that_refuses(env, secure):
    env.run_client(secure, "/two/refused", status=403)
    with env.wire(secure) as wire:
        wire.send("GET /two/refused HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
        assert wire.response().status == 403


@each(secure=[False, True])
def test_a_route_without_upgrades(env, secure):
    env.run_client(secure, "/none/ws", status=501)


@each(server=SERVERS)
def test_the_server_leaves(env, server):
    """Beside other requests of the connection, which go on."""
    env.prepare(server)
    with env.wire(False) as first, env.wire(False) as second:
        one, two = Client(first, f"/{server}/ws"), Client(second, f"/{server}/ws")
        one.close()
        assert first.at_end()
        two.exchange(b"still here")
        two.close()
