"""Certificates minted under load: for five hundred names at once, whose clients are all served, as are others meanwhile."""
import json
import os
import ssl
import subprocess
import sys
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import Origin
from harness.ports import free_port
from harness.servers import nginx_process
from harness.wire import Wire

CROWD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "crowd.py")
NAMES = 500  # at once; a worker remembers the certificates of two such crowds
MIB = 1024   # in the unit of Gate.memory_kib


class Everybody(dict):
    """All names lead here."""

    def get(self, *_):
        return ["127.0.0.1"], 60


class Stand:
    def __init__(self, scope):
        authority = Authority(scope.folder, "internet")
        self.ca, key = scope.path("inspection.pem"), scope.path("inspection.key")
        subprocess.run([scope.binary, "ca", "create", "--cert", self.ca, "--key", key], check=True, capture_output=True)
        names = NameServer(scope, "127.53.9.1")
        names.names = Everybody()
        certificate = authority.sign("server", *[f"*.{suffix}.test" for suffix in ("a", "b", "c", "d", "known")])
        self.secure, self.plain = free_port(), Origin(scope)
        nginx_process(scope, "sites", f"""\
  server {{
    listen 127.0.0.1:{self.secure} ssl backlog=2048;
    ssl_certificate {certificate.cert};
    ssl_certificate_key {certificate.key};
    location / {{ return 200 "hello\\n"; }}
  }}
""", self.secure, connections=4 * NAMES)
        self.port = free_port()
        self.gate = start_gate(scope, f"""\
runtime: {{ workers: 1 }}
timeouts: {{ connect: 20s, client_head: 20s }}  # a slow machine is late with all of them
outbound:
  - name: egress
    listen: "proxy://127.0.0.1:{self.port}"
    private_networks: [ 127.0.0.1 ]
    inspect:
      ca: {{ cert: {self.ca}, key: {key} }}
      upstream_tls: {{ ca: {authority.cert} }}
    rules: [ {{ allow: [ .test ], ports: [ {self.secure}, {self.plain.port} ] }} ]
""", self.port, prefix=names.prefix)
        self.trust = ssl.create_default_context(cafile=self.ca)
        self.kept = Wire(self.port)
        self.serve_others()

    def crowd(self, suffix):
        return subprocess.Popen([sys.executable, CROWD, str(self.port), str(self.secure), self.ca, str(NAMES), suffix],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def serve_others(self):
        """How long they wait: a request in clear on a connection that is there, and one in a tunnel to a name that is known."""
        begin = time.monotonic()
        answer = self.kept.ask("GET", f"http://plain.test:{self.plain.port}/show", host=f"plain.test:{self.plain.port}")
        assert answer.status == 200, answer
        between = time.monotonic()
        with Wire(self.port) as wire:
            wire.send(f"CONNECT www.known.test:{self.secure} HTTP/1.1\r\nHost: www.known.test:{self.secure}\r\n\r\n")
            assert wire.head().status == 200
            wire.socket = self.trust.wrap_socket(wire.socket, server_hostname="www.known.test")
            answer = wire.ask("GET", "/", host="www.known.test")
            assert answer.status == 200 and answer.body == b"hello\n", answer
        return between - begin, time.monotonic() - between

    def crowded(self, suffix):
        """What became of a crowd, how long others waited meanwhile, and the most memory that there was."""
        crowd, waits, most = self.crowd(suffix), [], 0
        while crowd.poll() is None:
            waits.append(self.serve_others())
            most = max(most, self.gate.memory_kib())
            time.sleep(0.02)
        out, errors = crowd.communicate()
        assert crowd.returncode == 0, errors[-1500:]
        return json.loads(out), waits, most


fixture = Stand


def test_each_is_served_with_a_certificate_of_its_own(env):
    before = env.gate.memory_kib()
    became, waits, most = env.crowded("a.test")
    assert became["served"] == NAMES and len(became["certificates"]) == NAMES, became["failures"]
    assert most - before < 100 * MIB, f"{most - before} KiB for {NAMES} at once"
    in_clear, in_tunnels = (sorted(kind) for kind in zip(*waits))
    assert in_clear[-1] < 4, in_clear
    # Who comes in the middle of a crowd stands behind it once; the others do not.
    assert len(waits) > 5 and in_tunnels[len(waits) // 2] < 0.5, in_tunnels


def test_who_comes_again_is_shown_the_same(env):
    first, _, _ = env.crowded("b.test")
    again, _, _ = env.crowded("b.test")
    assert again["served"] == NAMES and again["certificates"] == first["certificates"], again["failures"]


def test_more_names_than_are_remembered(env):
    """What comes takes the place of the oldest, and of its memory."""
    most = [env.gate.memory_kib()]
    for suffix in ("c.test", "d.test"):
        became, _, memory = env.crowded(suffix)
        assert became["served"] == NAMES and len(became["certificates"]) == NAMES, became["failures"]
        most.append(memory)
    assert most[2] - most[0] < 48 * MIB, most
