"""Clients that speak HTTP/2: curl, nghttp, h2load, Go's net/http, Node's http2. Chromium's pages (clients/test_browser.py) come by HTTP/2, too,
where they come over TLS, and so do their WebSockets."""
import json
import os
import re
import subprocess

from clients.origins import GIB, KINDS, MIB, SCHEMES, Bench, curl, digest, sparse_file
from clients.test_go_and_node import all_ok
from h2 import frames
from h2.hpack_by_hand import string
from harness.installation import go_program
from harness.ports import free_port
from harness.runner import each, limit

HERE = os.path.dirname(os.path.abspath(__file__))
BY = {"http": "--http2-prior-knowledge", "https": "--http2"}
WRITTEN = "%{http_version} %{http_code} %{num_connects}\n"


@limit(400)
def fixture(scope):
    bench = Bench(scope, clear="h2c", extra=f"""\
          - {{ path: /limited, max_body: 1KiB, to: "http://127.0.0.1:{free_port()}" }}
          - {{ path: /dead, to: "http://127.0.0.1:{free_port()}" }}
          - {{ path: /gone, respond: {{ status: 404, body: "gone" }} }}
""")
    bench.fetch = go_program(os.path.join(HERE, "..", "clients", "fetch.go"))
    return bench


def curl2(bench, scheme, *arguments, **options):
    return curl(bench, BY[scheme], *arguments, **options)


def everything_by(bench, version, asked):
    """What was asked since then was asked by this version, and nothing went wrong."""
    records = bench.gate.records()[asked:]
    assert records and {record["http"] for record in records} == {version}, {record["http"] for record in records}


# ---- curl

@each(origin=KINDS, scheme=SCHEMES)
def test_curl_get_and_head(env, origin, scheme):
    url = env.url(scheme, f"/{origin}/hello.txt")
    assert curl2(env, scheme, url, "-w", WRITTEN).stdout == env.hello + b"2 200 1\n"
    head = curl2(env, scheme, "-I", url).stdout.decode()
    assert f"content-length: {len(env.hello)}" in head.lower() and head.startswith("HTTP/2 200"), head


@each(origin=KINDS, scheme=SCHEMES)
def test_curl_download(env, origin, scheme):
    back = env.scope.path("download")
    assert curl2(env, scheme, "-o", back, "-w", WRITTEN, env.url(scheme, f"/{origin}/64m.bin")).stdout == b"2 200 1\n"
    assert digest(back) == env.block_digest


@each(scheme=SCHEMES)
@limit(200)
def test_curl_upload_of_one_gib(env, scheme):
    path = sparse_file(env.scope.path("1g.bin"), GIB)
    before = env.gate.memory_kib()
    report = json.loads(curl2(env, scheme, "-T", path, env.url(scheme, "/direct/show"), seconds=150).stdout)
    assert report["size"] == GIB and report["sha256"] == digest(path)
    held = env.gate.memory_kib() - before
    assert held < 4096, f"{held} KiB more"


@each(origin=KINDS, how=["length", "unknown", "expect"])
def test_curl_upload(env, origin, how):
    fields = {"length": [], "unknown": ["-H", "Content-Length:"], "expect": ["-H", "Expect: 100-continue"]}[how]
    with open(env.block, "rb") as file:
        done = subprocess.run(["curl", "-q", "-sS", "--noproxy", "*", "--http2", "--cacert", env.ca, "-T", "-" if how == "unknown" else env.block, *fields,
                               env.url("https", f"/{origin}/app/show", "localhost")], stdin=file, capture_output=True, timeout=60, check=True)
    report = json.loads(done.stdout)
    assert report["size"] == 64 * MIB and report["sha256"] == env.block_digest


EARLY = {"/limited": 413, "/dead": 502, "/gone": 404}


@each(path=list(EARLY), scheme=SCHEMES)
def test_curl_shows_an_early_answer(env, path, scheme):
    """curl 7.88 takes a RST_STREAM with NO_ERROR that it finds behind the answer for a failure, and does not show the answer."""
    for _ in range(10):
        said = curl2(env, scheme, "--data-binary", "@" + env.block, "-o", os.devnull, "-w", WRITTEN, env.url(scheme, path)).stdout
        assert said == b"2 %d 1\n" % EARLY[path], said


@each(scheme=SCHEMES)
def test_curl_trailers(env, scheme):
    done = curl2(env, scheme, "-i", "-H", "TE: trailers", env.url(scheme, "/direct/trailers"))
    assert b"x-digest: abc" in done.stdout.lower(), done.stdout


@each(origin=KINDS, scheme=["https"])
def test_curl_in_parallel(env, origin, scheme):
    """Two hundred transfers of one curl, which shares a connection among them. (With prior knowledge, curl 7.88 fails before every server.)"""
    asked = len(env.gate.records())
    done = curl2(env, scheme, "--parallel", "--parallel-max", "50", "-w", WRITTEN, "-o", "/dev/null", env.url(scheme, f"/{origin}/hello.txt?[1-200]"))
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 200 and {line.rsplit(" ", 1)[0] for line in lines} == {"2 200"}, lines[:5]
    everything_by(env, "2", asked)


def test_curl_sees_a_cut_off_body(env):
    assert curl2(env, "https", "-o", os.devnull, env.url("https", "/direct/cut"), check=False).returncode in (18, 56, 92)


# ---- nghttp and h2load

def run(*command, seconds=100):
    done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr.decode()[-1000:]
    return done.stdout


@each(origin=KINDS, scheme=SCHEMES)
def test_nghttp(env, origin, scheme):
    assert run("nghttp", "--no-verify-peer", env.url(scheme, f"/{origin}/hello.txt", "127.0.0.1")) == env.hello
    report = json.loads(run("nghttp", "-d", env.block, env.url(scheme, f"/{origin}/app/show", "127.0.0.1")))
    assert report["size"] == 64 * MIB and report["sha256"] == env.block_digest


@each(scheme=SCHEMES)
def test_nghttp_with_continuation_and_padding(env, scheme):
    """Six fields of 4,096 octets, which do not fit into one frame, however short they are written; and DATA with padding."""
    report = json.loads(run("nghttp", "--continuation", "--padding=64", "-d", env.block, env.url(scheme, "/direct/show", "127.0.0.1")))
    large = [(name, value) for name, value in report["fields"] if name.startswith("continuation-test-")]
    assert large == [(f"continuation-test-{number}", "-" * 4096) for number in range(1, 7)], report["fields"]
    assert sum(len(string(value, huffman=True)) for _, value in large) > frames.LARGEST_PAYLOAD
    assert report["size"] == 64 * MIB and report["sha256"] == env.block_digest


@each(scheme=SCHEMES)
def test_nghttp_with_trailers(env, scheme):
    """Behind content whose length was not said: HTTP/1.1 has no place for them behind one whose length was."""
    small = env.scope.write("small", b"hello")
    report = json.loads(run("nghttp", "--no-content-length", "--trailer", "x-sum: 42", "-d", small, env.url(scheme, "/direct/show", "127.0.0.1")))
    assert report["size"] == 5 and report["trailers"] == [["x-sum", "42"]], report


@each(scheme=SCHEMES, streams=[1, 20, 100])
def test_h2load(env, scheme, streams):
    """10,000 requests: none fails. No more at a time than the server takes: its connections are of HTTP/1.1."""
    said = run("h2load", "-n", "10000", "-c", str(min(10, 400 // streams)), "-m", str(streams), env.url(scheme, "/nginx/hello.txt", "127.0.0.1")).decode()
    assert "10000 done, 10000 succeeded, 0 failed, 0 errored, 0 timeout" in said, said
    assert re.search(r"status codes: 10000 2xx, 0 3xx, 0 4xx, 0 5xx", said), said


def test_h2load_uploads(env):
    data = env.scope.write("upload", os.urandom(100_000))
    said = run("h2load", "-n", "1000", "-c", "10", "-m", "20", "-d", data, env.url("https", "/direct/show", "127.0.0.1")).decode()
    assert "1000 succeeded, 0 failed" in said and "1000 2xx" in said, said


# ---- libraries of languages

@each(origin=KINDS)
def test_go(env, origin):
    asked = len(env.gate.records())
    all_ok([env.fetch, env.url("https", "/" + origin, "127.0.0.1"), env.ca, env.block, env.block_digest], 12)
    everything_by(env, "2", asked)


@each(scheme=SCHEMES)
def test_node(env, scheme):
    asked = len(env.gate.records())
    base = env.url(scheme, "/nginx" if scheme == "http" else "/apache", "127.0.0.1")
    all_ok(["node", os.path.join(HERE, "fetch2.mjs"), base, env.ca, env.block, env.block_digest], 13)
    everything_by(env, "2", asked)
