"""Requests that are in order: answered as in HTTP/1.1, and as the server sees them."""
import json

from h2.expectations import answered, arrived, probe
from h2.frames import data
from h2.requests import GET, SCHEME, Request, get, head, post, replaced, trailers, without
from h2.rows import Row, Step, answer_of, tests_of
from h2.stand import LARGE, start_stand

fixture = start_stand
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "QUERY")


def of_method(method, end=True):
    return Request(1, replaced(GET, ":method", method), end=end)


def once(name, value):
    """One field of this name arrived, with this value."""
    def wrong(answer):
        got = [content for key, content in json.loads(answer.body)["fields"] if key.lower() == name]
        return None if got == [value] else f"{name} arrived as {got}"
    return wrong


def none_of(*names):
    def wrong(answer):
        got = [key for key, _ in json.loads(answer.body)["fields"] if key.lower() in names]
        return f"{got} arrived" if got else None
    return wrong


def host_is(value):
    return once("host", value)


def has(**fields):
    """The answer has these fields, and this content or its size."""
    content, size = fields.pop("content", None), fields.pop("size", None)

    def wrong(answer):
        if content is not None and answer.body != content:
            return "another content"
        if size is not None and len(answer.body) != size:
            return f"{len(answer.body)} octets of content"
        bad = {name: answer.get(name.replace("_", "-")) for name, value in fields.items() if answer.get(name.replace("_", "-")) != value}
        return f"fields of the answer: {bad}" if bad else None
    return wrong


def after_hints(answer):
    if [status for status, _ in answer.interim] != [103]:
        return f"interim answers: {answer.interim}"
    return None if answer.body == b"after hints" else "another content"


def with_trailers(answer):
    return None if answer.trailers and ("x-digest", "abc") in answer.trailers else f"trailers {answer.trailers}"


def continued(answer):
    return None if [status for status, _ in answer.interim] == [100] else f"interim answers: {answer.interim}"


def broken_off(peer, _stand):
    """The server broke off its answer: it must not look complete. The stream is reset, or (if nothing was passed on yet) there is 502."""
    peer.wait(lambda: peer.is_over(1))
    answer = peer.answers.get(1)
    if answer and answer.ended:
        assert answer.status == 502, peer.story()
    else:
        assert 1 in peer.resets, peer.story()
    probe(peer)


REQUESTS = [
    *[Row(f"{method}", "9110 9.3", [of_method(method)], answered(1, test=arrived(method=method))) for method in METHODS],
    *[Row(f"{method} with content", "9113 8.1", [of_method(method, end=False), data(1, b"hello", end=True)],
          answered(1, test=arrived(method=method, size=5))) for method in ("GET", "POST", "DELETE")],
    Row("HEAD", "9110 9.3.2", [head(1)], answered(1, test=has(content=b"", content_type="application/json"))),
    Row("HEAD of something large", "9110 9.3.2", [head(1, "/large")], answered(1, test=has(content=b"", content_length=str(LARGE)))),
    Row("POST with content-length", "9113 8.1.1", [post(1, more=[("content-length", "10")]), data(1, b"hello"), data(1, b"world", end=True)],
        answered(1, test=arrived(size=10))),
    Row("POST with content-length 0", "9113 8.1.1", [post(1, more=[("content-length", "0")], end=True)], answered(1, test=arrived(size=0))),
    Row("POST with content-length 0 and empty DATA", "9113 8.1.1", [post(1, more=[("content-length", "0")]), data(1, end=True)],
        answered(1, test=arrived(size=0))),
    Row("POST without content", "9113 8.1", [post(1, end=True)], answered(1, test=arrived(size=0))),
    Row("POST with empty DATA at the end", "9113 8.1", [post(1), data(1, b"hello"), data(1, end=True)], answered(1, test=arrived(size=5))),
    Row("POST in octets", "9113 8.1", [post(1), *[data(1, b"x") for _ in range(50)], data(1, end=True)], answered(1, test=arrived(size=50))),
    Row("trailers behind content", "9113 8.1", [post(1, more=[("te", "trailers")]), data(1, b"hello"), trailers(1, ("x-trailer", "y"))],
        answered(1, test=arrived(size=5))),
    Row("trailers without content", "9113 8.1", [post(1), trailers(1, ("x-trailer", "y"))], answered(1, test=arrived(size=0))),
    Row("trailers behind content of known length", "9113 8.1", [post(1, more=[("content-length", "5")]), data(1, b"hello"), trailers(1, ("x-trailer", "y"))],
        answered(1, test=arrived(size=5))),
    Row(":authority only", "9113 8.3.1", [get(1)], answered(1, test=host_is("localhost"))),
    Row("Host only", "9113 8.3.1", [Request(1, [*without(GET, ":authority"), ("host", "localhost")])], answered(1, test=host_is("localhost"))),
    Row(":authority and the same Host", "9113 8.3.1", [get(1, more=[("host", "localhost")])], answered(1, test=host_is("localhost"))),
    Row(":authority first", "9113 8.3", [Request(1, [(":authority", "localhost"), (":path", "/"), SCHEME, (":method", "GET")])], answered(1)),
    Row("a query", "9113 8.3.1", [get(1, "/a/b?c=d&e=%20f")], answered(1, test=arrived(target="/a/b?c=d&e=%20f"))),
    Row("cookies in one field", "9113 8.2.3", [get(1, more=[("cookie", "a=b; c=d")])], answered(1, test=once("cookie", "a=b; c=d"))),
    Row("cookies in crumbs", "9113 8.2.3", [get(1, more=[("cookie", "a=b"), ("cookie", "c=d"), ("cookie", "e=f")])],
        answered(1, test=once("cookie", "a=b; c=d; e=f"))),
    Row("cookies in crumbs between other fields", "9113 8.2.3", [get(1, more=[("cookie", "a=b"), ("x-other", "y"), ("cookie", "c=d; e=f")])],
        answered(1, test=once("cookie", "a=b; c=d; e=f"))),
    Row("te: trailers", "9113 8.2.2", [get(1, more=[("te", "trailers")])], answered(1)),
    Row("a field with an empty value", "9110 5.5", [get(1, more=[("x-empty", "")])], answered(1, test=arrived(("x-empty", "")))),
    Row("a value with spaces and TAB inside", "9113 8.2.1", [get(1, more=[("x-inner", "a b\tc  d")])], answered(1, test=arrived(("x-inner", "a b\tc  d")))),
    Row("a value with octets above 127", "9113 8.2.1", [get(1, more=[("x-high", "\xe4\xff")])], answered(1, test=arrived(("x-high", "\xe4\xff")))),
    Row("a name of all characters that names may have", "9110 5.6.2", [get(1, more=[("!#$%&'*+-.^`|~09az", "x")])],
        answered(1, test=arrived(("!#$%&'*+-.^`|~09az", "x")))),
    Row("the same field twice", "9110 5.3", [get(1, more=[("x-twice", "a"), ("x-twice", "b")])], answered(1, test=arrived(("x-twice", "a"), ("x-twice", "b")))),
    Row("a field of 4000 octets", "9113 8.2", [get(1, more=[("x-long", "a" * 4000)])], answered(1, test=arrived(("x-long", "a" * 4000)))),
    Row("no field of one hop arrives", "9113 8.2.2", [get(1, more=[("te", "trailers")])],
        answered(1, test=none_of("http2-settings", "proxy-connection", "keep-alive", "upgrade"))),
    Row("100-continue", "9110 10.1.1", [post(1, more=[("expect", "100-continue"), ("content-length", "5")]), Step(lambda peer: peer.wait(
        lambda: 1 in peer.answers and peer.answers[1].interim)), data(1, b"hello", end=True)], answered(1, test=continued)),
]

ANSWERS = [
    Row("fields of one hop do not pass", "9113 8.2.2", [get(1, "/chunked")], answered(1, test=has(content=b"hello", x_mixed_case="Yes", x_hop=None))),
    Row("a large answer", "9113 6.9", [get(1, "/large")], answered(1, test=has(size=LARGE))),
    Row("an interim answer", "9113 8.1", [get(1, "/hints")], answered(1, test=after_hints)),
    Row("trailers of an answer", "9113 8.1", [get(1, "/trailers", more=[("te", "trailers")])], answered(1, test=with_trailers)),
    Row("304", "9110 15.4.5", [get(1, "/not-modified", more=[("if-none-match", '"x"')])], answered(1, 304, has(content=b"", etag='"x"'))),
    Row("content that comes back while it is sent", "9113 8.1", [post(1, "/echo"), data(1, b"hello"), Step(lambda peer: peer.wait(
        lambda: 1 in peer.answers and peer.answers[1].pieces)), data(1, b" world", end=True)], answered(1, test=has(content=b"hello world"))),
    Row("an answer until the end of the connection", "9112 6.3", [get(1, "/until-close")], answered(1, test=has(content=b"until the end"))),
    Row("an answer that breaks off", "9113 8.1", [get(1, "/cut")], broken_off),
    Row("a server that gives no answer", "9110 15.6.3", [get(1, "/close")], answered(1, 502)),
    Row("a server that does not speak HTTP", "9110 15.6.3", [get(1, "/garbage")], answered(1, 502)),
    Row("an answer before the request has ended", "9113 8.1", [post(1, "/refuse-body"), answer_of(1)], answered(1, 403, has(content=b"refused"))),
    Row("requests one after the other", "9113 5.1.1", [piece for number in range(30) for piece in (get(2 * number + 1), answer_of(2 * number + 1))],
        answered(59)),
]

ROWS = REQUESTS + ANSWERS


def more_tests():
    yield from tests_of(ROWS)
