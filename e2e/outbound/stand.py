"""A gate as a forward proxy, and servers that it may and may not reach."""
import base64
import os
import socket
import subprocess

from harness.certificates import Authority
from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import Origin
from harness.ports import free_port

PASSWORD = "correct horse"


def htpasswd(user, password):
    """A line of an htpasswd file; SHA-512-crypt by the openssl command."""
    hashed = subprocess.run(["openssl", "passwd", "-6", password], capture_output=True, text=True, check=True).stdout.strip()
    return f"{user}:{hashed}\n"


def basic(user, password):
    """A line of a request's head."""
    return f"Proxy-Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}\r\n"


class Stand:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.certificate = self.authority.sign("gate", "gate.example.test")
        self.origin_certificate = self.authority.sign("origin", "origin.example.test")
        self.origin = Origin(scope)
        self.secure = Origin(scope, tls=self.origin_certificate.server_context())
        self.names = NameServer(scope, "127.53.6.1")
        for name in ("origin", "other", "refused", "sub.allowed"):
            self.names.names[f"{name}.example.test"] = (["127.0.0.1"], 60)
        self.names.names["rebound.example.test"] = (["10.1.2.3", "169.254.169.254"], 60)
        self.open, self.with_users = free_port(), free_port()
        scope.write("users", htpasswd("mattermost", PASSWORD) + htpasswd("somebody", "else"))
        self.ports = sorted({self.origin.port, self.secure.port})
        self.gate = start_gate(scope, self.text(), self.open, self.with_users, prefix=self.names.prefix)

    def text(self):
        ports = ", ".join(str(port) for port in self.ports)
        return f"""\
certificates: [ {{ cert: {self.certificate.cert}, key: {self.certificate.key}, default: true }} ]
outbound:
  - name: open
    listen: "proxy://127.0.0.1:{self.open}"
    private_networks: [ 127.0.0.1 ]
    rules:
      - {{ deny: [ refused.example.test ], reason: "ask the operations team" }}
      - {{ allow: [ origin.example.test, .allowed.example.test, rebound.example.test ], ports: [ {ports} ] }}
      - {{ allow: [ other.example.test ], ports: [ {ports} ], methods: [ GET ], paths: [ /demo ] }}
  - name: users
    listen: "proxy://127.0.0.1:{self.with_users}"
    users: users
    private_networks: [ 127.0.0.1 ]
    rules:
      - {{ allow: [ origin.example.test ], ports: [ {ports} ], who: [ mattermost ] }}
"""

    def curl(self, url, *arguments, proxy=None, port=None):
        proxy = proxy or f"http://127.0.0.1:{port or self.open}"
        return subprocess.run(["curl", "-q", "-sS", "--noproxy", "", "--max-time", "20", "--cacert", self.authority.cert, "-x", proxy, *arguments, url],
                              capture_output=True, text=True, timeout=30, env={"PATH": os.environ["PATH"]})

    def talk(self, octets, port=None):
        """What the gate answers to these octets, until it ends or is silent for a moment."""
        with socket.create_connection(("127.0.0.1", port or self.open), 5) as wire:
            wire.sendall(octets)
            wire.settimeout(1)
            answer = b""
            try:
                while piece := wire.recv(65536):
                    answer += piece
            except TimeoutError:
                pass
            return answer
