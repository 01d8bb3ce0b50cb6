"""Kept connections that the server ends exactly as a request arrives: no request fails that the server cannot have seen,
and none is sent twice that it may have seen and that must not be done twice."""
import random
import select
import socket
import threading
import time

from attacks.stand import Stand, reset
from harness.runner import each
from harness.wire import Closed, Wire

ROUNDS = 150


class Racer:
    """A server by sockets: answers once on each connection, and then ends it in the way of `ending`.

    `seen` counts what was read of each request, by its number: the heads that arrived, whole or not. `late` are those
    that the kernel may have acknowledged although nobody read them, since this process waited for a processor: they lay
    there for long, or the answer before them took so long that the kernel does not take it for a conversation. Nobody
    can tell them from those that were read."""

    delayed_acknowledgement = 0.04  # of Linux, at least
    loss_probe = 0.003  # what was not acknowledged until then is sent once more, and that is acknowledged at once

    def __init__(self, scope, ending):
        self.ending, self.seen, self.ended, self.late, self.asking, self.answered = ending, {}, 0, set(), (0, 0.0), 0
        self.random = random.Random(1)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        scope.callback(self.listener.close)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def note(self, octets):
        number = octets.split(b" ", 2)[1] if octets.count(b" ") >= 2 else b"?"
        self.seen[number] = self.seen.get(number, 0) + 1

    def request(self, connection):
        octets = b""
        while True:
            got = connection.recv(65536)
            if not got:
                return None
            octets += got
            head, end, body = octets.partition(b"\r\n\r\n")
            if end:
                lengths = [int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")]
                if len(body) >= sum(lengths):
                    self.note(octets)
                    return octets

    def converse(self, connection):
        connection.settimeout(20)
        with connection:
            try:
                if self.request(connection):
                    self.answered, begun = self.asking
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    self.slow_answer = time.perf_counter() - begun > self.delayed_acknowledgement / 2
                    getattr(self, self.ending)(connection)
            except OSError:
                pass
        self.ended += 1

    def close_unread(self, connection):
        (number, since), answered, slow_answer = self.asking, self.answered, self.slow_answer
        connection.close()
        if number != answered and (slow_answer or time.perf_counter() - since > self.loss_probe):
            self.late.add(number)

    def delayed(self, connection):
        """A tiny delay after the answer: about when the next request comes."""
        end = time.perf_counter() + self.random.random() * 0.001
        while time.perf_counter() < end:
            pass
        self.close_unread(connection)

    def unread(self, connection):
        """When something has come, it goes unread: the kernel answers with RST."""
        select.select([connection], [], [], 5)
        self.close_unread(connection)

    def reads_and_closes(self, connection):
        self.request(connection)

    def reads_and_resets(self, connection):
        self.request(connection)
        reset(connection)

    def thinks_and_resets(self, connection):
        self.request(connection)
        time.sleep(0.03)
        reset(connection)


def race(scope, ending, method, body=b"x" * 10, rounds=ROUNDS, pause=0.001):
    racer = Racer(scope, ending)
    stand = Stand(scope, origin=racer, timeouts="{ response_head: 10s }")
    chance, failed = random.Random(2), []
    wire = Wire(stand.port)
    for number in range(rounds):
        racer.asking = (number, time.perf_counter())
        try:
            response = wire.ask(method, f"/{number}", body=body if method == "POST" else b"")
            if response.status != 200:
                failed.append((number, response.status, response.get("Proxy-Status")))
            if response.get("Connection") == "close":
                wire.close()
                wire = Wire(stand.port)
        except (OSError, Closed) as error:
            failed.append((number, repr(error)))
            wire = Wire(stand.port)
        end = time.perf_counter() + chance.random() * pause
        while time.perf_counter() < end:
            pass
    wire.close()
    return racer, failed


@each(ending=["delayed", "unread"], method=["GET", "POST"])
def test_what_the_server_cannot_have_seen_goes_out_again(env, ending, method):
    in_time = 0
    for again in range(5):  # on a busy machine
        with env.part(f"race{again}") as scope:
            racer, failed = race(scope, ending, method)
            lost = [each for each in failed if each[0] not in racer.late]
            assert not lost, f"{len(lost)} of {ROUNDS} failed: {lost[:5]}"
            twice = {number: count for number, count in racer.seen.items() if count > 1}
            assert not twice and len(racer.seen) == ROUNDS - len(failed), f"{twice}, {len(racer.seen)} seen"
        in_time += ROUNDS - len(racer.late)
        if in_time >= ROUNDS / 2:
            return
    assert False, f"{in_time} races in time: the machine is too busy to tell"


@each(ending=["reads_and_closes", "reads_and_resets", "thinks_and_resets"], size=[10, 4000])
def test_what_the_server_has_read_is_not_sent_twice(env, ending, size):
    """A POST that was read and not answered: 502, and the server sees it once."""
    with env.part("read") as scope:
        racer, failed = race(scope, ending, "POST", body=b"x" * size, pause=0)
        twice = {number: count for number, count in racer.seen.items() if count > 1}
        assert not twice, f"{len(twice)} of {ROUNDS} arrived twice: {twice}"
        assert len(racer.seen) == ROUNDS and all(row[1] == 502 for row in failed), failed[:5]
        assert len(failed) == ROUNDS // 2, f"{len(failed)} of {ROUNDS} failed: every second one was read and not answered"


@each(ending=["reads_and_closes", "reads_and_resets"])
def test_what_may_be_done_twice_goes_out_again(env, ending):
    """A GET, on the other hand, goes out again, even though it was read."""
    with env.part("again") as scope:
        _, failed = race(scope, ending, "GET", pause=0)
        assert not failed, f"{len(failed)} of {ROUNDS} failed: {failed[:5]}"
