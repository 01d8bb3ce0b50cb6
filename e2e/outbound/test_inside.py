"""What is in opened tunnels, beside plain requests: WebSockets over HTTP/2, what a scanner is shown, and the shares of users."""
import contextlib
import os
import ssl
import subprocess

from harness import origin
from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port, wait_for_port
from harness.runner import each, skip
from harness.scope import eventually
from harness.servers import nginx_process
from harness.websocket import PING, PONG, Client
from harness.wire import Closed, Wire

from outbound.icap_server import EICAR, PAGE, Scanner
from outbound.stand import basic, htpasswd

E2E = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"  # Debian's, whose packages these are
PASSWORD = "tell-nobody"
MIB = 1024 * 1024
FILES = {"virus": b"before " + EICAR + b" behind", "clean": b"harmless", "large": b"x" * (50 * MIB)}
SIZES = (0, 1, 125, 126, 65535, 65536, MIB)


def handle(exchange):
    """The same files as nginx has, over HTTP/1.1; and WebSockets."""
    word = exchange.target.rsplit("/", 1)[-1]
    if exchange.method == "POST":
        exchange.answer(body=b"%d octets" % len(exchange.body()))
    elif word in FILES:
        exchange.answer(body=FILES[word])
    else:
        origin.websocket(exchange)


class Stand:
    def __init__(self, scope):
        if subprocess.run([PYTHON, "-I", "-c", "import h2.connection"], capture_output=True, check=False).returncode != 0:
            skip("python3-h2 is not installed")
        self.scope = scope
        self.authority = Authority(scope.folder, "internet")
        self.certificate = self.authority.sign("server", "localhost")
        self.ca, self.key = scope.path("inspection.pem"), scope.path("inspection.key")
        subprocess.run([scope.binary, "ca", "create", "--cert", self.ca, "--key", self.key], check=True, capture_output=True)
        self.one = origin.Origin(scope, handle, tls=self.certificate.server_context())
        self.scanner = Scanner(scope)
        self.servers = {"one": self.one.port, "two": self.start_nginx(), "websockets": self.start_websockets()}
        scope.write("users", "".join(htpasswd(user, PASSWORD) for user in ("anna", "ben", "carla", "dora")))
        self.ports = {name: free_port() for name in ("open", "scanned", "rate", "bytes", "tunnels")}
        self.gate = start_gate(scope, self.text(), *self.ports.values())

    def text(self):
        icap = f"icap://127.0.0.1:{self.scanner.port}"
        own = {
            "open": "forwarded: off",
            "scanned": f"scanner: {{ requests: {icap}/reqmod, responses: {icap}/respmod, timeout: 2s, max_body: 1MiB }}",
            "rate": "per_user: { rate: 3/h }",
            "bytes": "per_user: { bytes: 1MiB }",
            "tunnels": "per_user: { tunnels: 2 }",
        }
        servers = ", ".join(str(port) for port in self.servers.values())
        return "outbound:\n" + "".join(f"""\
  - name: {name}
    listen: "proxy://127.0.0.1:{port}"
    users: users
    private_networks: [ 127.0.0.0/8, "::1" ]
    {own[name]}
    inspect: {{ ca: {{ cert: {self.ca}, key: {self.key} }}, pinned: refuse, upstream_tls: {{ ca: {self.authority.cert} }} }}
    rules:
      - {{ deny: [ localhost ], paths: [ /private ], reason: "not that path" }}
      - {{ allow: [ localhost ], ports: [ {servers} ], methods: [ GET, POST ] }}
""" for name, port in self.ports.items())

    def start_nginx(self):
        port = free_port()
        for name, content in FILES.items():
            self.scope.write(f"files/{name}", content)
        nginx_process(self.scope, "two", f"""\
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {self.certificate.cert};
    ssl_certificate_key {self.certificate.key};
    root {self.scope.path("files")};
    location /ws {{
      proxy_pass http://127.0.0.1:{origin.Origin(self.scope).port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade websocket;
      proxy_set_header Connection upgrade;
    }}
  }}
""", port)
        return port

    def start_websockets(self):
        port = free_port()
        process = self.scope.start("websockets", [PYTHON, f"{E2E}/h2/websocket_server.py", str(port), E2E, self.certificate.cert, self.certificate.key])
        wait_for_port(port, process)
        return port

    def curl(self, entry, path, *arguments, server="one", user="anna"):
        """Statuses, versions and sizes, one for each path, and the content of all."""
        paths = [path] if isinstance(path, str) else path
        done = subprocess.run(["curl", "-q", "-sS", "-4", "--noproxy", "", "--max-time", "20", "--cacert", self.ca, "-w", "\n%{stderr}DONE %{http_code} %{http_version} %{size_download}\n",
                               "--no-progress-meter", "-x", f"http://{user}:{PASSWORD}@127.0.0.1:{self.ports[entry]}", *arguments,
                               *[f"https://localhost:{self.servers[server]}{path}" for path in paths]],
                              capture_output=True, timeout=30, env={"PATH": os.environ["PATH"]})
        lines = [line.split()[1:] for line in done.stderr.decode().splitlines() if line.startswith("DONE ")]
        return lines, done.stdout

    def tunnel(self, entry, server="one", user="anna"):
        """A wire with TLS in an opened tunnel."""
        wire = Wire(self.ports[entry])
        to = f"localhost:{self.servers[server]}"
        wire.send(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{basic(user, PASSWORD)}\r\n")
        answer = wire.head()
        assert answer.status == 200, answer
        wire.socket = ssl.create_default_context(cafile=self.ca).wrap_socket(wire.socket, server_hostname="localhost")
        return wire

    def refusal(self, entry, user="anna", server="one"):
        """What a CONNECT is answered."""
        to = f"localhost:{self.servers[server]}"
        with Wire(self.ports[entry]) as wire:
            wire.send(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{basic(user, PASSWORD)}\r\n")
            return wire.head()

    def sockets(self, entry, target, count=1, status=200, user="anna", server="websockets", cut=False):
        """Uses WebSockets by extended CONNECT, in streams of one tunnel. The server of HTTP/2 alone is asked for something else
        before: the gate has to know that it takes them, or tries HTTP/1.1."""
        done = subprocess.run([PYTHON, f"{E2E}/h2/websocket_client.py", str(self.servers[server]), self.ca, E2E, target, str(count), str(status),
                               str(self.ports[entry]), basic(user, PASSWORD), *(["/first"] if server == "websockets" else [])],
                              capture_output=True, text=True, timeout=60, check=False)
        if cut:
            assert "EOFError" in done.stderr, (done.stdout + done.stderr)[-1500:]
        else:
            assert done.stdout == "ok\n", (done.stdout + done.stderr)[-1500:]


fixture = Stand


# ---- WebSockets over HTTP/2

@each(server=["two", "websockets"])
def test_a_websocket_in_a_stream(env, server):
    """The server takes it in a stream as well, or by HTTP/1.1 only."""
    env.sockets("open", f"/ws?{server}", server=server)
    record = env.gate.record(kind="inspected", target=f"/ws?{server}")
    assert record["http"] == "2" and record["user"] == "anna" and record["verdict"] == "allowed" and record["tls_name"] == "localhost", record
    assert record["in"] > MIB and record["out"] > MIB, record


@each(server=["two", "websockets"])
def test_many_in_one_tunnel(env, server):
    before = len(env.gate.records(method="CONNECT", kind="connect"))
    env.sockets("open", "/ws", 40, server=server)
    assert len(env.gate.records(method="CONNECT", kind="connect")) == before + 1


def test_a_server_that_refuses(env):
    env.sockets("open", "/refused", status=403)


def test_rules_hold_for_them(env):
    env.sockets("open", "/private/ws", status=403)
    record = env.gate.record(kind="inspected", target="/private/ws")
    assert record["error"]["code"] == "destination_refused" and record["verdict"] == "refused", record


def test_a_client_of_http_1_where_both_are_spoken(env):
    """The server of HTTP/1.1, and a client that would speak HTTP/2: it is told what the server speaks."""
    with env.tunnel("open") as wire:
        client = Client(wire, "/ws", f"localhost:{env.one.port}")
        for size in SIZES:
            client.exchange(os.urandom(size))
        client.send(b"here", PING)
        assert client.receive() == (PONG, b"here")
        client.close()


# ---- a scanner

@each(server=["one", "two"])
def test_what_is_clean_passes(env, server):
    env.scanner.shown.clear()
    lines, content = env.curl("scanned", "/clean", server=server)
    assert lines[0][:2] == ["200", "2" if server == "two" else "1.1"] and content == b"harmless\n", (lines, content)
    assert [shown["method"] for shown in env.scanner.shown] == ["REQMOD", "RESPMOD"], env.scanner.shown
    shown = env.scanner.shown[0]
    assert b"/clean HTTP/1.1\r\n" in shown["heads"] and shown["x-client-ip"] == "127.0.0.1", shown
    assert f"https://localhost:{env.servers[server]}/clean".encode() in shown["heads"], shown
    assert PASSWORD.encode() not in shown["heads"] and b"proxy-auth" not in shown["heads"].lower(), shown
    assert env.gate.record(scan="clean", kind="inspected", target="/clean")["verdict"] == "allowed"


@each(server=["one", "two"])
def test_a_virus_in_a_response(env, server):
    lines, content = env.curl("scanned", "/virus", server=server)
    assert lines[0][0] == "403" and content == PAGE + b"\n", (lines, content)
    record = env.gate.record(scan="replaced", kind="inspected", target="/virus", host=f"localhost:{env.servers[server]}")
    assert record["error"]["code"] == "scanner_refused" and "Eicar" in record["error"]["detail"] and record["user"] == "anna", record


@each(server=["one", "two"])
def test_a_virus_in_a_request(env, server):
    before = len(env.one.requests)
    lines, content = env.curl("scanned", "/upload", "--data-binary", EICAR.decode(), server=server)
    assert lines[0][0] == "403" and content == PAGE + b"\n", (lines, content)
    assert len(env.one.requests) == before


def test_streams_beside_one_that_is_refused(env):
    names = ["clean", "virus", "clean", "virus", "clean"]
    lines, _ = env.curl("scanned", [f"/{name}?{number}" for number, name in enumerate(names)], "-Z", "--http2", server="two")
    assert sorted(line[0] for line in lines) == ["200"] * 3 + ["403"] * 2 and {line[1] for line in lines} == {"2"}, lines


@each(server=["one", "two"])
def test_more_than_is_held(env, server):
    lines, content = env.curl("scanned", "/large", server=server)
    assert lines[0][0] == "502" and b"scanner_unavailable" in content, (lines, content[:300])


@each(mood=["stalls", "dies", "lies"])
def test_without_a_verdict(env, mood):
    env.scanner.mood = mood
    try:
        for server in ("one", "two"):
            lines, content = env.curl("scanned", "/clean", server=server)
            assert lines[0][0] == "502" and b"scanner_unavailable" in content, (lines, content[:300])
    finally:
        env.scanner.mood = "works"
    assert env.curl("scanned", "/clean")[0][0][0] == "200"


def test_of_websockets_only_the_request_is_shown(env):
    env.scanner.shown.clear()
    env.sockets("scanned", "/ws?scanned", server="two")
    with env.tunnel("scanned") as wire:
        client = Client(wire, "/ws", f"localhost:{env.one.port}")
        client.exchange(EICAR)
        client.close()
    assert [shown["method"] for shown in env.scanner.shown] == ["REQMOD", "REQMOD"], env.scanner.shown
    assert b"/ws?scanned HTTP/1.1" in env.scanner.shown[0]["heads"], env.scanner.shown


# ---- shares

def test_a_rate_counts_the_tunnel_and_each_request_in_it(env):
    with env.tunnel("rate") as wire:
        answers = [wire.ask("GET", "/clean", host=f"localhost:{env.one.port}") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429], answers
    assert int(answers[2].get("Retry-After")) > 60, answers[2]
    assert env.gate.record(kind="inspected", status=429)["error"]["code"] == "user_rate"
    assert env.refusal("rate").status == 429
    assert env.refusal("rate", user="ben").status == 200


@each(server=["one", "two"])
def test_octets_of_a_day(env, server):
    """The one that uses them up is cut off; then those in the same tunnel and new ones are refused, and others are not."""
    user = {"one": "anna", "two": "ben"}[server]
    with env.tunnel("bytes", user=user) as waits:
        assert waits.ask("GET", "/clean", host=f"localhost:{env.one.port}").status == 200
        lines, _ = env.curl("bytes", "/large", server=server, user=user)
        assert lines[0][0] == "200" and int(lines[0][2]) < 2 * MIB, lines
        refused = waits.ask("GET", "/clean", host=f"localhost:{env.one.port}")
        assert refused.status == 429 and b"user_bytes" in refused.body, refused
    assert env.refusal("bytes", user=user).status == 429
    record = env.gate.record(kind="inspected", target="/large", user=user, listen=f"proxy://127.0.0.1:{env.ports['bytes']}")
    assert record["error"]["code"] == "user_bytes" and record["out"] < 2 * MIB, record


def test_tunnels_count_as_long_as_they_are_opened(env):
    with contextlib.closing(env.tunnel("tunnels")) as one, contextlib.closing(env.tunnel("tunnels")) as two:
        for wire in (one, two, one):
            assert wire.ask("GET", "/clean", host=f"localhost:{env.one.port}").status == 200
        assert env.refusal("tunnels").status == 429
        assert env.refusal("tunnels", user="ben").status == 200
    eventually(lambda: env.refusal("tunnels").status == 200, 5, "room for another tunnel")


def test_a_websocket_takes_the_place_of_its_tunnel(env):
    """Of HTTP/1.1; as it begins there has to be room for both."""
    with env.tunnel("tunnels") as wire:
        client = Client(wire, "/ws", f"localhost:{env.one.port}")
        client.exchange(b"here")
        with contextlib.closing(env.tunnel("tunnels")):
            assert env.refusal("tunnels").status == 429
        client.close()
    record = env.gate.record(kind="inspected", target="/ws", status=101, user="anna", listen=f"proxy://127.0.0.1:{env.ports['tunnels']}")
    assert record["tls_name"] == "localhost", record
    eventually(lambda: env.refusal("tunnels").status == 200, 5, "room for another tunnel")


@each(server=["one", "two"])
def test_octets_in_websockets_count(env, server):
    """In a connection of HTTP/1.1, and in streams of HTTP/2."""
    user = {"one": "carla", "two": "dora"}[server]
    if server == "two":
        env.sockets("bytes", "/ws", user=user, server="two", cut=True)
    else:
        with env.tunnel("bytes", user=user) as wire:
            client = Client(wire, "/ws", f"localhost:{env.one.port}")
            with contextlib.suppress(ConnectionError, ssl.SSLError, Closed):
                for _ in range(30):
                    client.exchange(bytes(65536))
                raise AssertionError("more than the share has passed")
    assert env.refusal("bytes", user=user).status == 429
    record = env.gate.record(kind="inspected", target="/ws", user=user)
    assert record["error"]["code"] == "user_bytes" and MIB // 2 < record["in"] + record["out"] < 2 * MIB, record
