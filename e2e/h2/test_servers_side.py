"""The gate as a client of HTTP/2: what servers may do, what they may not, and what becomes of it."""
from attacks.stand import Threads
from h2 import frames
from h2.frames import (CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, INTERNAL_ERROR, PROTOCOL_ERROR, REFUSED_STREAM,
                       STREAM_CLOSED)
from h2.hpack_by_hand import indexed, literal
from h2.replies import answer, close, content, fields, goaway, large_content, octets, reset, status, until_reset
from h2.server_rows import ServerRow, bad_gateway, cut, either, passed, start_before
from harness.runner import each
from harness.wire import ask

LENGTH_5 = ("content-length", "5")
STREAM = (PROTOCOL_ERROR, CANCEL)  # a server that breaks the rules of messages may be told either way
BROKEN = (PROTOCOL_ERROR,)
MALFORMED = {
    "a name in upper case": [status(200, ("X-Upper", "x"), LENGTH_5), content(b"hello")],
    "no :status": [fields(LENGTH_5), content(b"hello")],
    "no fields at all": [fields(), content(b"hello")],
    ":status twice": [fields((":status", "200"), (":status", "404")), content(b"hello")],
    ":status empty": [fields((":status", "")), content(b"hello")],
    ":status with words": [fields((":status", "200 OK")), content(b"hello")],
    ":status of two digits": [fields((":status", "20")), content(b"hello")],
    ":status of four digits": [fields((":status", "2000")), content(b"hello")],
    ":status with a sign": [fields((":status", "+20")), content(b"hello")],
    ":status behind a field": [fields(LENGTH_5, (":status", "200")), content(b"hello")],
    "a pseudo-field of requests": [status(200, (":path", "/")), content(b"hello")],
    "an unknown pseudo-field": [status(200, (":unknown", "x")), content(b"hello")],
    "status 101": [status(101), content(b"hello")],
    "status 101 at the end": [status(101, end=True)],
    "an interim answer at the end": [status(103, end=True)],
    "Connection": [status(200, ("connection", "close")), content(b"hello")],
    "Keep-Alive": [status(200, ("keep-alive", "timeout=5")), content(b"hello")],
    "Proxy-Connection": [status(200, ("proxy-connection", "keep-alive")), content(b"hello")],
    "Transfer-Encoding": [status(200, ("transfer-encoding", "chunked")), content(b"5\r\nhello\r\n0\r\n\r\n")],
    "Upgrade": [status(200, ("upgrade", "h2c")), content(b"hello")],
    "an empty name": [status(200, ("", "x")), content(b"hello")],
    "a name with a space": [status(200, ("x y", "x")), content(b"hello")],
    "a name with a colon": [status(200, ("x:y", "x")), content(b"hello")],
    "a name with CRLF": [status(200, ("x\r\ny", "x")), content(b"hello")],
    "a value with NUL": [status(200, ("x", "a\0b")), content(b"hello")],
    "a value with CR": [status(200, ("x", "a\rb")), content(b"hello")],
    "a value with LF": [status(200, ("x", "a\nb")), content(b"hello")],
    "a value with CRLF and a field": [status(200, ("x", "a\r\nset-cookie: smuggled=1")), content(b"hello")],
    "a value with a space at its beginning": [status(200, ("x", " a")), content(b"hello")],
    "a value with a space at its end": [status(200, ("x", "a ")), content(b"hello")],
    "content-length in two values": [status(200, ("content-length", "5"), ("content-length", "6")), content(b"hello")],
    "content-length that is no number": [status(200, ("content-length", "five")), content(b"hello")],
    "content-length with a sign": [status(200, ("content-length", "+5")), content(b"hello")],
    "content-length that overflows": [status(200, ("content-length", "18446744073709551621")), content(b"hello")],
    "DATA before HEADERS": [content(b"hello", end=False), status(200), content(b"hello")],
    "an empty DATA before HEADERS": [content(b"", end=True)],
    "malformed in an interim answer": [status(103, ("X-Upper", "x")), *answer()],
}
CUT = {
    "content-length and no content": [status(200, LENGTH_5, end=True)],
    "content-length larger than the DATA": [status(200, ("content-length", "9")), content(b"hello")],
    "content-length larger than two DATA": [status(200, ("content-length", "19")), content(b"hello", end=False), content(b"hello")],
    "content-length larger than the DATA before trailers": [status(200, ("content-length", "9")), content(b"hello", end=False), fields(("x", "y"), end=True)],
    "HEADERS twice": [status(200), content(b"hel", end=False), status(200), content(b"lo")],
    "HEADERS twice at once": [status(200), status(200, end=True)],
    "trailers without END_STREAM": [status(200), content(b"hello", end=False), fields(("x-trailer", "y")), content(b"more")],
    "a pseudo-field in trailers": [status(200), content(b"hello", end=False), fields((":status", "200"), end=True)],
    "a name in upper case in trailers": [status(200), content(b"hello", end=False), fields(("X-Upper", "y"), end=True)],
    "CRLF in trailers": [status(200), content(b"hello", end=False), fields(("x", "a\r\nb: c"), end=True)],
    "an interim answer behind DATA": [status(200), content(b"hello", end=False), status(103), content(b"more")],
}
CONNECTION_ERRORS = {
    "an index beyond the table": ([fields(raw=indexed(99))], COMPRESSION_ERROR),
    "index 0": ([fields(raw=indexed(0))], COMPRESSION_ERROR),
    "half a field": ([fields((":status", "200"), raw=literal("x-half", "value")[:-2])], COMPRESSION_ERROR),
    "PUSH_PROMISE": ([octets(lambda stream: frames.push_promise(stream, 2, b"\x82\x84\x86")), *answer()], PROTOCOL_ERROR),
    "HEADERS on a stream that is idle": ([status(200, stream=2, end=True)], PROTOCOL_ERROR),
    "HEADERS on a stream of the server's": ([status(200, stream=1, end=True)], PROTOCOL_ERROR),
    "DATA on a stream that is idle": ([content(b"x", stream=2)], STREAM_CLOSED),
    "RST_STREAM on a stream that is idle": ([reset(CANCEL, stream=2)], PROTOCOL_ERROR),
    "WINDOW_UPDATE on a stream that is idle": ([octets(lambda stream: frames.window_update(stream + 2, 1))], PROTOCOL_ERROR),
    "HEADERS on stream 0": ([octets(frames.headers(0, b"\x88"))], PROTOCOL_ERROR),
    "DATA on stream 0": ([octets(frames.data(0, b"x"))], PROTOCOL_ERROR),
    "SETTINGS on a stream": ([octets(lambda stream: frames.settings(stream=stream))], PROTOCOL_ERROR),
    "SETTINGS of 5 octets": ([octets(frames.frame(frames.SETTINGS, 0, 0, bytes(5)))], FRAME_SIZE_ERROR),
    "SETTINGS that allow push": ([octets(frames.settings((frames.ENABLE_PUSH, 1)))], PROTOCOL_ERROR),
    "SETTINGS with a window too large": ([octets(frames.settings((frames.INITIAL_WINDOW_SIZE, 2**31)))], FLOW_CONTROL_ERROR),
    "SETTINGS with a frame size too small": ([octets(frames.settings((frames.MAX_FRAME_SIZE, 100)))], PROTOCOL_ERROR),
    "PING of 7 octets": ([octets(frames.ping(bytes(7)))], FRAME_SIZE_ERROR),
    "GOAWAY on a stream": ([octets(lambda stream: frames.goaway(stream=stream))], PROTOCOL_ERROR),
    "WINDOW_UPDATE of 0": ([octets(frames.window_update(0, 0))], PROTOCOL_ERROR),
    "a window that becomes too large": ([octets(frames.window_update(0, 2**31 - 1))], FLOW_CONTROL_ERROR),
    "CONTINUATION without HEADERS": ([octets(lambda stream: frames.continuation(stream, b"\x88"))], PROTOCOL_ERROR),
    "PING in a header block": ([octets(lambda stream: frames.headers(stream, b"\x88", last=False) + frames.ping() + frames.continuation(stream))],
                               PROTOCOL_ERROR),
    "a frame that is too large": ([octets(lambda stream: frames.data(stream, bytes(2**24 - 1)))], FRAME_SIZE_ERROR),
    "HTTP/1.1": ([octets(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")], FRAME_SIZE_ERROR),
}
ONE_AT_A_TIME = "one stream at a time"
LONG = [("x-" + letter, letter * 3000) for letter in "abc"]


def pause(call):
    """Time in which another request could come that may not."""
    call.connection.wait(lambda: call.connection.closed, 0.05)


def endless_continuation(call):
    """CONTINUATION without octets, or with few, and never the last one: until the client has had enough."""
    call.send(frames.headers(call.stream, b"\x88", end=False, last=False))
    for _ in range(4000):
        if not call.connection.send(frames.continuation(call.stream, literal("x-more", "y" * 1000), last=False)):
            call.connection.over = True
            return


def endless_frames(make, count=200000):
    """Frames that cost the sender nothing, until the client has had enough. What comes from it is read meanwhile."""
    def send(call):
        for _ in range(count // 100):
            if not call.connection.send(make(call.stream) * 100):
                break
            call.connection.wait(lambda: False, 0.0001)
        call.connection.over = True
    return send


def got(**wanted):
    """What the first call was like."""
    def wrong(origin):
        call = origin.calls[0]
        bad = {name: getattr(call, name) for name, value in wanted.items() if getattr(call, name) != value}
        return f"the server got {bad}" if bad else None
    return wrong


def fields_of_http_2(origin):
    """What a request of HTTP/1.1 with fields of one hop becomes."""
    call = origin.calls[0]
    bad = [name for name, _ in call.fields if name in ("x-named", "http2-settings")]
    if bad or call.get("x-kept") != "Yes" or call.get(":method") != "POST":
        return f"the server got {call.fields}"
    return None


def one_connection(origin):
    return None if len(origin.connections) == 1 else f"{len(origin.connections)} connections"


def two_connections(origin):
    """The retry did not go to the connection that refused everything."""
    return None if len(origin.connections) >= 2 else "all on one connection"


def acknowledged(origin):
    first = origin.connections[0]
    return None if first.settings_acks >= 1 else "SETTINGS were not acknowledged"


RIGHT = [
    ServerRow("an answer", "9113 8.1", answer(), passed(), origin_seen=acknowledged),
    ServerRow("requests on one connection", "9113 9.1", answer(), passed(), origin_seen=one_connection),
    ServerRow("an answer without length", "9113 8.1", [status(200), content(b"hello")], passed()),
    ServerRow("an answer in three DATA", "9113 8.1", [status(200), content(b"he", end=False), content(b"", end=False), content(b"llo", end=False),
              content(b"")],
              passed()),
    ServerRow("an answer with padding", "9113 6.1", [status(200), content(b"hello", padding=100)], passed()),
    ServerRow("an answer without content", "9113 8.1", [status(200, end=True)], passed(body=b"")),
    ServerRow("204", "9113 8.1", [status(204, end=True)], passed(204, b"", without=["Content-Length", "Transfer-Encoding"])),
    ServerRow("304 with a length", "9110 8.6", [status(304, LENGTH_5, end=True)], passed(304, b"")),
    ServerRow("HEAD with a length", "9110 9.3.2", [status(200, LENGTH_5, end=True)], passed(200, b"", fields=[("Content-Length", "5")]), method="HEAD"),
    ServerRow("trailers", "9113 8.1", [status(200), content(b"hello", end=False), fields(("x-trailer", "y"), end=True)], passed(trailers=[("x-trailer",
              "y")])),
    ServerRow("an interim answer", "9113 8.1", [status(103, ("link", "</a.css>; rel=preload")), *answer()], passed(interim=[103])),
    ServerRow("three interim answers", "9113 8.1", [status(103), status(103), status(103), *answer()], passed(interim=[103, 103, 103])),
    ServerRow("a head in four frames", "9113 6.10", [status(200, LENGTH_5, *LONG, cuts=[1, 5, 4000]), content(b"hello")], passed(fields=LONG)),
    ServerRow("cookies stay apart", "6265 3", [status(200, LENGTH_5, ("set-cookie", "a=b"), ("x-one", "y")), content(b"hello")],
              passed(fields=[("Set-Cookie", "a=b")])),
    ServerRow("a large answer", "9113 6.9", [status(200), large_content(1000000)], passed(body=b"x" * 1000000)),
    ServerRow("a request with content", "9113 8.1", answer(), passed(), method="POST", body=b"hello", origin_seen=got(body=b"hello", complete=True)),
    ServerRow("a large request", "9113 6.9", answer(), passed(), method="POST", body=b"x" * 1000000, origin_seen=got(body=b"x" * 1000000)),
    ServerRow("a large request in small windows", "9113 6.9.2", answer(), passed(), method="POST", body=b"x" * 20000,
              origin_seen=got(body=b"x" * 20000), settings=[(frames.INITIAL_WINDOW_SIZE, 1000)]),
    ServerRow("a request in a window of 1", "9113 6.9.2", answer(), passed(), method="POST", body=b"x" * 200, origin_seen=got(body=b"x" * 200),
              settings=[(frames.INITIAL_WINDOW_SIZE, 1)]),
    ServerRow("fields of one hop are not sent", "9113 8.2.2", answer(), passed(), method="POST", body=b"x", origin_seen=fields_of_http_2,
              fields=[("Connection", "keep-alive, X-Named, TE"), ("X-Named", "x"), ("Keep-Alive", "timeout=5"), ("TE", "trailers, gzip"), ("X-Kept", "Yes"),
                      ("Proxy-Connection", "keep-alive")]),
    ServerRow("unknown frames and settings", "9113 4.1", [octets(lambda stream: frames.frame(0x16, 0xff, stream, b"x") + frames.frame(0xee)), *answer()],
              passed(), settings=[(0xff, 1)], greeting=frames.frame(0xa, 0, 0, b"\0\0")),
    ServerRow("frames that change nothing", "9113 6", [octets(lambda stream: frames.settings() + frames.ping() + frames.window_update(0, 1000)
                                                             + frames.window_update(stream, 1) + frames.priority(stream)), *answer()], passed()),
    ServerRow("a small table", "7541 4.2", answer(), passed(), settings=[(frames.HEADER_TABLE_SIZE, 0)]),
    ServerRow("an answer that is reset with NO_ERROR behind its end", "9113 8.1", [*answer(), reset(frames.NO_ERROR)], passed()),
    ServerRow("an answer before the content", "9113 8.1", [*answer("early", 403), reset(frames.NO_ERROR)], passed(403, b"early"), method="POST",
              body=b"x" * 500000, at_head=True, credit=False),
    ServerRow(ONE_AT_A_TIME, "9113 5.1.2", [pause, *answer()], passed(), replies=[[pause, *answer()]] * 20,
              settings=[(frames.MAX_CONCURRENT_STREAMS, 1)], tries=None),
]

RETRIED = [
    ServerRow("REFUSED_STREAM", "9113 8.7", [reset(REFUSED_STREAM)], passed(), tries=2),
    ServerRow("REFUSED_STREAM for POST", "9113 8.7", [reset(REFUSED_STREAM)], passed(), tries=2, method="POST"),
    ServerRow("REFUSED_STREAM for POST with content", "9113 8.7", [reset(REFUSED_STREAM)], either(passed(), bad_gateway(502, 503)), tries=None, method="POST",
              body=b"hello"),
    ServerRow("GOAWAY below the request", "9113 6.8", [goaway(below=True), close], passed(), tries=2, origin_seen=two_connections),
    ServerRow("GOAWAY below the request that keeps the connection open", "9113 6.8", [goaway(below=True)], passed(), tries=2, origin_seen=two_connections),
    ServerRow("GOAWAY below a POST", "9113 6.8", [goaway(below=True), close], passed(), tries=2, method="POST", origin_seen=two_connections),
    ServerRow("GOAWAY before the answer", "9113 6.8", [goaway(), *answer()], passed(), origin_seen=two_connections),
    ServerRow("GOAWAY behind the answer", "9113 6.8", [*answer(), goaway()], passed(), origin_seen=two_connections),
    ServerRow("GOAWAY in two steps", "9113 6.8", [octets(frames.goaway(2**31 - 1)), goaway(), *answer(), close], passed(), origin_seen=two_connections),
    ServerRow("GOAWAY in the middle of an answer", "9113 6.8", [status(200), content(b"hel", end=False), goaway(), content(b"lo"), close], passed(),
              origin_seen=two_connections),
    ServerRow("the end of the connection behind the answer", "9113 9.1", [*answer(), close], passed(), origin_seen=two_connections),
]

ENDED = [
    ServerRow("RST_STREAM in the place of an answer", "9113 8.1", [reset(INTERNAL_ERROR)], bad_gateway()),
    ServerRow("RST_STREAM with CANCEL", "9113 8.1", [reset(CANCEL)], bad_gateway()),
    ServerRow("RST_STREAM with NO_ERROR and no answer", "9113 8.1", [reset(frames.NO_ERROR)], bad_gateway()),
    ServerRow("RST_STREAM for POST", "9113 8.1", [reset(ENHANCE_YOUR_CALM)], bad_gateway(502, 503), method="POST"),
    ServerRow("RST_STREAM in the middle of an answer", "9113 8.1", [status(200), content(b"hel", end=False), reset(INTERNAL_ERROR)], cut),
    ServerRow("RST_STREAM in the middle of an answer of known length", "9113 8.1", [status(200, ("content-length", "5")), content(b"hel", end=False),
              reset(CANCEL)],
              cut),
    ServerRow("RST_STREAM with NO_ERROR in the middle of an answer", "9113 8.1", [status(200), content(b"hel", end=False), reset(frames.NO_ERROR)], cut),
    ServerRow("REFUSED_STREAM in the middle of an answer", "9113 8.7", [status(200), content(b"hel", end=False), reset(REFUSED_STREAM)], cut),
    ServerRow("RST_STREAM behind an interim answer", "9113 8.1", [status(103), reset(INTERNAL_ERROR)], bad_gateway()),
    ServerRow("the end of the connection in the middle of an answer", "9113 5.4.1", [status(200), content(b"hel", end=False), close], cut),
    ServerRow("the end of the connection in the middle of a frame", "9113 5.4.1", [status(200), octets(lambda stream: frames.data(stream, b"hello")[:-2]),
              close], cut),
    ServerRow("the end of the connection in the place of an answer", "9113 5.4.1", [close], bad_gateway(), tries=None, method="POST", body=b"x"),
    ServerRow("GOAWAY with an error in the place of an answer", "9113 6.8", [goaway(INTERNAL_ERROR), close], bad_gateway(), tries=None, method="POST",
              body=b"x"),
    ServerRow("a server that never answers", "9110 15.6.5", [until_reset], bad_gateway(504), told=(CANCEL, PROTOCOL_ERROR, frames.NO_ERROR)),
    ServerRow("a server that stops in an answer", "9110 15.6.5", [status(200), content(b"hel", end=False), until_reset], cut),
]

WRONG = [
    *[ServerRow(f"malformed: {name}", "9113 8.1.1", reply, bad_gateway(), told=STREAM) for name, reply in MALFORMED.items()],
    *[ServerRow(f"malformed later: {name}", "9113 8.1.1", reply, cut, told=STREAM) for name, reply in CUT.items()],
    *[ServerRow(f"malformed connection: {name}", "9113 5.4.1", reply, bad_gateway(), told=(code, *BROKEN), tries=None)
      for name, (reply, code) in CONNECTION_ERRORS.items()],
    ServerRow("content-length smaller than the DATA", "9113 8.1.1", [status(200, ("content-length", "3")), content(b"hello")], cut, told=STREAM),
    ServerRow("DATA behind the end of an answer", "9113 5.1", [*answer(), content(b"more")], passed(), told=()),
    ServerRow("an answer behind the end of an answer", "9113 5.1", [*answer(), status(200), content(b"other")], passed(), told=()),
    ServerRow("endless CONTINUATION", "9113 10.5.1", [endless_continuation], bad_gateway(), tries=None),
    ServerRow("endless PING", "9113 10.5", [endless_frames(lambda stream: frames.ping())], bad_gateway(502, 504), tries=None),
    ServerRow("endless SETTINGS", "9113 10.5", [endless_frames(lambda stream: frames.settings())], bad_gateway(502, 504), tries=None),
    ServerRow("endless interim answers", "9110 15.2", [endless_frames(lambda stream: frames.headers(stream, literal(8, "103"), end=False), 20000)],
              cut, tries=None),
    ServerRow("endless empty DATA", "9113 10.5", [status(200), endless_frames(lambda stream: frames.data(stream))], cut, tries=None),
]

ROWS = RIGHT + RETRIED + ENDED + WRONG


def fixture(scope):
    return start_before(scope, ROWS)


def more_tests():
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names), "rows of the same name"
    for row in ROWS:
        yield row.name.replace(" ", "-"), lambda stand, row=row: stand.run(row), {}


@each(tls=[False, True])
def test_requests_beyond_the_limit_of_the_server(stand, tls):
    """MAX_CONCURRENT_STREAMS 1, and ten clients at a time: all are served, wherever those go that have no place on the connection."""
    origin, target = stand.origins[ONE_AT_A_TIME, tls], stand.targets[ONE_AT_A_TIME, tls]

    def one(_number):
        response = ask(stand.port, "GET", target, seconds=10)
        assert response.status == 200 and response.body == b"hello", response
    Threads(10, one).end()
    assert not origin.faults, origin.faults
