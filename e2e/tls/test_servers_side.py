"""TLS toward servers: what is verified, with which authority, name, pin and certificate; and what the log says when it fails."""
import json
import socket
import ssl
import threading

from harness.certificates import Authority, self_signed
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.runner import each
from harness.scope import eventually
from harness.wire import ask

REAL = "actual.host.internal"


def server_context(certificate, clients=None):
    context = certificate.server_context()
    context.asked = []
    context.sni_callback = lambda _socket, name, _context: context.asked.append(name)
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def say_certificate(exchange):
    exchange.body()
    exchange.answer_json({"peer": exchange.socket.getpeercert() and exchange.socket.getpeercert()["subject"], "fields": exchange.request_fields})


class PlainServer:
    """What an HTTP server says to a TLS greeting."""

    def __init__(self, scope):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        scope.callback(self.socket.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                accepted, _ = self.socket.accept()
            except OSError:
                return
            with accepted:
                accepted.recv(4096)
                accepted.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.authority, self.other = Authority(scope.folder), Authority(scope.folder, "other-ca")
        self.clients = Authority(scope.folder, "clients")
        right = self.authority.sign("right", "127.0.0.1", "localhost")
        named = self.authority.sign("named", REAL)
        expired = self.authority.sign("expired", "127.0.0.1", dates=("-startdate", "20200101000000Z", "-enddate", "20210101000000Z"))
        alone = self_signed(scope.folder, "alone", REAL)
        mine = self.clients.sign("mine", common_name="the gate", use="clientAuth")
        self.contexts = {"right": server_context(right), "named": server_context(named), "expired": server_context(expired),
                         "alone": server_context(alone), "wants": server_context(right, self.clients.cert)}
        self.origins = {name: Origin(scope, say_certificate, tls=context) for name, context in self.contexts.items()}
        plain = PlainServer(scope)
        ca = f"ca: {self.authority.cert}"
        rows = {
            "full": ("right", ca), "full-name": ("named", ca), "full-system": ("right", ""), "full-other": ("right", f"ca: {self.other.cert}"),
            "full-expired": ("expired", ca), "chain": ("named", f"verify: chain, {ca}"), "chain-expired": ("expired", f"verify: chain, {ca}"),
            "chain-alone": ("alone", f"verify: chain, {ca}"), "chain-itself": ("alone", f"verify: chain, ca: {alone.cert}"),
            "none": ("alone", "verify: none"), "none-expired": ("expired", "verify: none"),
            "sni": ("right", f"{ca}, sni: chosen.example"), "pin": ("alone", f"verify: none, pin: [ \"{alone.pin()}\" ]"),
            "pin-wrong": ("alone", f"verify: none, pin: [ \"{right.pin()}\" ]"),
            "pin-one-of": ("alone", f"verify: none, pin: [ \"{right.pin()}\", \"{alone.pin()}\" ]"),
            "shows": ("wants", f"{ca}, cert: {mine.cert}, key: {mine.key}"), "shows-none": ("wants", ca),
        }
        routes = "".join(f"          - {{ path: /{name}, to: \"https://127.0.0.1:{self.origins[origin].port}\", upstream_tls: {{ {options} }} }}\n"
                         for name, (origin, options) in rows.items())
        self.port = free_port()
        self.gate = start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{self.port}"
    sites:
      - routes:
{routes}          - {{ path: /not-tls, to: "https://127.0.0.1:{plain.port}" }}
""", self.port)

    def ask(self, target, host="public.example"):
        return ask(self.port, "GET", target, host=host)


def fixture(scope):
    return Fixture(scope)


@each(route=["full", "chain", "chain-itself", "none", "none-expired", "pin", "pin-one-of", "shows", "sni"])
def test_accepted(env, route):
    assert env.ask("/" + route).status == 200, env.gate.log()[-600:]


REFUSED = {"full-name": "upstream_certificate_name", "full-system": "upstream_certificate_untrusted",
           "full-other": "upstream_certificate_untrusted", "full-expired": "upstream_certificate_expired",
           "chain-expired": "upstream_certificate_expired", "chain-alone": "upstream_certificate_untrusted",
           "pin-wrong": "upstream_certificate_pin", "shows-none": "upstream_tls_alert", "not-tls": "upstream_tls_failed"}


@each(route=list(REFUSED))
def test_refused(env, route):
    response = env.ask("/" + route)
    assert response.status == 502, response
    assert "error=tls_" in response.get("Proxy-Status"), response.get("Proxy-Status")
    record = env.gate.record(target="/" + route)
    assert record["error"]["code"] == REFUSED[route], record["error"]
    line = eventually(lambda: [line for line in env.gate.log().splitlines() if f"/{route}\"" in line], 5, "a line in the log")[-1]
    assert "remedy=" in line, line


def test_a_wrong_name_is_said_with_both_names_and_the_remedy(env):
    env.ask("/full-name/said")
    line = eventually(lambda: [line for line in env.gate.log().splitlines() if "/full-name/said" in line], 5, "a line in the log")[-1]
    assert REAL in line and ("127.0.0.1" in line.split("detail=")[1] or "public.example" in line.split("detail=")[1]), line
    assert "verify: chain" in line, line


def test_name_that_is_asked_for(env):
    """SNI is the Host that is sent, so that the server's own checks of both agree, or the one that is configured."""
    asked = env.contexts["named"].asked
    asked.clear()
    env.ask("/chain", host="lists.example.com:8443")
    assert asked == ["lists.example.com"], asked
    asked = env.contexts["right"].asked
    asked.clear()
    env.ask("/sni", host="lists.example.com")
    assert asked in (["chosen.example"], []), asked  # [] when a connection was kept


def test_kept_connections_are_of_one_name(env):
    """A connection that was made for one name is not used for another."""
    asked = env.contexts["named"].asked
    for host in ("one.example", "two.example", "one.example"):
        assert env.ask("/chain", host=host).status == 200
    assert {"one.example", "two.example"} <= set(asked), asked


def test_certificate_toward_the_server(env):
    assert json.loads(env.ask("/shows").body)["peer"] == [[["commonName", "the gate"]]]


def test_scheme_that_the_server_is_told(env):
    fields = json.loads(env.ask("/full").body)["fields"]
    assert ["X-Forwarded-Proto", "http"] in fields
