"""Name servers that are slow, gone, or change their mind: who does not need them is served, and who needs them too."""
import time

from attacks.stand import Stand, Threads, latencies, median
from harness.name_server import NameServer
from harness.origin import Origin
from harness.scope import eventually
from harness.wire import ask


class Fixture:
    def __init__(self, scope):
        self.scope, self.next = scope, 1

    def start(self, scope, ttl=1, timeouts="{ connect: 2s }"):
        """A gate for which app.test is the origin's name, and a name server for it."""
        self.next += 1
        names, origin = NameServer(scope, f"127.53.1.{self.next}"), Origin(scope)
        names.names["app.test"] = (["127.0.0.1"], ttl)
        stand = Stand(scope, origin=origin, timeouts=timeouts, prefix=names.prefix,
                      routes=f'          - {{ path: /named, to: "http://app.test:{origin.port}" }}\n')
        return names, stand


def fixture(scope):
    return Fixture(scope)


def test_slow_names(env):
    """Twenty wait for one answer, which is asked for once; the others are not kept waiting."""
    with env.scope.part("slow") as scope:
        names, stand = env.start(scope, ttl=60)
        names.delay = 0.6
        statuses = []
        begin = time.monotonic()
        crowd = Threads(20, lambda _: statuses.append(ask(stand.port, "GET", "/named/show").status))
        quick = median(latencies(stand.port, count=50))
        assert quick < 0.05, f"others wait {quick} s for a name that is not theirs"
        crowd.end()
        assert statuses == [200] * 20 and 0.5 < time.monotonic() - begin < 3, statuses
        assert len(names.asked) <= 4, f"asked {len(names.asked)} times"


def test_no_names_at_all(env):
    """Nobody answers: an error in time that says so, again and again, and the others do not notice."""
    with env.scope.part("gone") as scope:
        names, stand = env.start(scope, timeouts="{ connect: 1s }")
        names.silent = True
        busy = stand.gate.cpu_seconds()
        for _ in range(2):  # asked, and as it is remembered
            begin, statuses = time.monotonic(), []
            crowd = Threads(50, lambda _: statuses.append(ask(stand.port, "GET", "/named/show").status))
            assert median(latencies(stand.port, count=50)) < 0.05
            crowd.end()
            assert set(statuses) <= {502, 504} and time.monotonic() - begin < 4, statuses
        assert "dns" in ask(stand.port, "GET", "/named/show").get("Proxy-Status")
        assert stand.gate.cpu_seconds() - busy < 1
        names.silent = False
        eventually(lambda: ask(stand.port, "GET", "/named/show").status == 200, 8, "an answer once there are names", every=0.2)


def test_names_that_went_away(env):
    """It was known, its time is over, and nobody answers any more: what was known is better than nothing, and soon used."""
    with env.scope.part("stale") as scope:
        names, stand = env.start(scope, ttl=1)
        assert ask(stand.port, "GET", "/named/show").status == 200
        names.silent = True
        time.sleep(1.2)
        stand.origin.drop_connections()
        begin = time.monotonic()
        for _ in range(5):
            stand.origin.drop_connections()
            assert ask(stand.port, "GET", "/named/show").status == 200
        assert time.monotonic() - begin < 6


def test_names_that_change(env):
    """Between two servers that both live: no request fails, and each change is followed once its time has come."""
    with env.scope.part("change") as scope:
        names, stand = env.start(scope, ttl=0)
        servers = [stand.origin, Origin(scope, address="127.0.0.2", port=stand.origin.port)]
        for number in range(1, 4):
            names.names["app.test"] = ([f"127.0.0.{1 + number % 2}"], 0)
            before = servers[number % 2].accepted

            def followed(before=before, number=number):
                for origin in servers:
                    origin.drop_connections()  # those that are kept need no name
                assert [ask(stand.port, "GET", "/named/show").status for _ in range(10)] == [200] * 10
                return servers[number % 2].accepted > before
            eventually(followed, 4, f"change {number}", every=0.1)


def test_answers_that_lie(env):
    """Octets that are no answer, and answers to other questions: not believed, not fatal."""
    with env.scope.part("lies") as scope:
        names, stand = env.start(scope, timeouts="{ connect: 400ms }")
        right = names.answer
        lies = [lambda question: b"", lambda question: question[:5], lambda question: b"\xff" * 512, lambda question: question,
                lambda question: right(question)[:-3], lambda question: b"\0\0" + right(question)[2:],
                lambda question: right(question)[:12] + b"\xc0\x0c" * 100, lambda question: right(question)[:6] + b"\xff\xff" + right(question)[8:]]
        for lie in lies:
            names.answer = lie
            response = ask(stand.port, "GET", "/named/show")
            assert response.status in (502, 504), response
            assert ask(stand.port, "GET", "/own").status == 200
        names.answer = right
        eventually(lambda: ask(stand.port, "GET", "/named/show").status == 200, 8, "an answer once there is the truth", every=0.2)
