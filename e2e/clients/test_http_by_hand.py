"""The corners of HTTP/1.1 that no client library shows: bytes on a socket, through the gate, to an origin of ours."""
import hashlib
import json
import os
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.websocket import Client
from harness.wire import Closed, Wire, ask, chunked


class Fixture:
    def __init__(self, scope):
        authority = Authority(scope.folder)
        shown = authority.sign("front", "localhost")
        self.scope = scope
        self.origin = Origin(scope)
        self.port, self.six = free_port(), free_port("::1")
        self.socket = scope.path("origin.sock")
        self.unix = Origin(scope, address=self.socket)
        self.far = Origin(scope, address="::1")
        self.gate_socket = scope.path("gate.sock")
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]
inbound:
  - name: plain
    listen: [ "http://127.0.0.1:{self.port}", "http://[::1]:{self.six}", "http+unix://{self.gate_socket}" ]
    sites:
      - routes:
          - {{ path: /, to: "http://127.0.0.1:{self.origin.port}" }}
          - {{ path: /socket, to: "http+unix://{self.socket}" }}
          - {{ path: /six, to: "http://[::1]:{self.far.port}" }}
          - {{ path: /small, to: "http://127.0.0.1:{self.origin.port}", max_body: 1KiB }}
          - {{ path: /any, to: "http://127.0.0.1:{self.origin.port}", upgrades: [ websocket, chat ] }}
timeouts: {{ client_head: 3s, body_idle: 3s, keep_alive: 3s, response_head: 3s, tunnel_idle: 4s }}
""", self.port)

    def ask(self, *arguments, **options):
        return ask(self.port, *arguments, **options)

    def wire(self, **options):
        return Wire(self.port, **options)


def fixture(scope):
    return Fixture(scope)


def seen(response):
    assert response.status == 200, response
    return json.loads(response.body)


def field(report, name):
    return [value for key, value in report["fields"] if key.lower() == name.lower()]


def test_keep_alive_on_both_sides(env):
    with env.wire() as wire:
        reports = [seen(wire.ask("GET", f"/keep/{number}")) for number in range(20)]
    assert {report["connection"] for report in reports} == {reports[0]["connection"]}, "the server's connection was not kept"
    assert reports[-1]["count"] - reports[0]["count"] == 19


def test_pipelining(env):
    with env.wire() as wire:
        wire.send(b"".join(b"GET /pipe/%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(10)))
        answers = [seen(wire.response())["target"] for _ in range(10)]
    assert answers == [f"/pipe/{number}" for number in range(10)]


def test_pipelining_with_bodies_and_head(env):
    with env.wire() as wire:
        wire.send(b"POST /p/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
                  b"HEAD /p/2 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                  b"POST /p/3 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                  b"GET /p/4 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        first, second = seen(wire.response()), wire.response("HEAD")
        third, last = seen(wire.response()), wire.response()
        assert first["size"] == 5 and second.status == 200 and third["size"] == 3 and seen(last)["target"] == "/p/4"
        assert wire.at_end()


def test_http_1_0(env):
    with env.wire() as wire:
        wire.send(b"GET /old HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert seen(wire.response())["target"] == "/old"
        assert wire.at_end(), "a client of HTTP/1.0 that asked for nothing else gets its connection closed"


def test_http_1_0_keep_alive(env):
    with env.wire() as wire:
        for number in range(3):
            wire.send(f"GET /old/{number} HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
            response = wire.response()
            assert seen(response)["target"] == f"/old/{number}"
            assert response.get("Connection", "").lower() == "keep-alive"


def test_http_1_0_gets_no_chunks(env):
    with env.wire() as wire:
        wire.send(b"POST /echo HTTP/1.0\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")
        response = wire.response()
        assert response.get("Transfer-Encoding") is None and response.body == b"hello", response


def test_http_1_0_without_host(env):
    with env.wire() as wire:
        wire.send(b"GET /no-host HTTP/1.0\r\n\r\n")
        assert wire.response().status in (200, 400)


def test_origin_that_ends_by_closing(env):
    with env.wire() as wire:
        assert wire.ask("GET", "/until-close").body == b"until the end"
        assert wire.ask("GET", "/after").status == 200, "the client's connection goes on"


def test_chunked_both_ways_at_the_same_time(env):
    data = os.urandom(256 * 1024)
    with env.wire() as wire:
        wire.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        response = wire.response(interim=False) if False else wire.head()
        assert response.status == 200
        pieces = wire.chunks()
        assert next(pieces) == b"first", "the answer begins before the request is complete"
        wire.send(chunked(data, 3000))
        assert b"".join(pieces) == data


def test_trailers_to_the_client(env):
    response = env.ask("GET", "/trailers", [("TE", "trailers")])
    assert response.body == b"hello"
    assert ("X-Digest", "abc") in response.trailers and ("X-Count", "5") in response.trailers, response.trailers


def test_trailers_to_the_server(env):
    with env.wire() as wire:
        wire.send(b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                  b"3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n")
        report = seen(wire.response())
    assert report["trailers"] == [["X-Sum", "42"]], report["trailers"]


def test_continue_comes_from_the_server(env):
    with env.wire() as wire:
        wire.send(b"POST /accept-body HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert wire.response(interim=False).status == 100
        wire.send(b"body")
        assert seen(wire.response())["size"] == 4
        assert seen(wire.ask("GET", "/next"))["target"] == "/next"


def test_continue_refused_with_a_final_status(env):
    with env.wire() as wire:
        wire.send(b"POST /refuse-body HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n")
        response = wire.response()
    assert response.status == 403 and not response.interim and response.body == b"refused"


def test_body_sent_without_waiting_for_continue(env):
    with env.wire() as wire:
        wire.send(b"POST /accept-body HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody")
        assert seen(wire.response())["size"] == 4


def test_unknown_expectation(env):
    assert env.ask("POST", "/x", [("Expect", "tea")], b"x").status == 417


def test_early_hints(env):
    response = env.ask("GET", "/hints")
    assert response.status == 200 and [interim.status for interim in response.interim] == [103]


def test_early_hints_are_not_for_http_1_0(env):
    with env.wire() as wire:
        wire.send(b"GET /hints HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert wire.response(interim=False).status == 200


def test_head(env):
    with env.wire() as wire:
        response = wire.ask("HEAD", "/whatever")
        assert response.status == 200 and int(response.get("Content-Length")) > 0
        assert seen(wire.ask("GET", "/next"))["target"] == "/next"


def test_hop_by_hop_fields_go_one_hop(env):
    report = seen(env.ask("GET", "/hop", [("Connection", "keep-alive, X-Private"), ("X-Private", "1"), ("Keep-Alive", "timeout=5"),
                                          ("Proxy-Connection", "keep-alive"), ("X-Public", "2"), ("TE", "gzip")]))
    for name in ("X-Private", "Keep-Alive", "Proxy-Connection", "TE"):
        assert not field(report, name), f"{name} was passed on"
    assert field(report, "X-Public") == ["2"]


def test_forged_fields_are_replaced(env):
    report = seen(env.ask("GET", "/f", [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"),
                                        ("Forwarded", "for=192.0.2.7"), ("Proxy", "http://evil.example")]))
    assert field(report, "X-Forwarded-For") == ["127.0.0.1"], field(report, "X-Forwarded-For")
    assert field(report, "X-Forwarded-Proto") == ["http"] and field(report, "X-Forwarded-Host") == ["localhost"]
    assert not field(report, "Proxy") and "192.0.2.7" not in "".join(field(report, "Forwarded"))


def test_two_cookie_lines(env):
    report = seen(env.ask("GET", "/cookies", [("Cookie", "a=1"), ("Cookie", "b=2")]))
    assert "; ".join(field(report, "Cookie")) == "a=1; b=2", field(report, "Cookie")


def test_max_forwards(env):
    assert env.ask("TRACE", "/").status == 405
    before = len(env.origin.requests)
    assert env.ask("OPTIONS", "/", [("Max-Forwards", "0")]).status == 200
    assert len(env.origin.requests) == before, "the request was passed on"
    assert field(seen(env.ask("OPTIONS", "/", [("Max-Forwards", "3")])), "Max-Forwards") == ["2"]


def test_options_of_everything(env):
    with env.wire() as wire:
        wire.send(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wire.response().status in (200, 204)


def test_absolute_form(env):
    with env.wire() as wire:
        wire.send(b"GET http://localhost/absolute?x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert seen(wire.response())["target"] == "/absolute?x"


def test_framing_in_doubt_is_refused(env):
    rows = [
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello"),
        (b"Content-Length: +5\r\n", b"hello"),
        (b"Content-Length: 5, 5\r\n", b"hello"),
        (b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
        (b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"0x5\r\nhello\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"5\nhello\r\n0\r\n\r\n"),
        (b"X: a\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"X: a\r\n folded\r\n", b""),
    ]
    for fields, body in rows:
        before = env.origin.count("/doubt")
        with env.wire() as wire:
            wire.send(b"POST /doubt HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n" + body + b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n")
            response = wire.response()
            assert response.status in (400, 501), f"{fields}: {response}"
            assert wire.at_end(), f"{fields}: the connection stays open"
        assert env.origin.count("/smuggled") == 0, fields
        del before


def test_body_larger_than_the_limit(env):
    with env.wire() as wire:
        assert wire.ask("POST", "/small/x", body=b"x" * 2000).status == 413
    with env.wire() as wire:
        wire.send(b"POST /small/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"x" * 4000, 500))
        assert wire.response().status == 413


def test_head_that_never_ends(env):
    with env.wire() as wire:
        begin = time.monotonic()
        wire.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n")
        for _ in range(20):
            time.sleep(0.4)
            try:
                wire.send(b"X: y\r\n")
            except OSError:
                break
        assert time.monotonic() - begin < 6, "a head may take 3 s, however it comes"
        assert env.gate.record(status=408)


def test_idle_connection_is_closed(env):
    with env.wire() as wire:
        wire.ask("GET", "/once")
        begin = time.monotonic()
        assert wire.at_end(8) and 2 < time.monotonic() - begin < 7


def test_origin_slow_with_its_head(env):
    response = env.ask("GET", "/slow?first=6")
    assert response.status == 504 and "http_response_timeout" in response.get("Proxy-Status")


def test_origin_that_stops_in_the_middle(env):
    with env.wire() as wire:
        wire.send(b"GET /slow?pieces=3&pause=8 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            wire.response()
            raise AssertionError("a response that was cut off looks complete")
        except (Closed, ConnectionResetError):
            pass
    assert env.gate.record(target="/slow?pieces=3&pause=8")["error"]["code"] == "response_body_timeout"


def test_origin_that_is_cut_off(env):
    with env.wire() as wire:
        wire.send(b"GET /cut HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            wire.response()
            raise AssertionError("a response that was cut off looks complete")
        except (Closed, ConnectionResetError):
            pass


def test_origin_that_speaks_nonsense(env):
    response = env.ask("GET", "/garbage")
    assert response.status == 502 and "http_protocol_error" in response.get("Proxy-Status")


def test_unix_socket_origin(env):
    report = seen(env.ask("POST", "/socket/x", body=b"z" * 100000))
    assert report["target"] == "/socket/x" and report["size"] == 100000
    assert len(env.unix.requests) > 0


def test_unix_socket_listener(env):
    assert seen(ask(0, "GET", "/through-a-socket", address=env.gate_socket))["target"] == "/through-a-socket"


def test_ipv6_both_sides(env):
    report = seen(ask(env.six, "GET", "/six/x", host=f"[::1]:{env.six}", address="::1"))
    assert report["target"] == "/six/x"
    assert field(report, "X-Forwarded-For") == ["::1"] and field(report, "Host") == [f"[::1]:{env.six}"]


def test_websocket_messages(env):
    with env.wire() as wire:
        socket = Client(wire)
        for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
            socket.exchange(os.urandom(size))
        socket.exchange("Grüße".encode(), opcode=1)
        socket.close()
        assert wire.at_end()


def test_websocket_half_close(env):
    with env.wire() as wire:
        Client(wire, "/tunnel")
        wire.send(b"x" * 100000)
        wire.half_close()
        assert wire.rest() == b"got 100000 octets", "what the server sends after the client's end must arrive"


def test_websocket_idle(env):
    with env.wire() as wire:
        Client(wire)
        begin = time.monotonic()
        assert wire.at_end(12) and 3 < time.monotonic() - begin < 9


def test_bytes_right_behind_the_upgrade(env):
    """Bytes that a client sends before it has the 101 belong to the tunnel, and only once there is one."""
    with env.wire() as wire:
        wire.send("GET /tunnel HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly")
        assert wire.response().status == 101
        wire.half_close()
        assert wire.rest() == b"got 5 octets"


def test_other_upgrades_are_refused_or_ignored(env):
    """The request goes on as a plain one, or is refused; never does a tunnel begin."""
    response = env.ask("GET", "/up", [("Connection", "Upgrade"), ("Upgrade", "chat/1")])
    assert response.status in (200, 501), response
    if response.status == 200:
        assert not field(seen(response), "Upgrade")


def test_upgrade_refused_by_the_server(env):
    with env.wire() as wire:
        response = wire.ask("GET", "/any/refuse", [("Connection", "Upgrade"), ("Upgrade", "chat")])
        assert response.status == 200
        assert seen(wire.ask("GET", "/next"))["target"] == "/next"


def test_many_sizes(env):
    with env.wire() as wire:
        for size in (1, 1023, 1024, 16383, 16384, 16385, 65536, 1 << 20):
            data = os.urandom(size)
            assert seen(wire.ask("POST", "/sizes", body=data))["sha256"] == hashlib.sha256(data).hexdigest()
            assert wire.ask("POST", "/echo", body=data).body == data
