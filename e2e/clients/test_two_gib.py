"""Two GiB down and up: nothing is lost, and nothing of it is held in memory."""
import json
import subprocess

from clients.origins import GIB, KINDS, Bench, curl, digest, sparse_file
from harness.runner import each, limit

MORE_MEMORY_KIB = 64 * 1024


@limit(300)
def fixture(scope):
    bench = Bench(scope)
    bench.big = sparse_file(scope.path("files/2g.bin"), 2 * GIB)
    bench.big_digest = digest(bench.big)
    return bench


def download(env, scheme, origin):
    before = env.gate.memory_kib()
    command = f"curl -q -sS --noproxy '*' --cacert {env.ca} --max-time 200 {env.url(scheme, f'/{origin}/2g.bin', '127.0.0.1')} | sha256sum"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0 and done.stdout.split()[0] == env.big_digest, done
    assert env.gate.memory_kib() - before < MORE_MEMORY_KIB, "the gate holds the body in memory"


@limit(300)
@each(origin=KINDS)
def test_down(env, origin):
    download(env, "http", origin)


@limit(300)
def test_down_over_tls(env):
    download(env, "https", "nginx")


@limit(300)
@each(origin=KINDS)
def test_up(env, origin):
    before = env.gate.memory_kib()
    report = json.loads(curl(env, "-H", "Expect:", "-T", env.big, env.url("http", f"/{origin}/app/show"), seconds=280).stdout)
    assert report["size"] == 2 * GIB and report["sha256"] == env.big_digest
    assert env.gate.memory_kib() - before < MORE_MEMORY_KIB, "the gate holds the body in memory"


@limit(300)
def test_up_in_chunks_over_tls(env):
    report = json.loads(curl(env, "-H", "Expect:", "-H", "Transfer-Encoding: chunked", "-T", env.big, env.url("https", "/direct/show"), seconds=280).stdout)
    assert report["size"] == 2 * GIB and report["sha256"] == env.big_digest
