"""Requests without end, while something else happens."""
import threading
import time

from harness.wire import Closed, Wire


class Load:
    """Clients that ask and ask, on kept connections and on new ones, until they are told to stop."""

    def __init__(self, port, tls=None, clients=4):
        self.port, self.tls, self.stop, self.failures, self.count = port, tls, threading.Event(), [], 0
        self.threads = [threading.Thread(target=self.ask, args=(number,), daemon=True) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def ask(self, number):
        method, body = ("POST", b"x" * 5000) if number % 2 else ("GET", b"")
        wire, asked = None, 0
        while not self.stop.is_set():
            try:
                wire = wire or Wire(self.port, tls=self.tls, name="localhost" if self.tls else None)
                response = wire.ask(method, "/show", body=body)
                if response.status != 200:
                    self.failures.append(f"status {response.status}")
                self.count += 1
                asked += 1
                if response.get("Connection", "").lower() == "close" or asked % 50 == 0:
                    wire.close()
                    wire = None
            except (OSError, Closed) as error:
                self.failures.append(repr(error))
                wire = None
            time.sleep(0.001)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(10)
