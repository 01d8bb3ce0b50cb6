"""A gate that opens tunnels, servers of several kinds behind it, and clients that trust it or do not."""
import os
import socket
import subprocess

from harness.certificates import Authority, self_signed
from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import Origin
from harness.ports import free_port
from harness.servers import nginx_process

ADDRESS = "127.53.7.2"  # with port 443 of its own, where the gate shows in the tunnel whom it refuses
NAMES = ("origin", "modern", "expired", "unknown", "wrong", "denied", "closed", "pinned", "plain")


class Stand:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder, "internet")
        self.ca, self.key = scope.path("inspection.pem"), scope.path("inspection.key")
        subprocess.run([scope.binary, "ca", "create", "--cert", self.ca, "--key", self.key], check=True, capture_output=True)
        self.names = NameServer(scope, "127.53.7.1")
        for name in NAMES:
            self.names.names[f"{name}.example.test"] = ([ADDRESS], 60)
        sign = self.authority.sign
        good = sign("good", *[f"{name}.example.test" for name in ("origin", "denied", "closed", "pinned")])
        self.origin = Origin(scope, tls=good.server_context(), address=ADDRESS, port=443)
        self.expired = Origin(scope, address=ADDRESS, tls=sign("old", "expired.example.test", dates=(
            "-startdate", "20200101000000Z", "-enddate", "20210101000000Z")).server_context())
        self.unknown = Origin(scope, address=ADDRESS, tls=self_signed(scope.folder, "alone", "unknown.example.test").server_context())
        self.wrong = Origin(scope, address=ADDRESS, tls=sign("wrong", "elsewhere.example.test").server_context())
        self.plain = Origin(scope, address=ADDRESS, port=80)
        self.modern = self.start_modern(sign("modern", "modern.example.test"))
        self.port = free_port()
        self.gate = start_gate(scope, self.text(), self.port, prefix=self.names.prefix)

    def start_modern(self, certificate):
        port = free_port()
        nginx_process(self.scope, "modern", f"""\
  server {{
    listen 0.0.0.0:{port} ssl http2;
    ssl_certificate {certificate.cert};
    ssl_certificate_key {certificate.key};
    location / {{ return 200 "$server_protocol $request_uri\\n"; }}
  }}
""", port)
        return port

    def text(self):
        ports = ", ".join(str(port) for port in (443, 80, self.expired.port, self.unknown.port, self.wrong.port, self.modern))
        return f"""\
outbound:
  - name: egress
    listen: "proxy://127.0.0.1:{self.port}"
    private_networks: [ {ADDRESS} ]
    inspect:
      ca: {{ cert: {self.ca}, key: {self.key} }}
      except: [ closed.example.test ]
      upstream_tls: {{ ca: {self.authority.cert} }}
    rules:
      - {{ deny: [ denied.example.test ], reason: "ask the operations team" }}
      - {{ deny: [ origin.example.test ], paths: [ /private ], reason: "not that path" }}
      - {{ allow: [ .example.test ], ports: [ {ports} ] }}
"""

    def curl(self, url, *arguments, ca=None, proxy=None):
        return subprocess.run(["curl", "-q", "-sS", "--noproxy", "", "--max-time", "20", "--cacert", ca or self.ca,
                               "-x", proxy or f"http://127.0.0.1:{self.port}", *arguments, url],
                              capture_output=True, text=True, timeout=30, env={"PATH": os.environ["PATH"]})

    def tunnel(self, to):
        """A socket behind an answered CONNECT."""
        wire = socket.create_connection(("127.0.0.1", self.port), 5)
        wire.settimeout(15)
        wire.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += wire.recv(1)
        assert head.startswith(b"HTTP/1.1 200 "), head
        return wire
