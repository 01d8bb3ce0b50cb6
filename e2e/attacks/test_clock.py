"""The clock of the wall jumps, back and forth (libfaketime): time-outs are counted by another one."""
import os
import time

from attacks.stand import Stand
from harness.runner import each, skip
from harness.scope import eventually
from harness.websocket import Client
from harness.wire import Wire

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


def fixture(scope):
    if not os.path.exists(LIBRARY):
        skip("there is no libfaketime")
    return scope


@each(jump=["-400d", "+2h"])
def test_the_clock_jumps(env, jump):
    with env.part("clock") as scope:
        offset = scope.write("offset", "+0\n")
        environment = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        stand = Stand(scope, environment=environment, tls=True, timeouts="{ client_head: 1s, response_head: 1s, keep_alive: 1s, tunnel_idle: 1h }")
        kept, secure, tunnel, slow = stand.wire(), stand.wire("https"), Client(stand.wire()), stand.wire()
        for wire in (kept, secure):
            assert wire.ask("GET", "/show").status == 200
        slow.send("GET /slow?pieces=5&pause=0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.head().status == 200
        head = stand.wire()
        head.send("GET / HTTP/1.1\r\n")
        before = kept.ask("GET", "/own").get("Date")
        scope.write("offset", jump + "\n")
        begin, busy = time.monotonic(), stand.gate.cpu_seconds()
        eventually(lambda: kept.ask("GET", "/own").get("Date")[:16] != before[:16] or "h" in jump, 3, "another day")
        date = kept.ask("GET", "/own").get("Date")
        assert date != before, "the clock has not jumped"
        # What was begun goes on, what is kept is kept, what is new works, and a deadline is where it was.
        tunnel.exchange(b"still here")
        assert slow.exactly(5) == b"....."
        assert secure.ask("GET", "/show").status == 200 and kept.ask("GET", "/show").status == 200
        assert head.response().status == 408 and 0.3 < time.monotonic() - begin < 3
        with Wire(stand.secure, tls=stand.context, name="localhost") as fresh:
            assert fresh.ask("GET", "/show?after").status == 200
        response = stand.wire().ask("GET", "/slow?first=2")
        assert response.status == 504 and time.monotonic() - begin < 5, response
        record = stand.gate.record(target="/show?after")
        assert 0 <= record.get("duration", 0) < 10_000_000, record
        kept_again = stand.wire()
        kept_again.ask("GET", "/own")
        assert kept_again.at_end(4), "keep_alive does not end"
        tunnel.exchange(b"still here")
        tunnel.close()
        assert stand.gate.cpu_seconds() - busy < 1 and stand.gate.stop() == 0
