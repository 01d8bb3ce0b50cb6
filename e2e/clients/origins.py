"""What the client tests share: nginx and Apache with the same files and the same application behind them, and one gate
in front of both, with http and https."""
import hashlib
import os
import subprocess

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.servers import ORIGINS

MIB = 1 << 20
GIB = 1 << 30
HOST = "gate.example.com"
KINDS = ["nginx", "apache"]
SCHEMES = ["http", "https"]


def digest(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(MIB):
            sha.update(piece)
    return sha.hexdigest()


def curl(bench, *arguments, seconds=60, check=True):
    """curl through the gate, as a stranger to the machine: by the public name, with its certificate checked."""
    command = ["curl", "-q", "-sS", "--noproxy", "*", "--http1.1", "--cacert", bench.ca, "--max-time", str(seconds)]
    for port in bench.ports.values():
        command += ["--connect-to", f"{HOST}:{port}:127.0.0.1:{port}"]
    done = subprocess.run([*command, *arguments], capture_output=True, timeout=seconds + 10)
    assert not check or done.returncode == 0, f"curl ended with {done.returncode}: {done.stderr.decode()}"
    return done


def sparse_file(path, size):
    """A file of this size that takes no room: data at both ends and here and there between them."""
    with open(path, "wb") as file:
        file.truncate(size)
        for part in range(16):
            file.seek(part * (size // 16) + part)
            file.write(hashlib.sha256(b"%d" % part).digest() * 128)
        file.seek(size - 5)
        file.write(b"end.\n")
    os.chmod(path, 0o644)
    return path


class Bench:
    """Both origins behind one gate. Ports by scheme; the path begins with the origin's name."""

    def __init__(self, scope, extra="", clear="http"):
        """`clear`: the scheme of the listener without TLS; on h2c clients may begin with HTTP/2."""
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.ca = self.authority.cert
        certificate = self.authority.sign("front", HOST, "localhost", "127.0.0.1")
        self.application = Origin(scope)
        self.files = scope.directory("files")
        self.scope.write("files/page.html", "<!doctype html><title>A page</title><p>Hello from the origin.\n")
        self.hello = b"Hello from the origin.\n" * 400
        self.scope.write("files/hello.txt", self.hello)
        self.block = sparse_file(scope.path("files/64m.bin"), 64 * MIB)
        self.block_digest = digest(self.block)
        self.origins = {kind: start(scope, self.files, self.application.port) for kind, start in ORIGINS.items()}
        self.ports = {"http": free_port(), "https": free_port()}
        routes = "".join(f"          - {{ path: /{kind}, to: \"{origin.url('/')}\" }}\n" for kind, origin in self.origins.items())
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {certificate.cert}, key: {certificate.key} }} ]
inbound:
  - name: web
    listen: [ "{clear}://127.0.0.1:{self.ports["http"]}", "https://127.0.0.1:{self.ports["https"]}" ]
    sites:
      - hosts: [ {HOST}, localhost, 127.0.0.1 ]
        https_redirect: off
        routes:
{routes}          - {{ path: /direct, to: "http://127.0.0.1:{self.application.port}/" }}
{extra}""", *self.ports.values())

    def url(self, scheme, path, host=HOST):
        return f"{scheme}://{host}:{self.ports[scheme]}{path}"
