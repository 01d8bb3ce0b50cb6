"""Go's net/http, and Node's undici and ws: small programs of these languages that print a line for each check."""
import os
import subprocess

from clients.origins import KINDS, SCHEMES, Bench
from harness.installation import go_program, node_modules
from harness.runner import each, limit

HERE = os.path.dirname(os.path.abspath(__file__))


@limit(400)
def fixture(scope):
    bench = Bench(scope)
    bench.fetch = go_program(os.path.join(HERE, "fetch.go"))
    bench.modules = node_modules()
    return bench


def all_ok(command, count, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, **options)
    lines = done.stdout.splitlines()
    bad = [line for line in lines if not line.startswith("ok ")]
    assert done.returncode == 0 and not bad and len(lines) == count, "\n".join(bad) or (done.stdout + done.stderr)[-2000:]


@each(origin=KINDS, scheme=SCHEMES)
def test_go(env, origin, scheme):
    all_ok([env.fetch, env.url(scheme, "/" + origin, "127.0.0.1"), env.ca, env.block, env.block_digest], 12)


@each(origin=KINDS, scheme=SCHEMES)
def test_node(env, origin, scheme):
    all_ok(["node", os.path.join(HERE, "fetch.mjs"), env.url(scheme, "/" + origin, "127.0.0.1"), env.ca, env.block, env.block_digest], 11,
           env={**os.environ, "MODULES": env.modules})
