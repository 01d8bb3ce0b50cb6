"""Those who have done nothing, while somebody attacks: others.py CLEAR SECURE. HTTP/1.1 and HTTP/2, in clear text and over TLS, each on a
connection of its own, one small request after the other until standard input ends. A process of its own, so that the interpreter of the
attacker does not make them wait. Says "ready" when each has been served, and in the end, in JSON: how long each waited, what failed, and how
long they had to wait for a processor."""
import glob
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from h2.peer import Peer, trusting  # noqa: E402
from h2.requests import head  # noqa: E402
from harness.wire import Closed, Wire  # noqa: E402

ENOUGH = 20  # requests, so that there is something to judge


def waited_for_cpu(pid="self"):
    """How long a process would have run, had the machine not been busy with something else: in seconds, of all its threads."""
    waited = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as file:
            waited += int(file.read().split()[1])
    return waited / 1e9


class ByHttp1:
    def __init__(self, port, secure):
        self.wire = Wire(port, tls=trusting(None) if secure else None, name="localhost")

    def ask(self):
        status = self.wire.ask("GET", "/own").status
        assert status == 200, f"HTTP/1.1: {status}"


class ByHttp2:
    def __init__(self, port, secure):
        self.peer = Peer(port, secure)
        self.peer.hello()

    def ask(self):
        stream = self.peer.next_probe()
        self.peer.send(head(stream, "/own").octets(self.peer.scheme))
        self.peer.wait(lambda: self.peer.is_over(stream), 20)
        answer = self.peer.answers.pop(stream, None)
        self.peer.seen[1:] = []
        assert answer and answer.status == 200, f"HTTP/2: {answer}, {self.peer.story()}"


class Others:
    def __init__(self, clear, secure):
        self.clients = [kind(port, port == secure) for kind in (ByHttp1, ByHttp2) for port in (clear, secure)]
        for client in self.clients:
            client.ask()
        self.waits, self.failures, self.stop = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(client,), daemon=True) for client in self.clients]

    def run(self, client):
        while not self.stop.is_set() and not self.failures:
            begin = time.monotonic()
            try:
                client.ask()
            except (OSError, Closed, AssertionError) as error:
                self.failures.append(repr(error))
            self.waits.append(time.monotonic() - begin)
            self.stop.wait(0.01)


def main():
    others = Others(int(sys.argv[1]), int(sys.argv[2]))
    print("ready", flush=True)
    for thread in others.threads:
        thread.start()
    sys.stdin.read()
    limit = time.monotonic() + 10
    while len(others.waits) <= ENOUGH and not others.failures and time.monotonic() < limit:
        time.sleep(0.01)
    waited = waited_for_cpu()
    others.stop.set()
    for thread in others.threads:
        thread.join(25)
    print(json.dumps({"waits": others.waits, "failures": others.failures, "waited": waited}), flush=True)


if __name__ == "__main__":
    main()
