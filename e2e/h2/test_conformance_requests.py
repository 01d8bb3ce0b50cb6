"""Malformed requests (RFC 9113, 8.1 to 8.3): refused, and never seen by the server as a whole."""
from h2.expectations import answered, arrived, either, malformed, stream_error
from h2.frames import ENABLE_CONNECT_PROTOCOL, PROTOCOL_ERROR, STREAM_CLOSED, data
from h2.requests import GET, POST, SCHEME, Request, doubled, get, post, replaced, trailers, without
from h2.rows import Row, tests_of
from h2.stand import start_stand

fixture = start_stand
PSEUDO = (":method", ":scheme", ":path")
OF_ONE_HOP = [("connection", "keep-alive"), ("connection", "close"), ("connection", "x-named"), ("keep-alive", "timeout=5"), ("proxy-connection",
    "keep-alive"),
              ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("upgrade", "websocket"), ("te", "gzip"), ("te", "trailers, deflate"), ("te", "")]
NAMES = {"with an upper-case letter": "X-Upper", "all in upper case": "UPPER", "with an upper-case letter at its end": "x-uppeR", "empty": "",
         "with a space": "x y", "with a space at its end": "x ", "with a space at its beginning": " x", "with a colon": "x:y",
             "with a colon at its end": "x:",
         "with NUL": "x\0", "with CR": "x\ry", "with LF": "x\ny", "with CRLF and a field": "x: y\r\nz", "with TAB": "x\t", "with DEL": "x\x7f",
         "with an octet above 127": "x\xe4", "with a control character": "x\x01"}
VALUES = {"NUL": "a\0b", "CR": "a\rb", "LF": "a\nb", "CRLF": "a\r\nx-smuggled: yes", "CRLFCRLF and a request": "a\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a",
          "NUL alone": "\0", "LF at its end": "a\n", "CR at its end": "a\r", "LF at its beginning": "\na"}
AROUND = {"a space at its beginning": " a", "a space at its end": "a ", "TAB at its beginning": "\ta", "TAB at its end": "a\t", "spaces alone": "  "}
BAD = (400,)


def with_field(name, value):
    return [get(1, more=[(name, value)])]


def first_with(name, value):
    """GET, and this pseudo-field with another value."""
    return [Request(1, replaced(GET, name, value))]


def unless_allowed(peer, stand):
    """A server that says that it knows extended CONNECT may take it."""
    if not peer.settings.get(ENABLE_CONNECT_PROTOCOL):
        malformed(status=(400, 405, 501))(peer, stand)


PSEUDO_ROWS = [
    *[Row(f"without {name}", "9113 8.3.1", [Request(1, without(GET, name))], malformed()) for name in PSEUDO],
    *[Row(f"{name} twice", "9113 8.3", [Request(1, doubled(GET, name))], malformed()) for name in (*PSEUDO, ":authority")],
    *[Row(f"{name} empty", "9113 8.3.1", first_with(name, ""), malformed(status=BAD)) for name in (":method", ":scheme")],
    Row(":path empty", "9113 8.3.1", first_with(":path", ""), malformed()),
    Row("without any pseudo-field", "9113 8.3.1", [Request(1, [("host", "localhost")])], malformed()),
    Row("no fields at all", "9113 8.3.1", [Request(1, [])], malformed()),
    Row("an unknown pseudo-field", "9113 8.3", [Request(1, [*GET, (":unknown", "x")])], malformed()),
    Row("an unknown pseudo-field at the beginning", "9113 8.3", [Request(1, [(":unknown", "x"), *GET])], malformed()),
    Row("a pseudo-field of responses", "9113 8.3", [Request(1, [*GET, (":status", "200")])], malformed()),
    Row("a pseudo-field that is only a colon", "9113 8.3", [Request(1, [*GET, (":", "x")])], malformed()),
    Row("a pseudo-field in upper case", "9113 8.2.1", [Request(1, [*without(GET, ":method"), (":METHOD", "GET")])], malformed()),
    *[Row(f"{name} behind a regular field", "9113 8.3", [Request(1, [*without(GET, name), ("x-field", "x"), *[f for f in GET if f[0] == name]])],
          malformed()) for name in (*PSEUDO, ":authority")],
    # A server that has the setting passes it on, perhaps when the next row has begun: what comes for /probe is not counted.
    Row(":protocol without the setting", "8441 4",
        [Request(1, [(":method", "CONNECT"), (":protocol", "websocket"), *without(GET[1:], ":path"), (":path", "/probe")], end=False)], unless_allowed),
    Row(":protocol with another method", "8441 4", [Request(1, [*GET, (":protocol", "websocket")])], malformed(status=BAD)),
    Row(":path that does not begin with a slash", "9113 8.3.1", first_with(":path", "index.html"), malformed(status=BAD)),
    Row(":path that is a whole URI", "9113 8.3.1", first_with(":path", "http://localhost/"), malformed(status=BAD)),
    Row(":path * with GET", "9113 8.3.1", first_with(":path", "*"), malformed(status=BAD)),
    Row(":path with a space", "9113 8.3.1", first_with(":path", "/ HTTP/1.1"), malformed(status=BAD)),
    Row(":path with a space at its end", "9113 8.3.1", first_with(":path", "/a "), malformed(status=BAD)),
    Row(":path with a fragment", "9113 8.3.1", first_with(":path", "/a#b"), malformed(status=BAD)),
    Row(":path with TAB", "9113 8.3.1", first_with(":path", "/a\tb"), malformed(status=BAD)),
    Row(":method with a space", "9110 9.1", first_with(":method", "GET /smuggled HTTP/1.1\r\nx:"), malformed(status=BAD)),
    Row(":method that is no token", "9110 9.1", first_with(":method", "GE(T"), malformed(status=BAD)),
    Row(":scheme with a space", "9113 8.3.1", first_with(":scheme", "http "), malformed(status=BAD)),
    Row(":scheme that is no scheme", "9113 8.3.1", first_with(":scheme", "http://localhost/?"), malformed(status=BAD)),
    *[Row(f"{name} with {shown}", "9113 8.2.1", first_with(name, value), malformed(status=BAD))
      for name, value, shown in [(name, f"{text}{octet}x", shown) for name, text in ((":method", "GET"), (":path", "/a"), (":authority", "localhost"))
                                 for octet, shown in (("\0", "NUL"), ("\r\n", "CRLF"), ("\n", "LF"))]],
]

FIELDS = [
    *[Row(f"a name {what}", "9113 8.2.1", with_field(name, "x"), malformed()) for what, name in NAMES.items()],
    *[Row(f"a value with {what}", "9113 8.2.1", with_field("x-value", value), malformed()) for what, value in VALUES.items()],
    *[Row(f"a value with {what}", "9113 8.2.1", with_field("x-value", value), malformed()) for what, value in AROUND.items()],
    *[Row(f"{name}: {value or '(empty)'}", "9113 8.2.2", with_field(name, value), malformed()) for name, value in OF_ONE_HOP],
]

AUTHORITY = [
    Row("Host that differs from :authority", "9113 8.3.1", with_field("host", "another.test"), malformed(status=(400, 421))),
    Row("Host with another port than :authority", "9113 8.3.1", with_field("host", "localhost:81"), malformed(status=(400, 421))),
    Row("Host twice", "9110 7.2", [Request(1, [*without(GET, ":authority"), ("host", "localhost"), ("host", "another.test")])],
        malformed(status=BAD)),
    Row("Host twice and :authority", "9110 7.2", [get(1, more=[("host", "localhost"), ("host", "another.test")])], malformed(status=BAD)),
    Row("neither Host nor :authority", "9113 8.3.1", [Request(1, without(GET, ":authority"))], malformed(status=BAD)),
    Row(":authority empty", "9113 8.3.1", first_with(":authority", ""), malformed(status=BAD)),
    Row("Host empty", "9113 8.3.1", [Request(1, [*without(GET, ":authority"), ("host", "")])], malformed(status=BAD)),
    Row(":authority with a user", "9113 8.3.1", first_with(":authority", "user@localhost"), malformed(status=BAD)),
    Row(":authority with a slash", "9113 8.3.1", first_with(":authority", "localhost/x"), malformed(status=BAD)),
    Row(":authority with a space", "9113 8.3.1", first_with(":authority", "localhost x"), malformed(status=BAD)),
]


def sized(length, *parts, tail=()):
    """POST with this Content-Length, and DATA of these sizes; `tail` comes where END_STREAM would."""
    frames = [data(1, b"x" * size, end=not tail and number == len(parts)) for number, size in enumerate(parts, 1)]
    return [post(1, more=[("content-length", value) for value in ([length] if isinstance(length, str) else length)], end=not parts and not tail),
            *frames, *tail]


TOO_MUCH = stream_error(1, PROTOCOL_ERROR)  # the server may have got what is too little, and be told too late
LENGTHS = [
    Row("content-length larger than the DATA", "9113 8.1.1", sized("6", 5), malformed()),
    Row("content-length larger than two DATA", "9113 8.1.1", sized("11", 5, 5), malformed()),
    Row("content-length smaller than the DATA", "9113 8.1.1", sized("4", 5), malformed()),
    Row("content-length smaller than two DATA", "9113 8.1.1", sized("9", 5, 5), malformed()),
    Row("content-length that the first of two DATA fills", "9113 8.1.1", sized("5", 5, 1), TOO_MUCH),
    Row("content-length 0 and DATA", "9113 8.1.1", sized("0", 1), TOO_MUCH),
    Row("content-length 1 and empty DATA", "9113 8.1.1", sized("1", 0), malformed()),
    Row("content-length and no DATA", "9113 8.1.1", sized("5"), malformed()),
    Row("content-length and no DATA with GET", "9113 8.1.1", with_field("content-length", "5"), malformed()),
    Row("content-length larger than the DATA before trailers", "9113 8.1.1", sized("6", 5, tail=[trailers(1, ("x", "y"))]), malformed()),
    Row("content-length smaller than the DATA before trailers", "9113 8.1.1", sized("4", 5, tail=[trailers(1, ("x", "y"))]), malformed()),
    Row("content-length and nothing but trailers", "9113 8.1.1", sized("5", tail=[trailers(1, ("x", "y"))]), malformed()),
    Row("content-length in two values", "9110 8.6", sized(("5", "6"), 5), malformed(status=BAD)),
    Row("content-length in two values in the other order", "9110 8.6", sized(("6", "5"), 5), malformed(status=BAD)),
    Row("content-length in two equal values", "9110 8.6", sized(("5", "5"), 5), either(malformed(status=BAD), answered(1, test=arrived(size=5)))),
    *[Row(f"content-length {length or '(empty)'}", "9110 8.6", sized(length, 5), malformed(status=BAD))
      for length in ("+5", "-5", "0x5", "5,6", "five", "5.0", "", "18446744073709551621", "5 5")],
    Row("content-length 5, 5", "9110 8.6", sized("5, 5", 5), either(malformed(status=BAD), answered(1, test=arrived(size=5)))),
]

TRAILERS = [
    Row("trailers without END_STREAM", "9113 8.1", [post(1), data(1, b"x"), trailers(1, ("x", "y"), end=False)], malformed()),
    Row("HEADERS twice without DATA", "9113 8.1", [post(1), post(1)], malformed()),
    Row("trailers without END_STREAM and then DATA", "9113 8.1", [post(1), data(1, b"x"), trailers(1, ("x", "y"), end=False), data(1, b"z", end=True)],
        stream_error(1, PROTOCOL_ERROR, STREAM_CLOSED)),
    *[Row(f"{name} in trailers", "9113 8.1", [post(1), data(1, b"x"), trailers(1, (name, value))], malformed())
      for name, value in ((":method", "GET"), (":path", "/"), (":status", "200"), (":unknown", "x"), ("X-Upper", "x"), ("", "x"), ("x y", "x"),
                          ("connection", "close"), ("transfer-encoding", "chunked"))],
    *[Row(f"a value with {what} in trailers", "9113 8.2.1", [post(1), data(1, b"x"), trailers(1, ("x-value", value))], malformed())
      for what, value in (("NUL", "\0"), ("CRLF", "a\r\nb: c"), ("LF", "a\nb"))],
]

CONNECT = [
    Row("CONNECT", "9113 8.5", [Request(1, [(":method", "CONNECT"), (":authority", "localhost:80")], end=False)], malformed(status=(400, 403, 404, 405, 421,
        501))),
    Row("CONNECT with :path and :scheme", "9113 8.5", [Request(1, [(":method", "CONNECT"), SCHEME, (":path", "/"), (":authority", "localhost:80")],
                                                               end=False)], malformed(status=(400, 405, 501))),
    Row("CONNECT without :authority", "9113 8.5", [Request(1, [(":method", "CONNECT")], end=False)], malformed(status=(400, 405, 501))),
]

MALFORMED_UPLOADS = [
    Row("a malformed head and DATA", "9113 5.4.2", [Request(1, [*POST, ("X-Upper", "x")], end=False), data(1, b"x" * 100), data(1, b"y", end=True)],
        stream_error(1, PROTOCOL_ERROR, STREAM_CLOSED)),
    Row("a malformed head and trailers", "9113 5.4.2", [Request(1, [*POST, ("X-Upper", "x")], end=False), trailers(1, ("x", "y"))],
        stream_error(1, PROTOCOL_ERROR, STREAM_CLOSED)),
    Row("a malformed head between two others", "9113 5.4.2", [get(1), Request(3, [*GET, ("X-Upper", "x")]), get(5)],
        either(answered(5), malformed(3))),
]

ROWS = PSEUDO_ROWS + FIELDS + AUTHORITY + LENGTHS + TRAILERS + CONNECT + MALFORMED_UPLOADS


def more_tests():
    yield from tests_of(ROWS)
