"""wget, and Python's http.client."""
import hashlib
import http.client
import json
import os
import ssl
import subprocess

from clients.origins import KINDS, MIB, SCHEMES, Bench, digest
from harness.runner import each


def fixture(scope):
    return Bench(scope)


def wget(env, *arguments):
    return subprocess.run(["wget", "--no-config", "--no-proxy", "-nv", "--tries=1", "--timeout=30", "--ca-certificate", env.ca, *arguments],
                          capture_output=True, timeout=90, cwd=env.scope.folder)


@each(origin=KINDS, scheme=SCHEMES)
def test_wget_downloads(env, origin, scheme):
    target = env.scope.path("wget.bin")
    done = wget(env, "-O", target, env.url(scheme, f"/{origin}/64m.bin", "127.0.0.1"))
    assert done.returncode == 0 and digest(target) == env.block_digest, done


@each(origin=KINDS)
def test_wget_continues(env, origin):
    target = env.scope.path(f"{origin}.txt")
    with open(target, "wb") as file:
        file.write(env.hello[:777])
    done = wget(env, "-c", "-O", target, env.url("http", f"/{origin}/hello.txt", "127.0.0.1"))
    assert done.returncode == 0, done
    with open(target, "rb") as file:
        assert file.read() == env.hello


@each(origin=KINDS)
def test_wget_posts(env, origin):
    done = wget(env, "-O", "-", "--post-file", env.block, env.url("https", f"/{origin}/app/show", "127.0.0.1"))
    assert done.returncode == 0 and json.loads(done.stdout)["sha256"] == env.block_digest, done.stderr


def test_wget_keeps_its_connection(env):
    done = wget(env, "-d", "-O", os.devnull, *[env.url("http", f"/nginx/hello.txt?{number}", "127.0.0.1") for number in range(10)])
    assert done.returncode == 0 and done.stderr.count(b"Reusing fd") == 9, done.stderr[-2000:]


def connection(env, scheme):
    if scheme == "https":
        return http.client.HTTPSConnection("127.0.0.1", env.ports["https"], timeout=60, context=ssl.create_default_context(cafile=env.ca))
    return http.client.HTTPConnection("127.0.0.1", env.ports["http"], timeout=60)


@each(origin=KINDS, scheme=SCHEMES)
def test_python_keeps_its_connection(env, origin, scheme):
    client = connection(env, scheme)
    client.connect()
    local = client.sock.getsockname()
    for _ in range(10):
        client.request("GET", f"/{origin}/hello.txt")
        response = client.getresponse()
        assert response.status == 200 and response.read() == env.hello
        client.request("HEAD", f"/{origin}/hello.txt")
        response = client.getresponse()
        assert response.read() == b"" and int(response.getheader("Content-Length")) == len(env.hello)
    assert client.sock.getsockname() == local


@each(origin=KINDS, scheme=SCHEMES)
def test_python_downloads(env, origin, scheme):
    client = connection(env, scheme)
    client.request("GET", f"/{origin}/64m.bin")
    sha, response = hashlib.sha256(), client.getresponse()
    while piece := response.read(MIB):
        sha.update(piece)
    assert sha.hexdigest() == env.block_digest


@each(origin=KINDS, scheme=SCHEMES)
def test_python_uploads_in_chunks(env, origin, scheme):
    client, data = connection(env, scheme), os.urandom(MIB)
    client.request("POST", f"/{origin}/app/show", body=iter([data] * 8), encode_chunked=True)
    report = json.loads(client.getresponse().read())
    assert report["size"] == 8 * MIB and report["sha256"] == hashlib.sha256(data * 8).hexdigest()


@each(origin=KINDS)
def test_python_reads_chunks(env, origin):
    client, data = connection(env, "http"), os.urandom(300000)
    client.request("POST", f"/{origin}/app/echo", body=data)
    response = client.getresponse()
    assert response.read() == data and response.getheader("Transfer-Encoding") == "chunked"


@each(origin=KINDS)
def test_python_ranges(env, origin):
    client = connection(env, "https")
    client.request("GET", f"/{origin}/hello.txt", headers={"Range": "bytes=5-9"})
    response = client.getresponse()
    assert response.status == 206 and response.read() == env.hello[5:10]
    assert response.getheader("Content-Range") == f"bytes 5-9/{len(env.hello)}"
