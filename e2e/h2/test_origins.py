"""Servers that speak HTTP/2 behind the gate: nginx, Apache, nghttpd, Go's net/http, Node's http2; the client speaks HTTP/1.1 and HTTP/2."""
import json
import os
import subprocess

from clients.origins import HOST, MIB, digest, sparse_file
from h2.origins import APPLICATION, KINDS, start_all
from harness.certificates import Authority
from harness.gate import start_gate
from harness.ports import free_port
from harness.runner import each, limit

VERSIONS = ["--http1.1", "--http2"]
SIZE = 100 * MIB
# nginx and Apache would need an application server behind them, which speaks HTTP/1.1.
TAKES_CONTENT = ["nghttpd", *sorted(APPLICATION)]


class Bench:
    def __init__(self, scope):
        self.scope, authority = scope, Authority(scope.folder)
        shown, inner, self.ca = authority.sign("front", HOST), authority.sign("server", "127.0.0.1"), authority.cert
        self.files = scope.directory("files")
        self.hello = b"Hello from the origin.\n" * 400
        scope.write("files/hello.txt", self.hello)
        self.large = sparse_file(scope.path("files/large.bin"), SIZE)
        self.large_digest = digest(self.large)
        urls, self.port = start_all(scope, self.files, inner), free_port()
        routes = "".join(f"          - {{ path: /{kind}, to: \"{url}/\"" + (f", upstream_tls: {{ ca: {self.ca} }}" if url.startswith("https") else "") + " }\n"
                         for kind, url in urls.items())
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]
inbound:
  - listen: [ "https://127.0.0.1:{self.port}" ]
    sites:
      - hosts: [ {HOST} ]
        routes:
{routes}""", self.port)

    def curl(self, version, kind, path, *arguments, seconds=100):
        command = ["curl", "-q", "-sS", "--noproxy", "*", "--cacert", self.ca, "--max-time", str(seconds), version,
                   "--connect-to", f"{HOST}:{self.port}:127.0.0.1:{self.port}"]
        done = subprocess.run([*command, *arguments, f"https://{HOST}:{self.port}/{kind}{path}"], capture_output=True, timeout=seconds + 10, check=False)
        assert done.returncode == 0, f"curl ended with {done.returncode}: {done.stderr.decode()}"
        return done.stdout


@limit(400)
def fixture(scope):
    return Bench(scope)


@each(kind=list(KINDS), version=VERSIONS)
def test_get_and_head(env, kind, version):
    assert env.curl(version, kind, "/files/hello.txt", "-w", " %{http_code}") == env.hello + b" 200"
    head = env.curl(version, kind, "/files/hello.txt", "-I").decode().lower()
    assert " 200" in head.splitlines()[0] and "content-length: 9200" in head, head
    assert env.curl(version, kind, "/files/missing", "-o", os.devnull, "-w", "%{http_code}") == b"404"


@each(kind=[kind for kind in KINDS if kind != "nghttpd"], version=VERSIONS, code=[204, 304])
def test_answers_without_content(env, kind, version, code):
    """And the connection goes on."""
    # Apache takes 304 by rule for a redirection.
    asks = ("/files/hello.txt", "-H", "If-None-Match: *") if code == 304 and kind.startswith("apache") else (f"/app/status?{code}",)
    said = env.curl(version, kind, *asks, "-w", "%{http_code} %{size_download}")
    assert said == b"%d 0" % code, said
    assert env.curl(version, kind, "/files/hello.txt") == env.hello


@each(kind=list(KINDS), version=VERSIONS)
def test_download(env, kind, version):
    back = env.scope.path("download")
    env.curl(version, kind, "/files/large.bin", "-o", back)
    assert digest(back) == env.large_digest


@each(kind=TAKES_CONTENT, version=VERSIONS)
def test_echo(env, kind, version):
    """What is sent comes back while it is sent."""
    data = env.scope.write("data", os.urandom(5 * MIB))
    back = env.scope.path("back")
    env.curl(version, kind, "/app/echo", "-H", "Expect:", "--data-binary", "@" + data, "-o", back)
    assert digest(back) == digest(data)


@each(kind=sorted(APPLICATION), version=VERSIONS)
@limit(200)
def test_upload(env, kind, version):
    report = json.loads(env.curl(version, kind, "/app/show", "-H", "Expect:", "-T", env.large, seconds=180))
    assert report["size"] == SIZE and report["sha256"] == env.large_digest, report
    assert report["version"] == "HTTP/2.0" and report["method"] == "PUT", report


@each(kind=sorted(APPLICATION), version=VERSIONS)
def test_trailers(env, kind, version):
    said = env.curl(version, kind, "/app/trailers", "-i", "-H", "TE: trailers")
    assert b"x-digest: abc" in said.lower(), said


@each(kind=list(KINDS))
def test_many_at_once(env, kind):
    """They share connections, and none fails."""
    said = env.curl("--http2", kind, "/files/hello.txt?[1-300]", "--parallel", "--parallel-max", "100", "-o", os.devnull, "-w", "%{http_code} %{size_download}\n")
    assert said.split(b"\n")[:-1] == [b"200 9200"] * 300, said[:500]
