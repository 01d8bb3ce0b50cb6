"""Attacks on the way out by who may use it: to reach this machine and its neighbours, to be somebody else, to get past rules, and
to write into answers and logs."""
import base64
import ipaddress
import json
import os
import struct
import subprocess
import time

from harness.runner import each
from harness.wire import Wire

from outbound import hostile_names as hostile
from outbound.attacked import ALLOWED, SECRET, Stand
from outbound.hellos import hello
from outbound.ssrf_targets import ALL

def fixture(scope):
    stand = Stand(scope)
    assert b" 200 " in stand.plain(b"allowed.test")[:20], "the stand does not work"
    return stand


def status(answer):
    return answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/1.1 ") else answer[:12]


WAYS = {
    "request": lambda env, host: env.plain(host),
    "websocket": lambda env, host: env.upgrade(host),
    "connect": lambda env, host: env.connect(host),
    "socks": lambda env, host: env.socks(host),
}


# ---- where nobody is to come

def reached(way, answer):
    if way == "socks":
        return answer[2:4] == b"\5\0"
    return not answer.startswith(b"HTTP/1.1 ") or status(answer) not in (b"400", b"403", b"404", b"502", b"504")


@each(way=WAYS)
def test_no_spelling_leads_to_this_machine_or_its_neighbours(env, way):
    assert len(ALL) >= 100
    before, came = len(env.trap.hits), len(env.trap.heads)
    wrong = []
    for host in ALL:
        octets = host.encode()
        if way == "socks" and octets.startswith(b"["):
            octets = octets.strip(b"[]")
        answer = WAYS[way](env, octets)
        if reached(way, answer):
            wrong.append((host, answer[:100]))
    assert not wrong, wrong
    assert len(env.trap.hits) == before and len(env.trap.heads) == came, (env.trap.hits[before:], env.trap.heads[came:])
    for record in env.gate.records():
        if not record.get("host", "").startswith(("allowed.test", ALLOWED)):
            assert "address" not in record, record  # nobody was connected to


@each(method=["GET", "CONNECT"])
def test_none_does_by_http2(env, method):
    before = len(env.trap.hits)
    targets = [[method, f"{host}:{env.port}"] for host in ALL] + [[method, f"allowed.test:{env.port}"]]
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "targets_by_http2.py")
    done = subprocess.run(["/usr/bin/python3", script, str(env.any)], input=json.dumps(targets), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done
    came = json.loads(done.stdout)
    assert came[-1] == 200, came  # it is there
    wrong = [(target, result) for (_, target), result in list(zip(targets, came))[:-1] if result not in (400, 403, 502, 504, "reset", "closed")]
    assert not wrong, wrong
    assert len(env.trap.hits) == before, env.trap.hits[before:]


def test_no_address_of_socks_does(env):
    before = len(env.trap.hits)
    wrong = []
    for host in ALL:
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            continue
        if env.socks_address(address.packed)[2:4] == b"\5\0":
            wrong.append(host)
    for octets in (bytes(10) + b"\xff\xff" + bytes([127, 0, 0, 1]), bytes(16), bytes(4), bytes(12) + bytes([127, 0, 0, 1])):
        if env.socks_address(octets)[2:4] == b"\5\0":
            wrong.append(octets)
    assert not wrong and len(env.trap.hits) == before, wrong


ODD = {
    "loop4": hostile.plain("127.0.0.1"),
    "loop6": hostile.plain("::1"),
    "both": hostile.plain("127.0.0.1", "::1"),
    "mapped": hostile.plain("::ffff:127.0.0.1"),
    "compatible": hostile.plain("::127.0.0.1"),
    "nat64": hostile.plain("64:ff9b::7f00:1"),
    "sixtofour": hostile.plain("2002:7f00:1::1"),
    "any4": hostile.plain("0.0.0.0"),
    "any6": hostile.plain("::"),
    "cloud": hostile.plain("169.254.169.254"),
    "cloud6": hostile.plain("fd00:ec2::254"),
    "neighbour": hostile.plain("10.0.0.1", "192.168.1.1", "172.16.0.1"),
    "chain": hostile.chain(3, "127.0.0.1"),
    "longchain": hostile.chain(40, "127.0.0.1"),
    "alias": hostile.alias(b"localhost", "127.0.0.1"),
    "aliasonly": hostile.alias(b"localhost"),
    "aliasnumber": hostile.alias(b"127.0.0.1"),
    "loop": lambda name, kind: [hostile.record(name, hostile.CNAME, hostile.labels(name))],
    "nulls": hostile.alias(b"a\0b.allowed.test", "127.0.0.1"),
    "longname": hostile.alias(b".".join([b"x" * 63] * 4), "127.0.0.1"),
    "other": hostile.for_somebody_else(ALLOWED),
    "many": hostile.plain(*[f"127.1.0.{number}" for number in range(1, 201)]),
    "short": lambda name, kind: [hostile.record(name, kind, b"\x7f\0\0")],
    "long": lambda name, kind: [hostile.record(name, kind, b"\x7f\0\0\1" * 8)],
    "empty": lambda name, kind: [],
}
LURES = {  # ALLOWED is among what they say
    "first": hostile.plain(ALLOWED, "127.0.0.1", "::1"),
    "last": hostile.plain("127.0.0.1", "::1", "169.254.169.254", ALLOWED),
    "crowd": hostile.plain(*[f"127.2.0.{number}" for number in range(1, 31)], ALLOWED),
    "turns": hostile.in_turns([ALLOWED], ["127.0.0.1"]),
    "turns3": hostile.in_turns([ALLOWED], [ALLOWED], ["127.0.0.1", "127.0.0.2"]),
    "turns2": hostile.in_turns(["127.0.0.1"], [ALLOWED, "127.0.0.1"]),
}


@each(way=WAYS, port=["any", "evil"])
def test_no_name_does(env, way, port):
    env.names.odd.update(ODD)
    before, number, wrong = len(env.trap.hits), getattr(env, port), []
    for first in ODD:
        host = f"{first}.{way}.evil.test".encode()
        answer = {"request": env.plain, "websocket": env.upgrade, "connect": env.connect, "socks": env.socks}[way](host, number)
        if reached(way, answer):
            wrong.append((first, answer[:100]))
    assert not wrong, wrong
    assert len(env.trap.hits) == before, env.trap.hits[before:]


@each(way=["request", "connect", "socks"])
def test_names_that_are_rebound(env, way):
    env.names.odd.update(LURES)
    before, came, good = len(env.trap.hits), 0, 0
    for first in LURES:
        for _ in range(6):
            answer = WAYS[way](env, f"{first}.{way}.evil.test".encode()) if way == "request" else tunnel(env, way, f"{first}.{way}.evil.test")
            came, good = came + 1, good + (b"GET / HTTP" in answer)
    assert len(env.trap.hits) == before, env.trap.hits[before:]
    assert good >= came // 2, (good, came)  # what is allowed of it is reached


def tunnel(env, way, host):
    """A request in a tunnel."""
    inner = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    to = f"{host}:{env.port}".encode()
    if way == "connect":
        return env.talk(b"CONNECT " + to + b" HTTP/1.1\r\nHost: " + to + b"\r\nConnection: close\r\n\r\n" + inner, seconds=2)
    return env.talk(b"\5\1\0\5\1\0\3" + bytes([len(host)]) + host.encode() + struct.pack("!H", env.port) + inner, seconds=2)


@each(to=["http://127.0.0.1:{port}/", "http://[::1]:{port}/", "http://localhost:{port}/", "http://loop4.redirect.evil.test:{port}/", "http://169.254.169.254/latest/",
          "http://2130706433:{port}/", "http://denied.test:{port}/", "//127.0.0.1:{port}/"])
def test_each_hop_of_redirects_is_judged(env, to):
    env.names.odd.update(ODD)
    before = len(env.trap.hits)
    done = env.curl(f"http://allowed.test:{env.port}/to?{to.format(port=env.port)}", "-L", "-o", "/dev/null", "-w", "%{http_code} %{num_redirects}")
    assert done.stdout in ("403 1", "502 1", "400 1"), done  # (curl 7.88 writes a Host of IPv6 without brackets here)
    assert len(env.trap.hits) == before


@each(line=[b"GET http://allowed.test:%d/ HTTP/1.1", b"GET http://allowed.test:%d/ HTTP/1.0"])
def test_the_host_field_leads_nowhere(env, line):
    """What the URL says is what counts (RFC 9112 section 3.2.2), and what the server is told."""
    before = len(env.trap.heads)
    answer = env.talk(line % env.port + b"\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % env.port)
    assert status(answer) in (b"200", b"400"), answer
    for _, fields in env.trap.heads[before:]:
        assert [value for name, value in fields if name.lower() == "host"] == [f"allowed.test:{env.port}"], fields
    assert not env.trap.hits


@each(port=[b"0", b"00080", b"65536", b"99999999999999999999", b"-1", b"+80", b"0x50", b"80a", b"", b" 80", b"8%30", b"80:80", b"\xef\xbc\x98\xef\xbc\x90"])
def test_odd_ports(env, port):
    for head in (b"GET http://allowed.test:%s/", b"CONNECT allowed.test:%s"):
        answer = env.talk(head % port + b" HTTP/1.1\r\nHost: allowed.test:" + port + b"\r\nConnection: close\r\n\r\n")
        assert status(answer) in (b"400", b"403", b"502", b"504"), answer
    assert not env.trap.hits


# ---- what is not one request

CONNECT = b"CONNECT allowed.test:%d HTTP/1.1\r\nHost: allowed.test:%d\r\n"
POST = b"POST http://allowed.test:%d/first HTTP/1.1\r\nHost: allowed.test:%d\r\n"
INNER = b"GET http://allowed.test:%d/smuggled HTTP/1.1\r\nHost: allowed.test:%d\r\n\r\n"
SMUGGLING = {
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n" + INNER,
    "a list of lengths": POST + b"Content-Length: 0, 9\r\n\r\n" + INNER,
    "length and chunked": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunked not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + INNER,
    "chunked with a tab": POST + b"Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n" + INNER,
    "space before the colon": POST + b"Content-Length : 9\r\n\r\n" + INNER,
    "a folded length": POST + b"X: y\r\n Content-Length: 9\r\n\r\n" + INNER,
    "a bare LF": POST + b"X: y\nContent-Length: 9\r\n\r\n" + INNER,
    "a bare CR": POST + b"X: y\rContent-Length: 9\r\n\r\n" + INNER,
    "NUL in a field": POST + b"X: a\0b\r\nContent-Length: 0\r\n\r\n" + INNER,
    "a length with a sign": POST + b"Content-Length: +0\r\n\r\n" + INNER,
    "a CONNECT with a length": CONNECT + b"Content-Length: 5\r\n\r\nhello",
    "a CONNECT that is chunked": CONNECT + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a CONNECT with both": CONNECT + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a CONNECT with another Host": b"CONNECT allowed.test:%d HTTP/1.1\r\nHost: a:%d\r\nHost: b\r\n\r\n",
    "a CONNECT to a URL": b"CONNECT http://allowed.test:%d/ HTTP/1.1\r\nHost: allowed.test:%d\r\n\r\n",
    "a CONNECT with a path": b"CONNECT allowed.test:%d/smuggled HTTP/1.1\r\nHost: allowed.test:%d\r\n\r\n",
    "two spaces": b"GET  http://allowed.test:%d/smuggled HTTP/1.1\r\nHost: allowed.test:%d\r\n\r\n",
    "a URL with a space": b"GET http://allowed.test:%d/ /smuggled HTTP/1.1\r\nHost: allowed.test:%d\r\n\r\n",
    "CR in the URL": b"GET http://allowed.test:%d/\rX:/smuggled HTTP/1.1\r\nHost: allowed.test:%d\r\n\r\n",
    "a fragment": b"GET http://allowed.test:%d/#/smuggled HTTP/1.1\r\nHost: allowed.test:%d\r\n\r\n",
}


@each(name=SMUGGLING)
def test_no_request_hides_in_another(env, name):
    before = len(env.trap.heads)
    octets = SMUGGLING[name]
    answer = env.talk(octets % ((env.port,) * octets.count(b"%d")), seconds=1)
    assert answer.count(b"HTTP/1.1 ") <= 1 and status(answer) in (b"400", b"403", b"501"), answer
    with env.trap.lock:
        new = env.trap.heads[before:]
    assert not [line for line, _ in new if "smuggled" in line], new


def test_what_comes_behind_a_refused_connect_is_nobodys(env):
    """Octets behind the head of a CONNECT are for the tunnel. Where there is none, they must not become a request."""
    before = len(env.trap.heads)
    for head in (b"CONNECT denied.test:%d HTTP/1.1\r\nHost: denied.test\r\n\r\n" % env.port, b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"):
        answer = env.talk(head + INNER % (env.port, env.port), seconds=1)
        assert answer.count(b"HTTP/1.1 ") == 1 and status(answer) == b"403", answer
    answer = env.talk(b"\5\1\0\5\1\0\1\x7f\0\0\1" + struct.pack("!H", env.port) + INNER % (env.port, env.port), seconds=1)
    assert b"HTTP" not in answer, answer
    assert len(env.trap.heads) == before, env.trap.heads[before:]


def test_one_request_after_another_is_judged_alone(env):
    """By one connection: what was allowed lends nothing to what follows."""
    with Wire(env.any) as wire:
        for host, wanted in (("allowed.test", 200), ("denied.test", 403), ("allowed.test", 200), ("127.0.0.1", 403), ("sub.DENIED.test.", 403)):
            wire.send(f"GET http://{host}:{env.port}/ HTTP/1.1\r\nHost: {host}:{env.port}\r\n\r\n")
            assert wire.response().status == wanted, host
    assert not env.trap.hits


# ---- what is written into answers and logs

INJECTED = ["a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rX-Injected: 1", "a\0b", "a%0d%0aX-Injected:%201", "\u010d\u010aX-Injected: 1", "a\x1b[31m", "a\x85X-Injected",
            "<script>alert(1)</script>", '"onload="x', "a\u2028b", "{\"code\":1}", "${jndi:ldap://x}", "x" * 300, "\\u000d\\u000a"]


@each(place=["host", "path", "user", "socks", "socks user", "method", "field"])
def test_nothing_is_injected(env, place):
    for text in INJECTED:
        octets = text.encode()
        if place == "socks":
            answer = env.socks(octets)
        elif place == "socks user":
            octets = octets[:255]
            answer = env.talk(b"\5\1\2\1" + bytes([len(octets)]) + octets + b"\1x", env.users, 0.5)
        elif place == "user":
            answer = env.plain(b"allowed.test", env.users, b"Proxy-Authorization: Basic " + base64.b64encode(octets + b":x") + b"\r\n")
        elif place == "host":
            answer = env.plain(octets)
        elif place == "path":
            answer = env.talk(b"GET http://denied.test:%d/" % env.port + octets + b" HTTP/1.1\r\nHost: denied.test\r\nConnection: close\r\n\r\n", seconds=1)
        elif place == "method":
            answer = env.plain(b"denied.test", method=octets)
        else:
            answer = env.plain(b"denied.test", more=b"X-" + octets + b": y\r\nReferer: " + octets + b"\r\nUser-Agent: " + octets + b"\r\n")
        head = answer.split(b"\r\n\r\n")[0].lower()
        assert b"\nx-injected" not in head and b"\rx-injected" not in head, answer
        assert b"\0" not in head or "socks" in place, answer
        assert b"<script>" not in answer and b"\x1b" not in answer, answer
    with open(env.gate.access, "rb") as file:
        log = file.read()
    for line in log.split(b"\n")[:-1]:
        assert line.startswith(b'{"time":') and json.loads(line), line
        assert not any(octet < 0x20 or octet == 0x7f for octet in line), line
    for line in env.gate.log().split("\n"):
        assert not line.lower().startswith("x-injected") and "\x1b" not in line and "\0" not in line, line


# ---- credentials

def forms(secret):
    """As it is, and within Basic (whatever stands before it), and with %XX."""
    found = {secret.encode(), secret.replace("-", "%2D").encode()}
    for before in ("anna:", "nobody:", "x:"):
        found.add(base64.b64encode((before + secret).encode()).rstrip(b"=")[len(before) + 2:])
    return found


def assert_no_secret(text, where):
    octets = text if isinstance(text, bytes) else text.encode()
    for form in forms(SECRET):
        assert form not in octets, f"the password is in {where}"


def basic(user, password=SECRET):
    return b"Proxy-Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()) + b"\r\n"


def test_passwords_are_nowhere(env):
    to = b"allowed.test:%d" % env.port
    seen = b""
    for more in (basic("anna"), basic("nobody"), basic("anna", SECRET + "x"), basic("anna") * 2, b"Proxy-Authorization: Bearer " + SECRET.encode() + b"\r\n",
                 b"Proxy-Authorization: " + SECRET.encode() * 3000 + b"\r\n", b"Authorization: Basic " + base64.b64encode(b"anna:" + SECRET.encode()) + b"\r\n",
                 b"Proxy-Authorization: Basic anna:" + SECRET.encode() + b"\r\n", b"Cookie: a=" + SECRET.encode() + b"\r\n"):
        for port in (env.users, env.any):
            seen += env.plain(b"allowed.test", port, more) + env.plain(b"denied.test", port, more)
            seen += env.talk(b"CONNECT denied.test:443 HTTP/1.1\r\nHost: denied.test\r\n" + more + b"Connection: close\r\n\r\n", port, 2)
    for host in (b"anna:" + SECRET.encode() + b"@allowed.test", b"anna:" + SECRET.encode() + b"@denied.test"):
        seen += env.plain(host) + env.connect(host) + env.plain(host, env.users)
    for user, password in ((b"anna", SECRET.encode()), (b"nobody", SECRET.encode()), (b"anna", SECRET.encode() + b"\r\n")):
        seen += env.talk(b"\5\1\2\1" + bytes([len(user)]) + user + bytes([len(password)]) + password + b"\5\1\0\3\x0callowed.test\1\1", env.users, 0.3)
    assert_no_secret(seen, "an answer")
    for _, fields in env.trap.heads:
        assert not [name for name, _ in fields if name.lower().startswith("proxy-")], fields
    with open(env.gate.access, "rb") as file:
        assert_no_secret(file.read(), "the access log")
    assert_no_secret(env.gate.log(), "the operator's log")
    time.sleep(1)
    for end in ("", "-wal"):
        try:
            with open(env.scope.path("seen.db" + end), "rb") as file:
                assert_no_secret(file.read(), "the record")
        except FileNotFoundError:
            pass


def test_a_scanner_is_shown_no_password_of_this_hop(env):
    to = b"allowed.test:%d" % env.port
    env.scanner.shown.clear()
    answer = env.talk(b"POST http://" + to + b"/ HTTP/1.1\r\nHost: " + to + b"\r\nContent-Length: 2\r\nConnection: close\r\n" + basic("anna") + b"\r\nhi", env.scanned)
    assert status(answer) == b"200", answer
    assert len(env.scanner.shown) == 2, env.scanner.shown
    for shown in env.scanner.shown:
        assert_no_secret(repr(shown), "what the scanner is shown")


@each(name=[b"x" * 300, b"a\r\nX-Injected: 1", b"a\0b", b"\x1b[31m", "\u202e".encode(), b'"},{"', b""])
def test_a_name_in_tls_is_written_as_what_it_is(env, name):
    to = b"allowed.test:%d" % env.port
    env.talk(b"CONNECT " + to + b" HTTP/1.1\r\nHost: " + to + b"\r\n\r\n" + hello(name), seconds=0.2)
    time.sleep(0.1)
    with open(env.gate.access, "rb") as file:
        for line in file.read().split(b"\n")[:-1]:
            assert json.loads(line) and not any(octet < 0x20 or octet == 0x7f for octet in line), line


@each(broken=["", "port: 1", "no_proxy: '::::'", "url: 3"])
def test_what_is_told_of_a_configuration_shows_no_passwords(env, broken):
    text = f"""\
outbound:
  - listen: "proxy://127.0.0.1:{env.any}"
    rules: [ {{ allow: [ "*" ] }} ]
    parent:
      url: "http://anna:{SECRET}@192.0.2.7:3128"
      {broken}
"""
    config = env.scope.write("parent.yaml", text)
    for command in (["check"], ["check", "--json"], ["explain", "--outbound", "allowed.test:443"], ["explain", "--outbound", "--json", "http://allowed.test/"],
                    ["explain", "--outbound", f"http://anna:{SECRET}@allowed.test/"], ["explain", "--outbound", "--json", f"anna:{SECRET}@allowed.test:443"], ["test"],
                    ["env", "--for", "curl"], ["doctor"]):
        done = subprocess.run([env.scope.binary, *command[:1], "-c", config, *command[1:]], capture_output=True, timeout=20, check=False)
        assert_no_secret(done.stdout + done.stderr, f"what {command} says")


# ---- users and rules

def test_a_connection_lends_nobody_its_user(env):
    """By one connection, and to a server whose connections are kept."""
    with Wire(env.users) as wire:
        for user, password, wanted in (("anna", SECRET, 200), ("bert", "other", 403), ("", "", 407), ("anna", SECRET, 200), ("anna", "wrong", 407), ("ANNA", SECRET, 407),
                                       ("anna ", SECRET, 407), ("anna\u200b", SECRET, 407), ("bert", SECRET, 407)):
            fields = basic(user, password) if user else b""
            wire.send(b"GET http://allowed.test:%d/ HTTP/1.1\r\nHost: allowed.test:%d\r\n" % (env.port, env.port) + fields + b"\r\n")
            assert wire.response().status == wanted, user


@each(field=[b"Proxy-Authorization: Basic\r\n", b"Proxy-Authorization:\r\n", b"Proxy-Authorization: Basic ====\r\n", b"Proxy-Authorization: Basic Og==\r\n", b"Proxy-Authorization: Basic AAAA%s\r\n",
              b"Proxy-Authorization: Digest username=anna\r\n", b"Proxy-Authorization : Basic x\r\n", b"Proxy_Authorization: Basic x\r\n"])
def test_odd_credentials(env, field):
    field = field.replace(b"%s", b"A" * 60000)
    answer = env.plain(b"allowed.test", env.users, field)
    assert status(answer) in (b"407", b"400", b"431"), answer
    good = basic("anna")
    assert status(env.plain(b"allowed.test", env.users, good)) == b"200"
    for both in (good + field, field + good):
        assert status(env.plain(b"allowed.test", env.users, both)) in (b"407", b"400", b"431") or field.startswith(b"Proxy_"), both


@each(host=["denied.test", "DENIED.test", "denied.test.", "sub.denied.test", "SUB.Denied.TEST.", "a.b.denied.test"])
def test_who_is_denied_is_denied_in_every_spelling(env, host):
    assert status(env.plain(host.encode())) == b"403"
    assert status(env.connect(host.encode())) == b"403"
    assert env.socks(host.encode())[2:4] == b"\5\2"


PATHS = ["/private", "/private/", "/private/x", "//private", "/./private", "/x/../private", "/%70rivate", "/%2e/private", "/x/%2e%2e/private", "/x//../private", "/private%2fx", "/private%2Fx",
         "/private;v=1", "/private;v/x", "/;a/private", "/x/..;/private", "/\\private", "/private\\x", "/%5cprivate", "/%2fprivate", "/private%00", "/private?x", "/x/..%2fprivate", "/private/../private"]


@each(path=PATHS)
def test_a_denied_path_is_denied_in_every_spelling(env, path):
    before = len(env.trap.heads)
    answer = env.talk(f"GET http://allowed.test:{env.port}{path} HTTP/1.1\r\nHost: allowed.test:{env.port}\r\nConnection: close\r\n\r\n".encode(), env.paths)
    assert status(answer) in (b"400", b"403", b"404"), answer
    assert len(env.trap.heads) == before


@each(path=["/", "/private", "/publicx", "/public%2f..%2fprivate", "/public/../private", "/public/%2e%2e/private", "/private/..;/public", "/private%2f..%2fpublic", "/public;/../private", "/PUBLIC",
            "/public\\..\\private", "/%2e%2e/public/../x", "//x/public"])
def test_only_an_allowed_path_is_allowed(env, path):
    before = len(env.trap.heads)
    answer = env.talk(f"GET http://paths.test:{env.port}{path} HTTP/1.1\r\nHost: paths.test:{env.port}\r\nConnection: close\r\n\r\n".encode(), env.paths)
    assert status(answer) in (b"400", b"403", b"404"), answer
    assert len(env.trap.heads) == before


@each(path=["/secret//../public", "/secret/%2e%2e/public", "/secret//..//public", "/./public", "/secret/x/../../public"])
def test_the_server_reads_the_path_that_was_judged(env, path):
    before = len(env.trap.heads)
    answer = env.talk(f"GET http://paths.test:{env.port}{path} HTTP/1.1\r\nHost: paths.test:{env.port}\r\nConnection: close\r\n\r\n".encode(), env.paths)
    assert status(answer) == b"200", answer
    assert env.trap.targets()[before:] == ["/public"]


@each(method=[b"DELETE", b"delete", b"Delete", b"PUT", b"put"])
def test_a_denied_method(env, method):
    """PUT is denied by the address: also on a connection that was made for another request."""
    with Wire(env.paths) as wire:
        head = b"http://allowed.test:%d/ HTTP/1.1\r\nHost: allowed.test:%d\r\nContent-Length: 0\r\n\r\n" % (env.port, env.port)
        wire.send(b"GET " + head)
        assert wire.response().status == 200
        wire.send(method + b" " + head)
        assert wire.response().status == 403


def test_shares_count_users_and_not_spellings(env):
    """Two tunnels at a time, by CONNECT and SOCKS together."""
    to = b"allowed.test:%d" % env.port
    open_ones = []
    for scheme in (b"Basic ", b"basic  "):
        wire = Wire(env.users)
        wire.send(b"CONNECT " + to + b" HTTP/1.1\r\nHost: " + to + b"\r\nProxy-Authorization: " + scheme + base64.b64encode(b"anna:" + SECRET.encode()) + b"\r\n\r\n")
        assert wire.response("HEAD").status == 200
        open_ones.append(wire)
    third = env.talk(b"CONNECT " + to + b" HTTP/1.1\r\nHost: " + to + b"\r\n" + basic("anna") + b"Connection: close\r\n\r\n", env.users, 2)
    assert status(third) == b"429", third
    password = SECRET.encode()
    socks = env.talk(b"\5\1\2\1\4anna" + bytes([len(password)]) + password + b"\5\1\0\3\x0callowed.test" + struct.pack("!H", env.port), env.users, 1)
    assert socks[4:6] == b"\5\2", socks
    for wire in open_ones:
        wire.close()
