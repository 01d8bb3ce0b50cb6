"""Pipelines without end on two connections: a third client is served as if they were not there, nearly."""
import json
import sys
import time

from attacks.stand import Stand, latencies, median
from harness.runner import each

# A process of its own, so that it does not take turns with the client that is measured.
FLOOD = r"""
import json, os, selectors, socket, sys, time
os.nice(10)
port, target, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
end, octets = time.monotonic() + seconds, 0
block = (b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target.encode()) * 2000
wires = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
left = {wire: b"" for wire in wires}
events = selectors.DefaultSelector()
for wire in wires:
    wire.setblocking(False)
    events.register(wire, selectors.EVENT_READ | selectors.EVENT_WRITE)
while time.monotonic() < end:
    for key, mask in events.select(0.1):
        wire = key.fileobj
        if mask & selectors.EVENT_READ:
            got = wire.recv(1 << 20)
            if not got:
                sys.exit("the gate closed")
            octets += len(got)
        if mask & selectors.EVENT_WRITE:
            data = left[wire] or block
            left[wire] = data[wire.send(data):]
print(json.dumps(octets))
"""


def fixture(scope):
    return Stand(scope, timeouts="{ client_head: 10s }")


@each(target=["/own", "/missing%2Fone", "/show"])
def test_a_flood_of_requests_holds_up_nobody(env, target):
    """Answered here, refused here, answered by the server. The factor is generous: the machine is busy with the flood."""
    quiet = latencies(env.port)
    before = env.gate.memory_kib()
    flood = env.scope.start("flood", [sys.executable, "-c", FLOOD, str(env.port), target, "2.5"])
    time.sleep(0.4)
    loud = latencies(env.port)
    held = env.gate.memory_kib() - before
    assert flood.wait(10) == 0, flood.stderr()
    assert int(json.loads(flood.stdout())) > 100_000, "it was no flood"
    worst = sorted(loud)[int(len(loud) * 0.9)]
    assert median(loud) < 10 * median(quiet) + 0.005, f"{median(loud) * 1000:.2f} ms in the flood, {median(quiet) * 1000:.2f} ms without"
    assert worst < 10 * median(quiet) + 0.050, f"one in ten waits {worst * 1000:.1f} ms"
    assert held < 8192, f"{held} KiB for two connections"


def test_answers_that_nobody_takes_stop_the_requests(env):
    """A client that asks and asks and reads nothing: it is not read any more, and nothing is collected for it."""
    before = env.gate.memory_kib()
    wires = [env.wire() for _ in range(10)]
    block, sent = b"GET /own HTTP/1.1\r\nHost: x\r\n\r\n" * 5000, 0
    for wire in wires:
        wire.socket.setblocking(False)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        for wire in wires:
            try:
                sent += wire.socket.send(block)
            except BlockingIOError:
                pass
        time.sleep(0.01)
    assert sent < 300 << 20, f"{sent} octets were taken"
    held = env.gate.memory_kib() - before
    assert held < 8192, f"{held} KiB for ten connections"
    env.serves()
    for wire in wires:
        wire.close()
