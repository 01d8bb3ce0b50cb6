"""The way out, with curl: requests and CONNECT, by whom and where to, and what is refused."""
import base64
import json

from harness.runner import each

from outbound.stand import PASSWORD, Stand


def fixture(scope):
    return Stand(scope)


def url(env, scheme, path="/show", host="origin.example.test"):
    return f"{scheme}://{host}:{(env.secure if scheme == 'https' else env.origin).port}{path}"


@each(scheme=["http", "https"])
def test_what_is_allowed_is_reached(env, scheme):
    done = env.curl(url(env, scheme))
    assert done.returncode == 0, done
    shown = json.loads(done.stdout)
    names = [name.lower() for name, _ in shown["fields"]]
    assert not [name for name in names if name.startswith("proxy-") or name in ("via", "x-forwarded-for", "forwarded")], names
    record = env.gate.record(method="GET" if scheme == "http" else "CONNECT")
    assert record["host"].startswith("origin.example.test"), record
    assert record["place"].endswith(":8"), record


@each(scheme=["http", "https"])
def test_what_no_rule_allows_is_not(env, scheme):
    before = env.origin.accepted + env.secure.accepted
    done = env.curl(url(env, scheme, host="nobody.example.test"), "-o", "/dev/null", "-w", "%{http_code} %{http_connect}")
    assert "403" in done.stdout, done
    assert before == env.origin.accepted + env.secure.accepted
    assert env.gate.record(status=403)["error"]["code"] == "destination_refused"
    assert ("nobody.example.test", 1) not in env.names.asked  # nobody looks up what may not be reached


def test_the_reason_is_said(env):
    done = env.curl(url(env, "http", host="refused.example.test"), "-i")
    assert " 403 " in done.stdout and "ask the operations team" in done.stdout, done.stdout
    assert "destination" in done.stdout.lower() or "http_request_denied" in done.stdout, done.stdout


def test_rules_see_the_request_where_it_can_be_seen(env):
    assert env.curl(url(env, "http", "/demo", "other.example.test"), "-o", "/dev/null", "-w", "%{http_code}").stdout != "403"
    for extra in (["-X", "POST"], ["-X", "PUT"]):
        assert env.curl(url(env, "http", "/demo", "other.example.test"), *extra, "-o", "/dev/null", "-w", "%{http_code}").stdout == "403"
    assert env.curl(url(env, "http", "/secret", "other.example.test"), "-o", "/dev/null", "-w", "%{http_code}").stdout == "403"


@each(scheme=["http", "https"])
def test_private_addresses_behind_a_name_are_not_reached(env, scheme):
    done = env.curl(url(env, scheme, host="rebound.example.test"), "-o", "/dev/null", "-w", "%{http_code} %{http_connect}")
    assert "403" in done.stdout, done
    record = env.gate.record(status=403, host=f"rebound.example.test:{(env.secure if scheme == 'https' else env.origin).port}")
    assert record["error"]["code"] == "destination_address_refused", record


@each(scheme=["http", "https"])
def test_by_tls_to_the_proxy(env, scheme):
    done = env.curl(url(env, scheme), "--proxy-cacert", env.authority.cert, "--resolve", f"gate.example.test:{env.open}:127.0.0.1",
                    proxy=f"https://gate.example.test:{env.open}")
    assert done.returncode == 0 and json.loads(done.stdout), done


@each(scheme=["http", "https"])
def test_users(env, scheme):
    there, port = url(env, scheme), env.with_users
    code = ["-o", "/dev/null", "-w", "%{http_code} %{http_connect}"]
    assert "407" in env.curl(there, *code, port=port).stdout
    assert "407" in env.curl(there, "-U", "mattermost:wrong", *code, port=port).stdout
    assert "407" in env.curl(there, "-U", "nobody:wrong", *code, port=port).stdout
    assert "403" in env.curl(there, "-U", "somebody:else", *code, port=port).stdout
    for way in (["-U", f"mattermost:{PASSWORD}"], ["-U", f"mattermost:{PASSWORD}", "--proxy-anyauth"]):
        done = env.curl(there, *way, port=port)
        assert done.returncode == 0 and json.loads(done.stdout), done
        assert "Proxy-Authorization" not in done.stdout and base64.b64encode(PASSWORD.encode()).decode() not in done.stdout
    record = env.gate.record(user="mattermost", status=200)
    assert PASSWORD not in json.dumps(record)
    assert PASSWORD not in env.gate.log()


def test_octets_behind_connect_are_the_tunnels(env):
    request = f"CONNECT origin.example.test:{env.origin.port} HTTP/1.1\r\nHost: origin.example.test:{env.origin.port}\r\n\r\n"
    answer = env.talk((request + "GET /show HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n").encode())
    head, rest = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200 ") and b"ontent-" not in head, head
    assert rest.startswith(b"HTTP/1.1 200 ") and b'"inner"' in rest, rest


@each(target=["/", "*", "https://origin.example.test/", "ftp://origin.example.test/"])
def test_what_is_for_no_proxy(env, target):
    method = "OPTIONS" if target == "*" else "GET"
    answer = env.talk(f"{method} {target} HTTP/1.1\r\nHost: origin.example.test\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in (b"400", b"403"), answer


@each(scheme=["http", "https"], way=["socks5", "socks5h"])
def test_socks(env, scheme, way):
    if way == "socks5":  # the client looks the name up itself: an address is asked for
        host = ["--resolve", f"origin.example.test:{(env.secure if scheme == 'https' else env.origin).port}:127.0.0.1"]
        done = env.curl(url(env, scheme), *host, proxy=f"{way}://127.0.0.1:{env.open}")
        assert done.returncode == 97, done  # no rule allows 127.0.0.1 itself
        return
    done = env.curl(url(env, scheme), proxy=f"{way}://127.0.0.1:{env.open}")
    assert done.returncode == 0 and json.loads(done.stdout), done
    refused = env.curl(url(env, scheme, host="refused.example.test"), proxy=f"{way}://127.0.0.1:{env.open}")
    assert refused.returncode == 97, refused
    record = env.gate.record(host=f"refused.example.test:{(env.secure if scheme == 'https' else env.origin).port}")
    assert record["error"]["code"] == "destination_refused" and "ask the operations team" in record["error"]["detail"], record


def test_socks_with_users(env):
    proxy = f"socks5h://mattermost:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{env.with_users}"
    done = env.curl(url(env, "https"), proxy=proxy)
    assert done.returncode == 0 and json.loads(done.stdout), done
    assert env.curl(url(env, "https"), proxy=f"socks5h://mattermost:wrong@127.0.0.1:{env.with_users}").returncode == 97
    assert env.curl(url(env, "https"), proxy=f"socks5h://127.0.0.1:{env.with_users}").returncode == 97


@each(first=[b"\x04\x01", b"\x05\x00", b"\x05\x01\x80", b"\x05", b"\x00", b"\x16\x03", b"PRI * HTTP/2.0\r\n"])
def test_odd_beginnings_end(env, first):
    env.talk(first)
    assert env.gate.process.alive()
    assert env.curl(url(env, "http")).returncode == 0


@each(scheme=["http", "https"])
def test_host_names_the_proxy(env, scheme):
    """As Node's http.request() does: the target says whom it is for, and the server is told that."""
    origin = env.origin
    target = f"origin.example.test:{origin.port}".encode()
    if scheme == "https":
        answer = env.talk(b"CONNECT " + target + b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % env.open)
        assert answer.startswith(b"HTTP/1.1 200"), answer
        return
    answer = env.talk(b"GET http://" + target + b"/show HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % env.open)
    shown = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    assert [value for name, value in shown["fields"] if name.lower() == "host"] == [target.decode()], shown
