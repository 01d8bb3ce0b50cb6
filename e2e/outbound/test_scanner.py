"""What passes is shown to a scanner: to one of our own that misbehaves on request, and to c-icap."""
import os
import socket
import subprocess

from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port, wait_for_port
from harness.runner import each

from outbound.icap_server import EICAR, PAGE, Scanner

MIB = 1024 * 1024


def handle(exchange):
    if exchange.target == "/virus":
        exchange.answer(body=b"before " + EICAR + b" behind")
    elif exchange.target.startswith("/octets/"):
        exchange.answer(body=b"x" * int(exchange.target.split("/")[-1]))
    elif exchange.method == "POST":
        exchange.answer(body=b"%d octets" % len(exchange.body()))
    else:
        exchange.answer(body=b"harmless")


def c_icap(scope):
    """Debian's c-icap with its echo service, and one that refuses hosts of a list."""
    port = free_port()
    scope.write("denied", "127.0.0.2\n")
    scope.write("c-icap.conf", f"""\
PidFile {scope.path("c-icap.pid")}
CommandsSocket {scope.path("c-icap.ctl")}
StartServers 1
MaxServers 2
MinSpareThreads 2
MaxSpareThreads 8
ThreadsPerChild 8
KeepAliveTimeout 60
MaxKeepAliveRequests 100
Port 127.0.0.1:{port}
ServerAdmin nobody@example.test
ServerName scanner.example.test
TmpDir {scope.folder}
ModulesDir /usr/lib/x86_64-linux-gnu/c_icap
ServicesDir /usr/lib/x86_64-linux-gnu/c_icap
TemplateDir /usr/share/c_icap/templates/
LoadMagicFile /etc/c-icap/c-icap.magic
ServerLog {scope.path("c-icap.server")}
AccessLog {scope.path("c-icap.access")}
Service echo srv_echo.so
Service url_check_module srv_url_check.so
url_check.LookupTableDB denied host hash:{scope.path("denied")}
url_check.Profile default block denied
url_check.Profile default pass ALL
""")
    scope.start_as("c-icap", ["c-icap", "-N", "-f", scope.path("c-icap.conf")])
    wait_for_port(port)
    return port


class Stand:
    def __init__(self, scope):
        self.origin, self.scanner = Origin(scope, handle), Scanner(scope)
        self.other_origin = Origin(scope, handle, port=self.origin.port, address="127.0.0.2")
        icap = f"icap://127.0.0.1:{self.scanner.port}"
        real = f"icap://127.0.0.1:{c_icap(scope)}"
        scanners = {
            "strict": f"requests: {icap}/reqmod, responses: {icap}/respmod, timeout: 2s, max_body: 1MiB",
            "lenient": f"responses: {icap}/respmod, timeout: 1s, unavailable: pass, max_body: 1MiB",
            "real": f"requests: {real}/url_check, responses: {real}/echo",
        }
        self.ports = {name: free_port() for name in scanners}
        text = "outbound:\n" + "".join(f"""\
  - name: {name}
    listen: "proxy://127.0.0.1:{self.ports[name]}"
    private_networks: [ 127.0.0.0/8 ]
    scanner: {{ {scanner} }}
    rules: [ {{ allow: [ 127.0.0.0/8 ], ports: [ {self.origin.port} ] }} ]
""" for name, scanner in scanners.items())
        self.gate = start_gate(scope, text, *self.ports.values())

    def curl(self, entry, path, *arguments, host="127.0.0.1"):
        self.scanner.shown.clear()
        done = subprocess.run(["curl", "-q", "-sS", "--noproxy", "", "--max-time", "20", "-w", "\n%{http_code}", "-x",
                               f"http://127.0.0.1:{self.ports[entry]}", *arguments, f"http://{host}:{self.origin.port}{path}"],
                              capture_output=True, timeout=30, env={"PATH": os.environ["PATH"]})
        body, _, status = done.stdout.rpartition(b"\n")
        return int(status), body, done.stderr


def fixture(scope):
    return Stand(scope)


def test_what_is_clean_passes(env):
    env.scanner.mood = "works"
    status, body, _ = env.curl("strict", "/")
    assert (status, body) == (200, b"harmless")
    assert [shown["method"] for shown in env.scanner.shown] == ["REQMOD", "RESPMOD"]
    assert env.scanner.shown[1]["body"] == b"harmless" and env.scanner.shown[1]["x-client-ip"] == "127.0.0.1"
    assert env.gate.record(scan="clean")["verdict"] == "allowed"


def test_large_content_is_shown_whole(env):
    env.scanner.mood = "works"
    status, body, _ = env.curl("strict", f"/octets/{MIB}")
    assert (status, len(body)) == (200, MIB)
    assert len(env.scanner.shown[-1]["body"]) == MIB


def test_a_virus_in_a_response(env):
    env.scanner.mood = "works"
    status, body, _ = env.curl("strict", "/virus")
    assert (status, body) == (403, PAGE)
    record = env.gate.record(scan="replaced", target=f"http://127.0.0.1:{env.origin.port}/virus")
    assert record["error"]["code"] == "scanner_refused" and "Eicar" in record["error"]["detail"], record
    assert record["verdict"] == "refused", record


def test_a_virus_in_a_request(env):
    env.scanner.mood = "works"
    before = env.origin.accepted
    status, body, _ = env.curl("strict", "/upload", "--data-binary", EICAR.decode())
    assert (status, body) == (403, PAGE)
    assert env.origin.accepted == before


def test_an_upload_that_waits_for_100(env):
    env.scanner.mood = "works"
    status, body, _ = env.curl("strict", "/upload", "-H", "Expect: 100-continue", "--data-binary", "x" * 100_000)
    assert (status, body) == (200, b"100000 octets")


@each(mood=["stalls", "dies", "lies"])
def test_without_a_verdict(env, mood):
    env.scanner.mood = mood
    status, body, _ = env.curl("strict", "/")
    assert status == 502 and b"scanner_unavailable" in body, body
    status, body, _ = env.curl("lenient", "/")
    assert (status, body) == (200, b"harmless")
    assert env.gate.record(scan="unseen", status=200)
    assert "scanner_unavailable" in env.gate.log()


def test_more_than_is_held(env):
    env.scanner.mood = "works"
    status, body, _ = env.curl("strict", f"/octets/{3 * MIB}")
    assert status == 502 and b"scanner_unavailable" in body, body
    status, body, _ = env.curl("lenient", f"/octets/{3 * MIB}")
    assert (status, len(body)) == (200, 3 * MIB)


def test_c_icap(env):
    for size in (10, 100_000, 5 * MIB):
        status, body, _ = env.curl("real", f"/octets/{size}")
        assert (status, len(body)) == (200, size)
    status, body, _ = env.curl("real", "/upload", "--data-binary", "x" * 100_000)
    assert (status, body) == (200, b"100000 octets")
    before = env.other_origin.accepted
    status, body, _ = env.curl("real", "/", host="127.0.0.2")
    assert status == 403 and b"url_check" in body, (status, body)
    assert env.other_origin.accepted == before
    assert env.gate.record(status=403)["error"]["code"] == "scanner_refused"


def test_a_client_that_leaves_meanwhile(env):
    env.scanner.mood = "stalls"
    before = env.gate.descriptors()
    with socket.create_connection(("127.0.0.1", env.ports["strict"]), 5) as wire:
        wire.sendall(f"GET http://127.0.0.1:{env.origin.port}/ HTTP/1.1\r\nHost: 127.0.0.1:{env.origin.port}\r\n\r\n".encode())
    env.scanner.mood = "works"
    assert env.curl("strict", "/")[0] == 200
    assert env.gate.descriptors() <= before + 4
