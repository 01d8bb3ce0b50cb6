"""Descriptors, memory and the disk run out: what is in flight goes on, the rest is refused or waits, and it recovers."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from attacks.stand import Stand
from h2 import frames
from h2.attackers import opened, request_block
from harness.origin import demo
from harness.runner import each, skip
from harness.scope import eventually
from harness.websocket import Client
from harness.wire import ask


def fixture(scope):
    return scope


def quiet_for_a_second(stand, what):
    busy = stand.gate.cpu_seconds()
    time.sleep(1)
    spent = stand.gate.cpu_seconds() - busy
    assert spent < 0.3, f"the gate spins ({spent:.2f} s in one) while {what}"


def test_no_descriptors(env):
    """For new clients, for servers, for a reload and for a fresh log file: none of it ends what there is."""
    with env.part("descriptors") as scope:
        stand = Stand(scope, timeouts="{ client_head: 30s }", prefix=["prlimit", "--nofile=64:64"])
        kept = stand.wire()
        assert kept.ask("GET", "/own").status == 200
        tunnel = Client(stand.wire())
        crowd = []
        for _ in range(120):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", stand.port))
            crowd.append(one)
        eventually(lambda: stand.gate.descriptors() > 60, 5, "the descriptors being used up")
        quiet_for_a_second(stand, "it has no descriptors")
        assert kept.ask("GET", "/own").status == 200
        response = kept.ask("GET", "/show")
        assert response.status in (200, 503), response
        tunnel.exchange(b"still here")
        stand.gate.process.signal(signal.SIGUSR1)
        stand.gate.process.signal(signal.SIGHUP)
        time.sleep(0.3)
        tunnel.exchange(b"still here")
        assert kept.ask("GET", "/own").status == 200 and stand.gate.process.alive()
        quiet_for_a_second(stand, "it has no descriptors")
        for one in crowd:
            one.close()
        eventually(lambda: ask(stand.port, "GET", "/show").status == 200, 5, "an answer after the crowd has gone")
        stand.gate.reload()
        assert ask(stand.port, "GET", "/show?after").status == 200
        stand.gate.record(target="/show?after")
        tunnel.close()


def test_no_descriptors_for_servers(env):
    """Clients have taken all: those that need a server are told 503, and the server is not blamed for it."""
    with env.part("servers") as scope:
        stand = Stand(scope, timeouts="{ client_head: 30s }", prefix=["prlimit", "--nofile=64:64"])
        wires = []
        while stand.gate.descriptors() < 64 and len(wires) < 64:
            wires.append(stand.wire())
            eventually(lambda: stand.gate.sockets() > len(wires) or stand.gate.descriptors() >= 64, 3, "a connection being accepted")
        accepted = wires[:-2]
        answers = [wire.ask("GET", "/show").status for wire in accepted]
        assert set(answers) <= {503, 200} and 503 in answers, answers
        for wire in wires[:20]:
            wire.close()
        with stand.wire() as wire:
            eventually(lambda: wire.ask("GET", "/show").status == 200, 3, "an answer once there are descriptors")
        for wire in wires:
            wire.close()


def test_no_descriptors_for_newcomers(env):
    """Five hundred requests on five connections of HTTP/2, each of which needs a connection to a server: some are refused, and others are served."""
    def handle(exchange):
        if exchange.target == "/think":
            exchange.rest()  # until the gate gives up
            exchange.close_after()
        else:
            demo(exchange)
    with env.part("newcomers") as scope:
        stand = Stand(scope, handle, timeouts="{ client_head: 5s, response_head: 3s }", clear="h2c", prefix=["prlimit", "--nofile=400:400"])
        peers, block = [opened(stand, False) for _ in range(5)], request_block("/think")
        for peer in peers:
            peer.send(b"".join(frames.headers(2 * number + 1, block) for number in range(100)))
        eventually(lambda: stand.gate.descriptors() > 190, 5, "the server being asked")
        for target in ("/own", "/show"):
            begin = time.monotonic()
            assert ask(stand.port, "GET", target).status == 200
            assert time.monotonic() - begin < 2.5, "a newcomer waits"  # for those whom the gate gives up after 3 s
        with opened(stand, False) as newcomer:
            newcomer.send(frames.headers(1, request_block()))
            newcomer.wait(lambda: newcomer.is_over(1))
            assert newcomer.answers[1].status == 200, newcomer.story()
        for peer in peers:
            peer.wait(lambda peer=peer: len(peer.resets) + sum(answer.ended for answer in peer.answers.values()) == 100, 10)
            assert set(peer.resets.values()) <= {frames.REFUSED_STREAM} and {answer.status for answer in peer.answers.values()} <= {504}, peer.story()
            peer.close()
        assert sum(len(peer.resets) for peer in peers) > 250, "none is refused"
        stand.serves()


def disk(scope, size="64k"):
    """A small disk in a mount namespace of the gate's: (the prefix to start it with, the folder)."""
    folder = scope.directory("disk")
    prefix = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size={size},mode=777 none {folder} && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        skip("no mount namespace can be made here")
    return prefix, folder


@each(file=["full", "fills"])
def test_the_disk_is_full_under_the_log(env, file):
    """Requests are served, the operator is told (not for each line), nothing spins or grows; when there is room again,
    whole lines are written."""
    with env.part("disk") as scope:
        prefix, folder = disk(scope)
        access = "/dev/full" if file == "full" else os.path.join(folder, "access")
        stand = Stand(scope, prefix=prefix, log=access)
        inside = f"/proc/{stand.gate.process.pid}/root"
        before = stand.gate.memory_kib()
        with stand.wire() as wire:
            for number in range(3000):
                assert wire.ask("GET", f"/own?{number}").status == 200
        busy = stand.gate.cpu_seconds()
        time.sleep(0.5)
        assert stand.gate.cpu_seconds() - busy < 0.2, "the gate spins over its log"
        assert stand.gate.memory_kib() - before < 32768
        log = stand.gate.log()
        assert "access" in log and "space" in log, f"the operator is not told: {log}"
        assert len(log.splitlines()) < 100, f"{len(log.splitlines())} lines to the operator"
        if file == "fills":
            os.truncate(inside + access, 0)

            def written():
                ask(stand.port, "GET", "/own?after")
                with open(inside + access, encoding="utf-8") as lines:
                    return "/own?after" in lines.read()
            eventually(written, 8, "lines being written again", every=0.2)
            with open(inside + access, encoding="utf-8") as lines:
                whole = [line for line in lines.read().split("\n")[1:] if line]
            for line in whole[:-1]:
                json.loads(line)
        assert stand.gate.stop() == 0


def test_a_file_that_may_not_grow(env):
    """RLIMIT_FSIZE, as LimitFSIZE= of systemd sets it: a signal that ends programs."""
    with env.part("fsize") as scope:
        stand = Stand(scope, prefix=["prlimit", "--fsize=20000"])
        with stand.wire() as wire:
            for number in range(500):
                assert wire.ask("GET", f"/own?{number}").status == 200
        time.sleep(0.2)
        assert stand.gate.process.alive()
        stand.serves()


def limited(stand, mib):
    with open(f"/proc/{stand.gate.process.pid}/status", encoding="ascii") as lines:
        size = int(next(line for line in lines if line.startswith("VmSize")).split()[1])
    limit = (size + mib * 1024) * 1024
    subprocess.run(["prlimit", f"--pid={stand.gate.process.pid}", f"--as={limit}"], check=True)


def test_no_memory(env):
    """A limit just above what it holds, and heads that want more: refusals, and no crash of what is in flight."""
    with env.part("memory") as scope:
        # One arena of malloc: the others reserve so much that no limit would be reached.
        stand = Stand(scope, timeouts="{ client_head: 3s }", environment={"MALLOC_ARENA_MAX": "1"})
        tunnel, slow = Client(stand.wire()), stand.wire()
        slow.send("GET /slow?pieces=20&pause=0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.head().status == 200
        limited(stand, 4)
        wires = []
        for _ in range(400):
            wire = stand.wire()
            try:
                wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 60000)
            except OSError:
                pass
            wires.append(wire)
        time.sleep(0.5)
        assert stand.gate.process.alive(), f"it ended: {stand.gate.log()[-500:]}"
        tunnel.exchange(b"still here")
        assert slow.exactly(20) == b"." * 20
        for wire in wires:
            wire.close()
        eventually(lambda: ask(stand.port, "GET", "/show").status == 200, 5, "an answer after the crowd has gone")
        tunnel.close()


@each(kind=["uploads", "downloads"])
def test_no_memory_for_http2(env, kind):
    """The same with a thousand and more streams, whose content waits for a server that takes nothing, or for the client."""
    def handle(exchange):
        if exchange.target == "/stuck":
            time.sleep(5)
            exchange.close_after()
        elif exchange.target == "/large":
            exchange.answer(body=b"x" * 3000000)
        else:
            demo(exchange)
    with env.part("memory for " + kind) as scope:
        stand = Stand(scope, handle, timeouts="{ client_head: 3s, body_idle: 8s }", clear="h2c", environment={"MALLOC_ARENA_MAX": "1"})
        tunnel, slow = Client(stand.wire()), stand.wire()
        slow.send("GET /slow?pieces=20&pause=0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.head().status == 200
        peers = [opened(stand, False) for _ in range(30)]
        limited(stand, 4)
        uploads = b"".join(frames.headers(2 * number + 1, request_block("/stuck", "POST"), end=False) for number in range(50))
        uploads += b"".join(frames.data(2 * number + 1, bytes(16000)) * 4 for number in range(50))
        downloads = b"".join(frames.headers(2 * number + 1, request_block("/large")) for number in range(100))
        for peer in peers:
            try:
                peer.send(uploads if kind == "uploads" else downloads)
            except OSError:
                pass
        time.sleep(1)
        assert stand.gate.process.alive(), f"it ended: {stand.gate.log()[-500:]}"
        tunnel.exchange(b"still here")
        assert slow.exactly(20) == b"." * 20
        for peer in peers:
            peer.close()
        eventually(lambda: ask(stand.port, "GET", "/show").status == 200, 10, "an answer after the crowd has gone")
        eventually(lambda: "out_of_memory" in stand.gate.log(), 5, "memory that ends")
        tunnel.close()
