"""Servers of HTTP/2 that flood, or answer with more than they send: the request fails, the connection ends, nobody else notices."""
import threading

from h2 import frames
from h2.attackers import Watch, opened, request_block, start_attacked
from h2.hpack_by_hand import indexed, literal
from h2.origin import H2Origin, Script, tls_context
from h2.replies import answer, content, fields, goaway, octets, reset, status, until_reset
from harness.certificates import Authority
from harness.runner import each
from harness.scope import eventually
from harness.wire import Closed, ask

MOST_KIB, MOST_CPU = 2048, 0.7
COUNT, UNKNOWN = 50000, 0xbe
OK, BEGUN = indexed(8), [status(200)]


def behind_head(more):
    """Of the first stream of a connection. Made once: what takes long here would make others wait."""
    return octets(frames.headers(1, OK, end=False, last=False) + more)


# How a reply begins, and then what comes again and again.
FLOODS = {
    "SETTINGS": [octets(frames.settings() * COUNT)],
    "SETTINGS, full": [octets(frames.settings(*[(frames.INITIAL_WINDOW_SIZE, 1000)] * 2000) * 1000)],
    "PING": [octets(frames.ping() * COUNT)],
    "PING acknowledged": [octets(frames.ping(ack=True) * COUNT)],
    "WINDOW_UPDATE": [octets(lambda stream: frames.window_update(stream, 1) * COUNT)],
    "PRIORITY": [octets(lambda stream: frames.priority(stream) * COUNT)],
    "unknown frames": [octets(frames.frame(UNKNOWN, 0, 0, b"x") * COUNT)],
    "GOAWAY": [octets(frames.goaway(frames.LARGEST_WINDOW) * COUNT)],
    "RST_STREAM": [octets(lambda stream: frames.rst_stream(stream) * COUNT)],
    "CONTINUATION, empty": [behind_head(frames.continuation(1, last=False) * COUNT)],
    "CONTINUATION, full": [behind_head(frames.continuation(1, literal("x", "y" * 100) * 150, last=False) * 2500)],
    "CONTINUATION of fields that cost an octet": [behind_head(frames.continuation(1, indexed(61) * 16000, last=False) * 2500)],
    "DATA, empty": [*BEGUN, octets(lambda stream: frames.data(stream) * COUNT)],
    "DATA of nothing but padding": [*BEGUN, octets(lambda stream: frames.data(stream, padding=0) * COUNT)],
}
# Errors of one response: the connection may go on.
BOMBS = {
    "interim answers": [octets(lambda stream: frames.headers(stream, literal(8, "103"), end=False) * COUNT)],
    "a large field again and again": [fields((":status", "200"), raw=literal("x", "y" * 4000, keep=True) + indexed(62) * 12000)],
    "small fields again and again": [fields((":status", "200"), raw=literal("x", "y", keep=True) + indexed(62) * 16000)],
    "a large field in the trailers": [*BEGUN, content(b"hello", end=False),
                                      fields(raw=literal("x", "y" * 4000, keep=True) + indexed(62) * 12000, end=True)],
}
RIGHT = answer()
MANY_FIELDS = "many large answers"
HEAD = fields((":status", "200"), raw=literal("x", "y" * 4000, keep=True) + indexed(62) * 12)


def script_of(kind):
    return Script([{**FLOODS, **BOMBS}[kind], RIGHT])


class Servers:
    """One for each kind and way; the gate has a route for each."""

    def __init__(self, scope):
        self.authority = Authority(scope.folder, "servers")
        secure = tls_context(self.authority.sign("server", "127.0.0.1"))
        self.origins = {(kind, tls): H2Origin(scope, script_of(kind), secure if tls else None) for kind in [*FLOODS, *BOMBS] for tls in (False, True)}
        for name, replies in (("refused", [[reset(frames.REFUSED_STREAM)]]), ("away", [[goaway(below=True), until_reset]]),
                              (MANY_FIELDS, [[HEAD, until_reset]])):
            self.origins[name, False] = H2Origin(scope, Script(replies))
        self.targets = {key: f"/origin/{number}/x" for number, key in enumerate(self.origins)}

    def routes(self):
        made = ""
        for key, target in self.targets.items():
            scheme, more = ("https", f", upstream_tls: {{ ca: {self.authority.cert} }}") if key[1] else ("h2c", "")
            made += f"          - {{ path: {target}, to: \"{scheme}://127.0.0.1:{self.origins[key].port}\"{more} }}\n"
        return made


def fixture(scope):
    servers = Servers(scope)
    env = start_attacked(scope, routes=servers.routes())
    env.servers = servers
    return env


def status_of(env, target):
    """0: the answer was cut off. POST is not asked for again."""
    try:
        return ask(env.port, "POST", target).status
    except Closed:
        return 0


@each(kind=list(FLOODS), tls=[False, True])
def test_a_flood_ends_the_connection(env, kind, tls):
    origin, target = env.servers.origins[kind, tls], env.servers.targets[kind, tls]
    with Watch(env, MOST_KIB, MOST_CPU):
        seen = status_of(env, target)
        eventually(lambda: origin.connections[0].closed, 5, "the end of the connection")
    assert seen in ((0, 200) if kind.startswith("DATA") else (502,)), seen
    assert status_of(env, target) == 200, "the next request"
    assert len(origin.connections) == 2, "it goes to another connection"


@each(kind=list(BOMBS), tls=[False, True])
def test_answers_that_are_larger_than_they_look(env, kind, tls):
    """50,000 interim answers; 16 KiB that stand for 48 MB."""
    target = env.servers.targets[kind, tls]
    with Watch(env, MOST_KIB, MOST_CPU):
        seen = status_of(env, target)
    assert seen in ((0, 200) if "trailers" in kind else (502,)), seen
    assert status_of(env, target) == 200, "the next request"


@each(kind=["refused", "away"])
def test_a_server_that_refuses_everything(env, kind):
    """It may be asked again, but not again and again: fifty requests of fifty clients."""
    origin, target = env.servers.origins[kind, False], env.servers.targets[kind, False]
    with Watch(env, 4096, 1.5):
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(ask(env.port, "GET", target).status)) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(seen) == 50 and not set(seen) - {502, 503}, seen
    assert 50 <= len(origin.calls) <= 200, f"the server was asked {len(origin.calls)} times"


def test_many_large_answers_at_once(env):
    """A hundred heads of 52,000 octets that came as 4,000, held by answers that do not end."""
    target = env.servers.targets[MANY_FIELDS, False]
    block = request_block(target)
    with Watch(env, 100 * 80 + 4096, 2), opened(env, False) as peer:
        peer.send(b"".join(frames.headers(2 * number + 1, block) for number in range(100)))
        peer.wait(lambda: len([one for one in peer.answers.values() if one.status == 200]) == 100 or peer.closed, 15)
        assert len(peer.answers) == 100, f"{len(peer.answers)} of 100: {peer.story()[:500]}"
