"""curl."""
import json
import os

from clients.origins import KINDS, MIB, SCHEMES, Bench, curl, digest
from harness.runner import each

WRITTEN = "%{http_code} %{http_version} %{num_connects} %{size_download} %{size_upload}"


def fixture(scope):
    return Bench(scope)


@each(origin=KINDS, scheme=SCHEMES)
def test_get_and_head(env, origin, scheme):
    url = env.url(scheme, f"/{origin}/hello.txt")
    assert curl(env, url).stdout == env.hello
    head = curl(env, "-I", url).stdout.decode()
    assert f"content-length: {len(env.hello)}" in head.lower() and "200 OK" in head


@each(origin=KINDS, scheme=SCHEMES)
def test_ranges(env, origin, scheme):
    url = env.url(scheme, f"/{origin}/hello.txt")
    assert curl(env, "-r", "10-29", url).stdout == env.hello[10:30]
    assert curl(env, "-r", "-7", url).stdout == env.hello[-7:]
    several = curl(env, "-r", "0-3,100-103", "-w", "%{http_code} %{content_type}", url).stdout
    assert b"multipart/byteranges" in several and b"206" in several
    assert b"416" in curl(env, "-r", "9999999-", "-o", os.devnull, "-w", WRITTEN, url).stdout


@each(origin=KINDS)
def test_resume_a_download(env, origin):
    target = env.scope.path("resumed")
    with open(target, "wb") as file:
        file.write(env.hello[:1000])
    curl(env, "-C", "-", "-o", target, env.url("https", f"/{origin}/hello.txt"))
    with open(target, "rb") as file:
        assert file.read() == env.hello


@each(origin=KINDS)
def test_conditional(env, origin):
    url = env.url("https", f"/{origin}/hello.txt")
    etag = env.scope.path("etag")
    curl(env, "--etag-save", etag, "-o", os.devnull, url)
    assert curl(env, "--etag-compare", etag, "-w", "%{http_code}", url).stdout == b"304"


@each(origin=KINDS, scheme=SCHEMES)
def test_keep_alive(env, origin, scheme):
    url = env.url(scheme, f"/{origin}/hello.txt")
    connects = curl(env, *sum((["-o", os.devnull, url] for _ in range(20)), []), "-w", "%{num_connects}\n").stdout.split()
    assert connects == [b"1"] + [b"0"] * 19, connects


@each(origin=KINDS, how=["length", "chunked", "expect"])
def test_upload(env, origin, how):
    fields = {"length": ["-H", "Expect:"], "chunked": ["-H", "Transfer-Encoding: chunked"], "expect": ["-H", "Expect: 100-continue"]}[how]
    report = json.loads(curl(env, "-T", env.block, *fields, env.url("https", f"/{origin}/app/show")).stdout)
    assert report["size"] == 64 * MIB and report["sha256"] == env.block_digest


@each(origin=KINDS)
def test_chunked_both_ways(env, origin):
    data = env.scope.write("both", os.urandom(3 * MIB))
    back = env.scope.path("both.back")
    curl(env, "-H", "Transfer-Encoding: chunked", "-H", "Expect:", "--data-binary", "@" + data, "-o", back, env.url("http", f"/{origin}/app/echo"))
    assert digest(back) == digest(data)


def test_continue_refused(env):
    done = curl(env, "-T", env.block, "-H", "Expect: 100-continue", "-w", WRITTEN, env.url("http", "/direct/refuse-body"))
    assert done.stdout.startswith(b"refused403") and done.stdout.endswith(b" 0"), done.stdout


@each(origin=KINDS)
def test_http_1_0(env, origin):
    done = curl(env, "--http1.0", "-w", WRITTEN, "-o", os.devnull, env.url("http", f"/{origin}/hello.txt"))
    assert done.stdout.startswith(b"200 1."), done.stdout


def test_trailers(env):
    done = curl(env, "-i", "-H", "TE: trailers", env.url("https", "/direct/trailers"))
    assert b"X-Digest: abc" in done.stdout, done.stdout


def test_a_cut_off_body_is_seen(env):
    assert curl(env, "-o", os.devnull, env.url("https", "/direct/cut"), check=False).returncode in (18, 56)
