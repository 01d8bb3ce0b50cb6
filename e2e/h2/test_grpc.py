"""gRPC: Debian's python3-grpcio on both sides of the gate."""
import os
import subprocess

from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.runner import each, skip
from harness.scope import eventually

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"  # Debian's, whose packages these are
CHECKS = ["unary", "large", "many", "server_stream", "client_stream", "bidi", "trailers_only", "error_in_the_middle", "unknown_method", "unavailable",
          "refused", "long_silence"]


class Grpc:
    def __init__(self, scope):
        if subprocess.run([PYTHON, "-c", "import grpc"], capture_output=True, check=False).returncode != 0:
            skip("python3-grpcio is not installed")
        self.port, self.secure, server, nobody = free_port(), free_port(), free_port(), free_port()
        self.server = scope.start("grpc-server", [PYTHON, os.path.join(HERE, "grpc_server.py"), str(server)])
        eventually(lambda: "ready" in self.server.stdout(), 20, "the gRPC server")
        authority = Authority(scope.folder)
        shown, self.ca = authority.sign("front", "localhost"), authority.cert
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]
inbound:
  - listen: [ "h2c://127.0.0.1:{self.port}", "https://127.0.0.1:{self.secure}" ]
    sites:
      - https_redirect: off
        routes:
          - path: /t.T
            to: h2c://127.0.0.1:{server}
            timeouts: {{ body_idle: 1h, response_head: 1h }}
          - {{ path: /gone.T, to: "h2c://127.0.0.1:{nobody}" }}
          - {{ path: /closed.T, to: "h2c://127.0.0.1:{server}", allow: [ 192.0.2.1 ] }}
          - {{ path: /small.T, to: "h2c://127.0.0.1:{server}", max_body: 1KiB }}
timeouts: {{ body_idle: 2s, response_head: 2s }}
""", self.port, self.secure)

    def call(self, check, secure):
        target, authority = (f"localhost:{self.secure}", self.ca) if secure else (f"127.0.0.1:{self.port}", "-")
        done = subprocess.run([PYTHON, os.path.join(HERE, "grpc_client.py"), target, authority, check], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "no_proxy": "*", "GRPC_VERBOSITY": "ERROR"}, check=False)
        assert done.stdout == "ok\n", (done.stdout + done.stderr)[-1500:]


fixture = Grpc


@each(check=CHECKS, secure=[False, True])
def test_calls(env, check, secure):
    env.call(check, secure)


@each(check=["deadline", "cancellation"], secure=[False, True])
def test_the_server_sees_that_nobody_waits(env, check, secure):
    before = env.server.stdout().count("cancelled")
    env.call(check, secure)
    eventually(lambda: env.server.stdout().count("cancelled") > before, 5, "the server being told")
    waited = float(env.server.stdout().split("cancelled ")[-1])
    assert waited < 3, f"after {waited} s"


@each(check=["unary", "trailers_only", "error_in_the_middle"])
def test_the_status_is_in_the_access_log(env, check):
    target, status = {"unary": ("/t.T/Unary", "0"), "trailers_only": ("/t.T/Fail", "5"), "error_in_the_middle": ("/t.T/FailLate", "15")}[check]
    before = len(env.gate.records(target=target))
    env.call(check, False)
    logged = eventually(lambda: env.gate.records(target=target)[before:], 5, "a line of the access log")
    assert logged[0]["grpc_status"] == status and logged[0]["status"] == 200, logged


def test_what_the_gate_says_is_in_the_access_log(env):
    env.call("unavailable", False)
    logged = env.gate.record(target="/gone.T/Unary")
    assert (logged["status"], logged["grpc_status"], logged["error"]["code"]) == (200, "14", "connection_refused"), logged
