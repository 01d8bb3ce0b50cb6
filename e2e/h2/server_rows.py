"""A row about servers: what a server of HTTP/2 answers, and what a client of HTTP/1.1 gets to see through the gate.

Each row has servers of its own, in clear text and over TLS, so that no connection of an earlier row is used again. Behind the row's
request comes another one, which must get its own answer, whatever became of the first."""
from h2 import frames
from h2.frames import code_names
from h2.origin import H2Origin, Script, tls_context
from h2.replies import answer
from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.scope import eventually
from harness.wire import Closed, Wire

SECONDS = 5
PROXY_STATUS = True  # other proxies do not say what went wrong: see fronts.py


class ServerRow:
    def __init__(self, name, rfc, reply, expected, told=(), tries=1, method="GET", fields=(), body=b"", replies=(), origin_seen=None, **script):
        """`told`: with which codes the server must have been told of its error, by RST_STREAM or GOAWAY; the end of the connection will do
        as well. `tries`: how often the server was asked until the client had its answer (None: any number). `replies`: those behind the
        first, before the right ones. `origin_seen(origin)`: what is wrong with what the server got."""
        self.name, self.rfc, self.expected, self.told, self.tries = name, rfc, expected, told, tries
        self.method, self.fields, self.body, self.origin_seen = method, fields, body, origin_seen
        self.script = Script([reply, *replies, answer()], **script)

    def run(self, port, target, origin):
        with Wire(port, seconds=SECONDS) as wire:
            try:
                self.expected(wire, lambda: wire.ask(self.method, target, self.fields, self.body))
            except TimeoutError:
                raise AssertionError("nothing came in time") from None
        tries = len(origin.calls)
        assert self.tries in (None, tries), f"the server was asked {tries} times: {origin.calls}"
        self.look_at(origin)
        with Wire(port, seconds=SECONDS) as wire:
            response = wire.ask("GET", target)
            assert response.status == 200 and response.body == b"hello", f"the next request: {response}"
        wrong = self.origin_seen(origin) if self.origin_seen else None
        assert not wrong and not origin.faults, f"{wrong or ''} {origin.faults}"

    def look_at(self, origin):
        if not self.told:
            return
        def was_told():
            first = origin.connections[0]
            codes = [*(call.reset for call in first.calls.values() if call.reset is not None), *first.goaways]
            assert not set(codes) - set(self.told) - {frames.NO_ERROR}, f"not {code_names(self.told)}: {code_names(codes)}"
            return first.closed or set(codes) & set(self.told)
        eventually(was_told, 3, "the server being told of its error")


class ServersStand:
    """A server for each row and way; the front has a route for each."""

    def __init__(self, scope, rows):
        self.port, self.authority = free_port(), Authority(scope.folder)
        secure = tls_context(self.authority.sign("server", "127.0.0.1", "localhost"))
        self.origins = {(row.name, tls): H2Origin(scope, row.script, secure if tls else None) for row in rows for tls in (False, True)}
        self.targets = {key: f"/{'tls' if key[1] else 'clear'}/{number:03}" for number, key in enumerate(self.origins)}

    def run(self, row):
        """In clear text and over TLS; fails with what is wrong in either."""
        wrong = []
        for tls in (False, True):
            origin = self.origins[row.name, tls]
            try:
                row.run(self.port, self.targets[row.name, tls], origin)
            except (AssertionError, Closed, OSError, ValueError) as error:
                wrong.append(f"{'TLS' if tls else 'clear text'}: {error!r}\n  faults {origin.faults}, calls {origin.calls}")
        assert not wrong, f"RFC {row.rfc}: " + "\n".join(wrong)


def start_before(scope, rows):
    """The gate, with h2c:// and https:// to the servers."""
    stand = ServersStand(scope, rows)
    routes = "".join(f"          - {{ path: {target}, to: \"{'https' if tls else 'h2c'}://127.0.0.1:{stand.origins[name, tls].port}\""
                     + (f", upstream_tls: {{ ca: {stand.authority.cert} }}" if tls else "") + " }\n"
                     for (name, tls), target in stand.targets.items())
    start_gate(scope, f"""\
inbound:
  - listen: http://127.0.0.1:{stand.port}
    sites:
      - https_redirect: off
        routes:
{routes}timeouts: {{ response_head: 2s, body_idle: 2s }}
runtime: {{ workers: 1 }}
""", stand.port)
    return stand


def passed(status=200, body=b"hello", fields=(), trailers=(), interim=(), without=()):
    """The answer came whole, with these fields."""
    def check(_wire, ask):
        response = ask()
        assert (response.status, response.body) == (status, body), response
        for name, value in fields:
            assert response.all(name) == [value], f"{name}: {response.all(name)} in {response}"
        assert not any(response.all(name) for name in without), response
        assert all(field in [(name.lower(), value) for name, value in response.trailers] for field in trailers), response.trailers
        assert [one.status for one in response.interim] == list(interim), response.interim
    return check


def bad_gateway(*statuses):
    """502, and Proxy-Status says that it is the gate's own."""
    def check(_wire, ask):
        response = ask()
        assert response.status in (statuses or (502,)), response
        assert not PROXY_STATUS or "error=" in response.get("Proxy-Status", ""), f"no error in Proxy-Status: {response}"
    return check


def cut(_wire, ask):
    """The answer is visibly incomplete; or nothing of it was passed on, and there is 502."""
    try:
        response = ask()
    except (Closed, ConnectionResetError, ValueError):
        return
    assert response.status in (502, 504), f"it looks whole: {response}"


def either(*expectations):
    """Of the first exchange; the request is sent once."""
    def check(wire, ask):
        remembered = []

        def ask_once():
            if not remembered:
                remembered.append(ask())
            return remembered[0]
        wrong = []
        for expected in expectations:
            try:
                expected(wire, ask_once)
                return
            except AssertionError as error:
                wrong.append(str(error))
        raise AssertionError("; and ".join(wrong))
    return check
