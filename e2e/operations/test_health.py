"""Checks of health: servers that begin to fail, real ones over TLS, HTTP/2 and the PROXY protocol, reloads, the end."""
import re
import signal
import socket
import subprocess
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.runner import each
from harness.scope import eventually
from harness.servers import nginx_process
from harness.wire import Wire, ask

FAST = "every: 100ms, timeout: 500ms, fall: 3, rise: 2"


class App(Origin):
    """Says its name, and whether it is well."""

    def __init__(self, scope, name, **options):
        self.name, self.health, self.agents = name, 200, set()
        super().__init__(scope, self.handle, **options)

    def handle(self, exchange):
        exchange.body()
        if exchange.target != "/health":
            exchange.answer(body=self.name)
            return
        self.agents.add((exchange.get("User-Agent"), exchange.get("Host")))
        exchange.answer(status=self.health)

    def url(self):
        return f"http://127.0.0.1:{self.port}"


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.certificate = self.authority.sign("app", "localhost", "127.0.0.1")

    def text(self, port, servers, health, more="", tail=""):
        listed = ", ".join(f'"{server}"' for server in servers)
        return f"""\
inbound:
  - listen: "http://127.0.0.1:{port}"
    sites: [ {{ routes: [ {{ path: /, to: app }} ] }} ]
upstreams:
  app:
    servers: [ {listed} ]
    balance: round_robin
    health: {{ {health} }}
{more}{tail}"""

    def gate(self, scope, servers, health, more="", tail=""):
        port = free_port()
        gate = start_gate(scope, self.text(port, servers, health, more, tail), port)
        gate.port = port
        return gate


def fixture(scope):
    return Fixture(scope)


def test_a_server_that_says_that_it_is_not_well(env):
    with env.scope.part("sick") as scope:
        one, two = App(scope, "one"), App(scope, "two")
        gate = env.gate(scope, [one.url(), two.url()], f"path: /health, {FAST}", tail="runtime: { workers: 2 }\n")
        with Wire(gate.port) as wire:
            assert {wire.ask("GET", "/").body for _ in range(10)} == {b"one", b"two"}
            two.health = 503
            gate.await_log("server_down")
            time.sleep(0.1)  # the workers are told
            assert {wire.ask("GET", "/").body for _ in range(20)} == {b"one"}
            assert ask(gate.port, "GET", "/").body == b"one"
            two.health = 200
            gate.await_log("server_up")
            eventually(lambda: wire.ask("GET", "/").body == b"two", 5, "the server being used again")
        log = gate.log()
        assert log.count("server_down") == 1 and log.count("server_up") == 1, log
        assert f'server {two.url()} of app is down: 3 checks failed: it answers /health with 503, not 200-399' in log, log
        assert f"server {two.url()} of app is up again" in log, log
        assert two.agents == {("sallyport-health", f"127.0.0.1:{two.port}")}


def test_a_server_that_is_gone_costs_no_request(env):
    """Passive marking would let one request in fail_after meet it: here no client notices, with POST."""
    with env.scope.part("gone") as scope:
        one, two = App(scope, "one"), App(scope, "two")
        gate = env.gate(scope, [one.url(), two.url()], f"path: /health, {FAST}")
        two.close()
        gate.await_log("server_down")
        assert f"3 checks failed: 127.0.0.1:{two.port} refused" in gate.log(), gate.log()
        answers = [ask(gate.port, "POST", "/", body=b"x") for _ in range(20)]
        assert {(answer.status, answer.body) for answer in answers} == {(200, b"one")}
        assert not [record for record in gate.records() if record.get("retried")]


def test_all_servers_down(env):
    with env.scope.part("all") as scope:
        one, two = App(scope, "one"), App(scope, "two")
        gate = env.gate(scope, [one.url(), two.url()], f"path: /health, {FAST}")
        one.health = two.health = 404
        gate.await_log("all_servers_down")
        time.sleep(0.1)
        assert {ask(gate.port, "GET", "/").body for _ in range(20)} == {b"one", b"two"}, "they are tried all the same"


def test_one_checker_for_all_workers_and_reloads(env):
    with env.scope.part("reload") as scope:
        one, two = App(scope, "one"), App(scope, "two")
        two.health = 500
        health = "path: /health, every: 500ms, fall: 2"
        gate = env.gate(scope, [one.url(), two.url()], health, tail="runtime: { workers: 4 }\n")
        gate.await_log("server_down")
        begin, before = time.monotonic(), one.count("/health")
        for which in range(4):
            gate.reload(env.text(gate.port, [one.url(), two.url()], health, f"    retries: {which}\n", "runtime: { workers: 4 }\n"))
            assert {ask(gate.port, "GET", "/").body for _ in range(8)} == {b"one"}, "what is known outlives a reload"
            time.sleep(0.5)
        most = (time.monotonic() - begin) / 0.5 + 2
        checks = one.count("/health") - before
        assert 2 <= checks <= most, f"{checks} checks"
        assert gate.log().count("server_down") == 1
        gate.reload(env.text(gate.port, [one.url(), two.url()], f"path: /, {FAST}", tail="runtime: { workers: 4 }\n"))
        assert {ask(gate.port, "GET", "/").body for _ in range(20)} == {b"one", b"two"}, "another check knows nothing yet"
        gate.reload(env.text(gate.port, [one.url(), two.url()], "fall: 3").replace("    health: { fall: 3 }\n", ""))
        time.sleep(0.3)
        before = one.accepted
        time.sleep(0.5)
        assert one.accepted == before, "no checks are left"


def test_the_end_does_not_wait_for_a_check(env):
    """A server that takes connections and says nothing; and one that nobody accepts."""
    with env.scope.part("end") as scope:
        silent = socket.create_server(("127.0.0.1", 0), backlog=0)
        scope.callback(silent.close)
        gate = env.gate(scope, [f"http://127.0.0.1:{silent.getsockname()[1]}", "http://192.0.2.1:9"],
                        "path: /, every: 100ms, timeout: 60s")
        time.sleep(0.5)
        begin = time.monotonic()
        assert gate.stop() == 0
        assert time.monotonic() - begin < 2


def nginx(scope, env, how, port):
    nginx_process(scope, "nginx", f"""\
  log_format seen '$proxy_protocol_addr $server_protocol $status $ssl_protocol';
  server {{
    listen 127.0.0.1:{port} {how};
    access_log {scope.path("seen")} seen;
    ssl_protocols TLSv1.3;
    ssl_certificate {env.certificate.cert};
    ssl_certificate_key {env.certificate.key};
    location = /health {{ return 204; }}
    location / {{ return 200 "hello"; }}
  }}
""", port)


def seen(scope, line, times=3):
    def found():
        with open(scope.path("seen"), encoding="ascii") as file:
            return file.read().splitlines().count(line) >= times
    eventually(found, 10, f"`{line}` in nginx's log, {times} times")


@each(version=["v1", "v2"], tls=["", "ssl", "ssl http2"])
def test_nginx_behind_a_header(env, version, tls):
    """v2 says LOCAL, so that nginx knows no address from the header; v1 has our own."""
    with env.scope.part("nginx") as scope:
        port = free_port()
        nginx(scope, env, f"proxy_protocol {tls}", port)
        scheme = "https" if tls else "http"
        gate = env.gate(scope, [f"{scheme}://127.0.0.1:{port}", "http://127.0.0.1:9"], f"path: /health, expect: 204, {FAST}",
                        f"    send_proxy: {version}\n" + (f"    upstream_tls: {{ ca: {env.authority.cert} }}\n" if tls else ""))
        address = "127.0.0.1" if version == "v1" else "-"
        protocol = "HTTP/2.0" if "http2" in tls else "HTTP/1.1"
        seen(scope, f"{address} {protocol} 204 {'TLSv1.3' if tls else '-'}")
        gate.await_log(f"server http://127.0.0.1:9 of app is down")
        assert "all_servers_down" not in gate.log() and gate.log().count("server_down") == 1, gate.log()
        assert {ask(gate.port, "GET", "/").status for _ in range(5)} == {200}


def test_nginx_by_connections_alone(env):
    with env.scope.part("connect") as scope:
        port = free_port()
        nginx(scope, env, "ssl", port)
        gate = env.gate(scope, [f"https://127.0.0.1:{port}"], FAST, f"    upstream_tls: {{ ca: {env.authority.cert} }}\n")
        time.sleep(1)
        assert "server_down" not in gate.log(), gate.log()


def test_a_certificate_that_is_refused(env):
    with env.scope.part("refused") as scope:
        port = free_port()
        nginx(scope, env, "ssl", port)
        gate = env.gate(scope, [f"https://127.0.0.1:{port}"], FAST)  # by the authorities of the system
        gate.await_log("server_down")
        assert re.search(r"is down: 3 checks failed: .*certificate", gate.log()), gate.log()
        gate.reload(env.text(gate.port, [f"https://127.0.0.1:{port}"], FAST, f"    upstream_tls: {{ ca: {env.authority.cert} }}\n"))
        time.sleep(0.7)
        assert gate.log().count("server_down") == 1, gate.log()


def test_a_server_that_expects_no_header(env):
    with env.scope.part("bare") as scope:
        port = free_port()
        nginx(scope, env, "", port)
        gate = env.gate(scope, [f"http://127.0.0.1:{port}"], f"path: /health, {FAST}", "    send_proxy: v2\n")
        gate.await_log("server_down")
        assert "with 400, not 200-399" in gate.log(), gate.log()


def test_the_doctor_tries_the_check(env):
    with env.scope.part("doctor") as scope:
        one = App(scope, "one")
        one.health = 404
        path = scope.write("doctor.yaml", env.text(free_port(), [one.url()], "path: /health"))
        for status, code, text in ((404, 1, "it answers /health with 404, not 200-399"), (200, 0, "its check is well")):
            one.health = status
            done = subprocess.run([scope.binary, "doctor", "-c", path], capture_output=True, timeout=30, check=False)
            assert done.returncode == code and text in done.stdout.decode(), done


def test_tcp(env):
    """A relay whose server stops: connections go to the other one at once."""
    with env.scope.part("tcp") as scope:
        one, two = App(scope, "one"), App(scope, "two")
        port = free_port()
        gate = start_gate(scope, f"""\
inbound: [ {{ listen: "tcp://127.0.0.1:{port}", to: app }} ]
upstreams:
  app:
    servers: [ "tcp://127.0.0.1:{one.port}", "tcp://127.0.0.1:{two.port}" ]
    balance: round_robin
    health: {{ {FAST.replace("timeout: 500ms", "timeout: 1s")} }}
""", port)
        two.close()
        gate.await_log(f"server tcp://127.0.0.1:{two.port} of app is down")
        time.sleep(0.1)
        assert {ask(port, "GET", "/").body for _ in range(10)} == {b"one"}
        assert gate.log().count("server_down") == 1, gate.log()


def test_reloads_under_checks_that_never_end(env):
    with env.scope.part("storm") as scope:
        silent = socket.create_server(("127.0.0.1", 0))
        scope.callback(silent.close)
        one = App(scope, "one")
        servers = [one.url(), f"http://127.0.0.1:{silent.getsockname()[1]}"]
        gate = env.gate(scope, servers, "path: /health, every: 100ms, timeout: 400ms, fall: 2")
        for _ in range(20):
            gate.process.signal(signal.SIGHUP)
            time.sleep(0.05)
        gate.await_log("server_down")
        assert "not an answer within 400ms" in gate.log(), gate.log()
        eventually(lambda: gate.sockets() < 60, 5, "connections of checks being closed")
        assert ask(gate.port, "GET", "/").body == b"one"


def test_an_https_app_over_http1(env):
    with env.scope.part("https") as scope:
        one = App(scope, "one", tls=env.certificate.server_context())
        gate = env.gate(scope, [f"https://127.0.0.1:{one.port}"], f"path: /health, host: shop.example.com, {FAST}",
                        f"    upstream_tls: {{ ca: {env.authority.cert} }}\n")
        eventually(lambda: one.count("/health") > 3, 10, "checks")
        assert one.agents == {("sallyport-health", "shop.example.com")} and "server_down" not in gate.log()
