"""Chromium's DevTools protocol, as much as a person who answers its questions needs."""
import json
import os
import urllib.request

from harness import websocket
from harness.scope import eventually
from harness.wire import Wire


class Page:
    """The page of a Chromium that was started with --remote-debugging-port=0 and this profile."""

    def __init__(self, profile):
        port_file = os.path.join(profile, "DevToolsActivePort")

        def pages():
            if not os.path.exists(port_file):
                return None
            with open(port_file, encoding="ascii") as file:
                self.port = int(file.readline())
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/list", timeout=10) as answer:
                return [page for page in json.load(answer) if page["type"] == "page"]
        page = eventually(pages, 60, "a page of Chromium")[0]
        target = page["webSocketDebuggerUrl"].split(str(self.port), 1)[1]
        self.socket = websocket.Client(Wire(self.port, seconds=90), target, f"127.0.0.1:{self.port}")
        self.number = 0

    def command(self, method, **parameters):
        """Sends it, without waiting for what it returns."""
        self.number += 1
        text = json.dumps({"id": self.number, "method": method, "params": parameters})
        self.socket.send(text.encode(), websocket.TEXT)

    def event(self):
        """(method, parameters) of the next event; what commands return is passed over."""
        while True:
            _, payload = self.socket.receive()
            message = json.loads(payload)
            assert "error" not in message, message
            if "method" in message:
                return message["method"], message["params"]
