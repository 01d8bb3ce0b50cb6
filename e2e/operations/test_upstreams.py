"""Several servers, servers that fail, names that are resolved, and what happens when descriptors run out."""
import os
import socket
import time

from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import Origin
from harness.ports import free_port
from harness.scope import eventually
from harness.wire import Wire, ask


class Fixture:
    def __init__(self, scope):
        self.scope = scope

    def gate(self, scope, servers, more="", tail=""):
        port = free_port()
        listed = "".join(f"      - {server}\n" for server in servers)
        gate = start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{port}"
    sites: [ {{ routes: [ {{ path: /, to: app }} ] }} ]
upstreams:
  app:
    servers:
{listed}{more}{tail}""", port)
        gate.port = port
        return gate


def fixture(scope):
    return Fixture(scope)


def named(name):
    """An origin's handler that says its name."""
    def handle(exchange):
        exchange.body()
        exchange.answer(body=name)
    return handle


def url(origin):
    return f"http://127.0.0.1:{origin.port}"


def test_round_robin(env):
    with env.scope.part("robin") as scope:
        one, two = Origin(scope, named("one")), Origin(scope, named("two"))
        gate = env.gate(scope, [url(one), url(two)], "    balance: round_robin\n")
        with Wire(gate.port) as wire:
            answers = [wire.ask("GET", "/").body for _ in range(40)]
        assert 15 <= answers.count(b"one") <= 25, answers.count(b"one")


def test_weights_and_backup(env):
    with env.scope.part("weights") as scope:
        one, two, three = (Origin(scope, named(name)) for name in ("one", "two", "three"))
        gate = env.gate(scope, [f'{{ url: "{url(one)}", weight: 3 }}', url(two), f'{{ url: "{url(three)}", backup: true }}'],
                        "    balance: round_robin\n")
        with Wire(gate.port) as wire:
            answers = [wire.ask("GET", "/").body for _ in range(40)]
            assert 26 <= answers.count(b"one") <= 34 and b"three" not in answers, answers
            one.close()
            two.close()
            answers = [wire.ask("GET", "/").body for _ in range(20)]
        assert set(answers) == {b"three"}, answers


def test_a_server_that_goes_away(env):
    with env.scope.part("away") as scope:
        one, two = Origin(scope, named("one")), Origin(scope, named("two"))
        gate = env.gate(scope, [url(one), url(two)], "    balance: round_robin\n    fail_for: 1s\n    fail_after: 2\n")
        with Wire(gate.port) as wire:
            for _ in range(10):
                assert wire.ask("GET", "/").status == 200
            two.close()
            statuses = [(response.status, response.body) for response in (wire.ask("GET", "/") for _ in range(50))]
            assert set(statuses) == {(200, b"one")}, statuses
            again = Origin(scope, named("two"), port=two.port)
            eventually(lambda: wire.ask("GET", "/").body == b"two", 10, "the server being used again")
        assert again.accepted > 0


def test_all_servers_down(env):
    with env.scope.part("down") as scope:
        gate = env.gate(scope, [f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"], "    fail_after: 1\n")
        first = ask(gate.port, "GET", "/")
        assert first.status in (502, 503), first
        later = [ask(gate.port, "GET", "/") for _ in range(5)]
        assert {response.status for response in later} <= {502, 503}
        assert all(response.get("Proxy-Status") for response in later)


def test_only_what_may_be_repeated_is_repeated(env):
    """A server that closes instead of answering: GET is tried at the other one, POST is not."""
    with env.scope.part("retry") as scope:
        seen = []

        def closes(exchange):
            exchange.body()
            seen.append(exchange.method)
            exchange.close_after()
        broken, good = Origin(scope, closes), Origin(scope, named("good"))
        gate = env.gate(scope, [url(broken), url(good)], "    balance: round_robin\n    fail_after: 1000\n")
        gets = [ask(gate.port, "GET", "/") for _ in range(20)]
        assert {response.status for response in gets} == {200}, [response.status for response in gets]
        assert "GET" in seen
        posts = [ask(gate.port, "POST", "/", body=b"x").status for _ in range(20)]
        assert set(posts) == {200, 502}, posts
        assert seen.count("POST") == posts.count(502), "each POST was sent once"


def test_kept_connections_that_were_closed(env):
    """The server closes its kept connections, as servers do; no client notices."""
    with env.scope.part("kept") as scope:
        origin = Origin(scope, named("one"))
        gate = env.gate(scope, [url(origin)])
        with Wire(gate.port) as wire:
            for _ in range(20):
                assert wire.ask("GET", "/").status == 200
                origin.drop_connections()
                time.sleep(0.02)
            for _ in range(20):
                assert wire.ask("POST", "/", body=b"x").status == 200
                origin.drop_connections()
                time.sleep(0.02)


def test_kept_connection_closed_while_the_request_comes(env):
    """Every kept connection dies under its second request, before an answer: GET and PUT are sent again."""
    def once(exchange):
        if exchange.count > 1:
            exchange.close_after()
            return
        exchange.body()
        exchange.answer(body="fresh")
    with env.scope.part("race") as scope:
        gate = env.gate(scope, [url(Origin(scope, once))])
        with Wire(gate.port) as wire:
            for _ in range(10):
                assert wire.ask("GET", "/").status == 200


def test_servers_connections_are_kept_and_bounded(env):
    with env.scope.part("pool") as scope:
        origin = Origin(scope, named("one"))
        gate = env.gate(scope, [url(origin)])
        for _ in range(100):
            assert ask(gate.port, "GET", "/").status == 200
        assert origin.accepted <= 4, f"{origin.accepted} connections for 100 requests one after the other"


def test_names_are_resolved_and_followed(env):
    address = "127.53.0.1"
    with env.scope.part("dns") as scope:
        names = NameServer(scope, address)
        one, two = Origin(scope, named("one")), Origin(scope, named("two"), address="127.0.0.2")
        other = Origin(scope, named("two"), address="127.0.0.2", port=one.port)
        names.names["app.test"] = (["127.0.0.1"], 1)
        names.names["both.test"] = (["::1", "127.0.0.1"], 60)
        names.names["empty.test"] = ([], 60)
        port = free_port()
        routes = "".join(f'          - {{ path: /{name}, to: "http://{name}.test:{one.port}" }}\n' for name in ("app", "both", "empty", "none"))
        gate = start_gate(scope, f'inbound:\n  - listen: "http://127.0.0.1:{port}"\n    sites:\n      - routes:\n{routes}', port, prefix=names.prefix)
        assert ask(port, "GET", "/app").body == b"one"
        assert ask(port, "GET", "/both").body == b"one", "an address that refuses is not the last word"
        for target in ("/empty", "/none"):
            response = ask(port, "GET", target)
            assert response.status == 502 and "dns_error" in response.get("Proxy-Status"), response
        for _ in range(20):
            ask(port, "GET", "/both")  # each worker asks once
        count = len(names.asked)
        for _ in range(20):
            ask(port, "GET", "/both")
        assert len(names.asked) == count, "an answer is kept as long as it lives"
        names.names["app.test"] = (["127.0.0.2"], 1)
        eventually(lambda: ask(port, "GET", "/app").body == b"two", 10, "the new address being used", every=0.3)
        assert other.accepted and not two.accepted and gate.process.alive()


def test_descriptors_run_out(env):
    """As many descriptors as there are: the gate says so, goes on, and recovers."""
    with env.scope.part("descriptors") as scope:
        origin, port = Origin(scope), free_port()
        gate = start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{port}"
    limits: {{ connections: 10000 }}
    sites: [ {{ routes: [ {{ path: /, to: "http://127.0.0.1:{origin.port}" }} ] }} ]
""", port, prefix=["prlimit", "--nofile=80:80"])
        kept = Wire(port)
        assert kept.ask("GET", "/x").status == 200
        crowd = []
        for _ in range(150):
            wire = socket.socket()
            wire.setblocking(False)
            wire.connect_ex(("127.0.0.1", port))
            crowd.append(wire)
        time.sleep(1)
        busy = gate.cpu_seconds()
        time.sleep(1)
        assert gate.cpu_seconds() - busy < 0.5, "the gate spins while it has no descriptors"
        assert gate.process.alive()
        assert kept.ask("GET", "/x").status in (200, 503), "who is in is served, or told"
        for wire in crowd:
            wire.close()
        eventually(lambda: ask(port, "GET", "/after").status == 200, 15, "an answer after the crowd has gone")
        assert len(os.listdir(f"/proc/{gate.process.pid}/fd")) < 60
