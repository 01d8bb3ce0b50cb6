"""Tunnels that are opened: curl and the ssl module of Python as clients, nginx and servers of our own behind the gate."""
import json
import os
import ssl
import subprocess
import time

from harness.runner import each
from harness.websocket import Client
from harness.wire import Wire

from outbound.inspection import Stand


def fixture(scope):
    return Stand(scope)


def trusting(env):
    return ssl.create_default_context(cafile=env.ca)


def test_what_is_asked_inside_is_seen(env):
    done = env.curl("https://origin.example.test/show?x=1", "--proxy-header", "Proxy-Extra: x")
    shown = json.loads(done.stdout)
    assert shown["target"] == "/show?x=1", shown
    assert not [name for name, _ in shown["fields"] if name.lower().startswith("proxy-") or name.lower() == "via"], shown
    record = env.gate.record(method="GET", host="origin.example.test")
    assert record["status"] == 200 and record["target"] == "/show?x=1" and record["kind"] == "inspected", record
    assert env.gate.record(method="CONNECT", host="origin.example.test:443").get("error") is None


def test_the_certificate_is_of_our_authority_and_for_the_names_of_the_real_one(env):
    with trusting(env).wrap_socket(env.tunnel("origin.example.test:443"), server_hostname="origin.example.test") as wire:
        shown = wire.getpeercert()
        wire.sendall(b"GET /show HTTP/1.1\r\nHost: origin.example.test\r\nConnection: close\r\n\r\n")
        while wire.recv(65536):
            pass
    assert ("DNS", "pinned.example.test") in shown["subjectAltName"], shown
    assert "Sallyport" in str(shown["issuer"]), shown


def test_http2_where_the_server_speaks_it(env):
    done = env.curl(f"https://modern.example.test:{env.modern}/a", "--http2", "-w", "%{http_version}")
    assert done.stdout == "HTTP/2.0 /a\n2", done
    done = env.curl(f"https://modern.example.test:{env.modern}/a", "--http1.1", "-w", "%{http_version}")
    assert done.stdout == "HTTP/1.1 /a\n1.1", done
    done = env.curl("https://origin.example.test/show", "--http2", "-o", "/dev/null", "-w", "%{http_version}")
    assert done.stdout == "1.1", done


def test_many_requests_by_one_connection(env):
    before = env.origin.accepted
    urls = [f"https://origin.example.test/show?{i}" for i in range(5)]
    done = env.curl(urls[0], *urls[1:], "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null",
                    "-w", "%{http_code}\n")
    assert done.stdout.split() == ["200"] * 5, done
    assert env.origin.accepted == before + 1


def test_clear_text_in_a_tunnel(env):
    done = env.curl("http://plain.example.test/show", "-p")
    assert json.loads(done.stdout)["target"] == "/show", done
    assert env.gate.record(method="GET", host="plain.example.test")["status"] == 200


def test_a_denied_path(env):
    done = env.curl("https://origin.example.test/private/x", "-i")
    assert " 403 " in done.stdout and "not that path" in done.stdout, done
    assert env.origin.count("/private/x") == 0


def test_a_denied_destination_is_told_in_the_tunnel(env):
    before = env.origin.accepted
    done = env.curl("https://denied.example.test/", "-i")
    assert "\r\n\r\n" not in done.stderr and " 403 " in done.stdout and "ask the operations team" in done.stdout, done
    assert env.origin.accepted == before
    assert env.gate.record(method="GET", host="denied.example.test")["error"]["code"] == "destination_refused"


@each(kind=["expired", "unknown", "wrong"])
def test_a_bad_server_is_shown_as_what_it_is(env, kind):
    codes = {"expired": "upstream_certificate_expired", "unknown": "upstream_certificate_untrusted", "wrong": "upstream_certificate_name"}
    origin = getattr(env, kind)
    done = env.curl(f"https://{kind}.example.test:{origin.port}/show", "-i")
    assert " 502 " in done.stdout and codes[kind] in done.stdout and "tls_certificate_error" in done.stdout, done
    assert not origin.requests


def test_what_is_excepted_stays_closed(env):
    assert env.curl("https://closed.example.test/show").returncode == 60
    done = env.curl("https://closed.example.test/show", ca=env.authority.cert)
    assert json.loads(done.stdout)["target"] == "/show", done


def test_who_refuses_the_certificate_is_passed_on_next_time(env):
    first = env.curl("https://pinned.example.test/show", ca=env.authority.cert)
    assert first.returncode == 60, first
    second = env.curl("https://pinned.example.test/show", ca=env.authority.cert)
    assert json.loads(second.stdout)["target"] == "/show", second
    env.gate.await_log("minted_certificate_refused")
    assert "pinned.example.test:443" in env.gate.log() and "ca export" in env.gate.log()


def test_websockets(env):
    wire = Wire.__new__(Wire)
    wire.socket = trusting(env).wrap_socket(env.tunnel("origin.example.test:443"), server_hostname="origin.example.test")
    wire.buffer = b""
    with wire:
        client = Client(wire, "/ws", "origin.example.test")
        for size in (1, 70000):
            client.exchange(b"x" * size)
        client.close()


def test_socks(env):
    done = env.curl("https://origin.example.test/private/x", "-i", proxy=f"socks5h://127.0.0.1:{env.port}")
    assert " 403 " in done.stdout and "not that path" in done.stdout, done


def test_a_host_that_is_not_the_tunnels(env):
    done = env.curl("https://origin.example.test/show", "-i", "-H", "Host: denied.example.test")
    assert " 421 " in done.stdout, done
    record = env.gate.record(method="GET", status=421)
    assert record["kind"] == "inspected" and record["tls_name"] == "origin.example.test", record
    assert "tls_name_differs" not in record, record


def test_fronting(env):
    with trusting(env).wrap_socket(env.tunnel("origin.example.test:443"), server_hostname="denied.example.test") as wire:
        wire.sendall(b"GET /show HTTP/1.1\r\nHost: denied.example.test\r\nConnection: close\r\n\r\n")
        assert wire.recv(65536).startswith(b"HTTP/1.1 403 ")


def test_who_speaks_something_else_is_passed_on(env):
    with env.tunnel("plain.example.test:80") as wire:
        wire.sendall(b"HELLO to you\r\n\r\n")  # no request: the origin says so itself, and not the gate
        wire.settimeout(5)
        try:
            wire.recv(1000)
        except TimeoutError:
            pass
    record = env.gate.record(method="CONNECT", host="plain.example.test:80", error=None)
    assert record["status"] == 200, record


def test_the_handshake_takes_no_time_that_a_client_would_miss(env):
    begun = time.monotonic()
    assert env.curl("https://origin.example.test/show").returncode == 0
    assert time.monotonic() - begun < 1


@each(target=["/show", "/private/x"])
def test_a_tunnel_that_is_a_stream_of_http2(env, target):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tunnel_by_http2.py")
    done = subprocess.run(["/usr/bin/python3", script, str(env.port), "origin.example.test", target, env.ca],
                          capture_output=True, text=True, timeout=30)
    status = "200" if target == "/show" else "403"
    assert done.stdout.startswith(f"CONNECT 200\nHTTP/1.1 {status} "), done
