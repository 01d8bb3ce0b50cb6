"""What is attacked: a gate with several ways out, and a server that listens on every address of this machine and notes who came
to which. Only one of them, ALLOWED, may be reached."""
import json
import os
import socket
import struct
import subprocess
import threading

from harness.gate import start_gate
from harness.ports import free_port
from harness.wire import Closed, Wire

from outbound import hostile_names as hostile
from outbound.icap_server import Scanner
from outbound.stand import htpasswd

ALLOWED = "127.53.8.9"
SECRET = "Tr0mbone-S3cret"  # a password, which is to be seen nowhere


class Trap:
    """`hits`: local addresses at which somebody came who should not have; `heads`: what was sent to ALLOWED."""

    def __init__(self, scope):
        self.hits, self.heads, self.lock = [], [], threading.Lock()
        self.listening = []
        port = free_port()
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            listening = socket.socket(family)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind((address, port))
            listening.listen(1024)
            self.listening.append(listening)
            scope.callback(listening.close)
            threading.Thread(target=self.accept, args=[listening], daemon=True).start()
        self.port = port

    def accept(self, listening):
        while True:
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            at = accepted.getsockname()[0]
            if at != ALLOWED:
                self.hits.append(at)
                accepted.close()
            else:
                threading.Thread(target=self.serve, args=[accepted], daemon=True).start()

    def serve(self, accepted):
        accepted.settimeout(60)
        wire = Wire.__new__(Wire)
        wire.socket, wire.buffer = accepted, b""
        try:
            while True:
                line = wire.line()
                fields = wire.fields()
                with self.lock:
                    self.heads.append((line, fields))
                names = {name.lower(): value for name, value in fields}
                if "chunked" in names.get("transfer-encoding", ""):
                    b"".join(wire.chunks())
                else:
                    wire.exactly(int(names.get("content-length", "0")))
                target = line.split(" ")[1]
                if target.startswith("/to?"):
                    accepted.sendall(f"HTTP/1.1 302 Found\r\nLocation: {target[4:]}\r\nContent-Length: 0\r\n\r\n".encode())
                else:
                    body = json.dumps(line).encode()
                    accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                if names.get("connection") == "close":
                    raise Closed("as it was asked for")
        except (OSError, Closed, ValueError):
            accepted.close()

    def targets(self):
        with self.lock:
            return [line.split(" ")[1] for line, _ in self.heads]


class Stand:
    def __init__(self, scope):
        self.scope, self.trap = scope, Trap(scope)
        self.port = self.trap.port
        self.names = hostile.HostileNames(scope, "127.53.8.1")
        self.names.names["allowed.test"] = ([ALLOWED], 60)
        for name in ("denied.test", "sub.denied.test", "paths.test"):
            self.names.names[name] = ([ALLOWED], 60)
        for name, address in (("metadata.google.internal", "169.254.169.254"), ("localhost.localdomain", "127.0.0.1"), ("metadata", "169.254.169.254")):
            self.names.names[name] = ([address], 0)
        self.scanner = Scanner(scope)
        self.any, self.evil, self.users, self.paths, self.scanned = (free_port() for _ in range(5))
        scope.write("users", htpasswd("anna", SECRET) + htpasswd("bert", "other"))
        self.gate = start_gate(scope, self.text(), self.any, self.evil, self.users, self.paths, self.scanned, prefix=self.names.prefix)

    def text(self):
        return f"""\
runtime: {{ workers: 1 }}
timeouts: {{ client_head: 3s, connect: 2s }}
outbound:
  - name: any
    listen: "proxy://127.0.0.1:{self.any}"
    private_networks: [ {ALLOWED} ]
    record: {self.scope.path("seen.db")}
    rules:
      - {{ deny: [ denied.test ] }}
      - {{ allow: [ "*" ], ports: [ 1-65535 ] }}
  - name: evil
    listen: "proxy://127.0.0.1:{self.evil}"
    private_networks: [ {ALLOWED} ]
    rules:
      - {{ allow: [ .evil.test ], ports: [ 1-65535 ] }}
  - name: users
    listen: "proxy://127.0.0.1:{self.users}"
    users: users
    private_networks: [ {ALLOWED} ]
    per_user: {{ tunnels: 2 }}
    rules:
      - {{ allow: [ allowed.test ], ports: [ {self.port} ], who: [ anna ] }}
      - {{ allow: [ paths.test ], ports: [ {self.port} ], who: [ bert ], methods: [ GET ] }}
  - name: scanned
    listen: "proxy://127.0.0.1:{self.scanned}"
    users: users
    private_networks: [ {ALLOWED} ]
    scanner: {{ requests: "icap://127.0.0.1:{self.scanner.port}/q", responses: "icap://127.0.0.1:{self.scanner.port}/p" }}
    rules: [ {{ allow: [ allowed.test ], ports: [ {self.port} ] }} ]
  - name: paths
    listen: "proxy://127.0.0.1:{self.paths}"
    private_networks: [ {ALLOWED} ]
    rules:
      - {{ deny: [ allowed.test ], paths: [ /private ] }}
      - {{ deny: [ allowed.test ], methods: [ DELETE ] }}
      - {{ deny: [ {ALLOWED} ], methods: [ PUT ] }}
      - {{ allow: [ allowed.test ], ports: [ {self.port} ] }}
      - {{ allow: [ paths.test ], ports: [ {self.port} ], methods: [ GET ], paths: [ /public ] }}
"""

    def talk(self, octets, port=None, seconds=5):
        """What the gate answers until it ends, or is silent for that long."""
        with socket.create_connection(("127.0.0.1", port or self.any), 5) as wire:
            wire.settimeout(seconds)
            answer = b""
            try:
                wire.sendall(octets)
                while piece := wire.recv(65536):
                    answer += piece
            except (TimeoutError, ConnectionError):
                pass
            return answer

    def plain(self, host, port=None, more=b"", method=b"GET"):
        to = host + b":%d" % self.port
        return self.talk(method + b" http://" + to + b"/ HTTP/1.1\r\nHost: " + to + b"\r\nConnection: close\r\n" + more + b"\r\n", port)

    def upgrade(self, host, port=None):
        to = host + b":%d" % self.port
        return self.talk(b"GET http://" + to + b"/ HTTP/1.1\r\nHost: " + to + b"\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n"
                         b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", port)

    def connect(self, host, port=None):
        to = host + b":%d" % self.port
        return self.talk(b"CONNECT " + to + b" HTTP/1.1\r\nHost: " + to + b"\r\nConnection: close\r\n\r\n", port, 2)

    def socks(self, host, port=None):
        """By name, whatever it looks like."""
        host = host[:255]
        return self.talk(b"\5\1\0\5\1\0\3" + bytes([len(host)]) + host + struct.pack("!H", self.port), port, 2)

    def socks_address(self, address, port=None):
        kind = b"\1" if len(address) == 4 else b"\4"
        return self.talk(b"\5\1\0\5\1\0" + kind + address + struct.pack("!H", self.port), port, 2)

    def curl(self, url, *arguments, proxy=None):
        return subprocess.run(["curl", "-q", "-sS", "--noproxy", "", "--max-time", "20", "-x", proxy or f"http://127.0.0.1:{self.any}", *arguments, url],
                              capture_output=True, text=True, timeout=30, check=False, env={"PATH": os.environ["PATH"]})
