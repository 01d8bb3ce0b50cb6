"""What the operator and the client are told."""
import json
import re
import ssl

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.scope import eventually
from harness.wire import Wire, ask


class Fixture:
    def __init__(self, scope):
        self.scope = scope
        self.origin = Origin(scope)
        authority = Authority(scope.folder)
        shown = authority.sign("front", "localhost")
        self.context = ssl.create_default_context(cafile=authority.cert)
        self.port, self.secure = free_port(), free_port()
        self.gate = start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]
inbound:
  - name: web
    listen: [ "http://127.0.0.1:{self.port}", "https://127.0.0.1:{self.secure}" ]
    trusted_proxies: [ 127.0.0.2 ]
    sites:
      - hosts: [ localhost ]
        https_redirect: off
        routes:
          - {{ path: /, to: "http://127.0.0.1:{self.origin.port}" }}
          - {{ path: /down, to: "http://127.0.0.1:1" }}
          - {{ path: /no-socket, to: "http+unix://{scope.path("none.sock")}" }}
          - {{ path: /loop, to: "http://127.0.0.1:{self.port}" }}
          - {{ path: /private, to: "http://127.0.0.1:{self.origin.port}", allow: [ 192.0.2.0/24 ] }}
          - {{ path: /slow, to: "http://127.0.0.1:{self.origin.port}", timeouts: {{ response_head: 500ms }} }}
          - {{ exact: /own, respond: {{ body: "own" }} }}
""", self.port)


def fixture(scope):
    return Fixture(scope)


def test_json_line(env):
    with Wire(env.secure, tls=env.context, name="localhost") as wire:
        wire.ask("POST", "/json/show?x=%20y", [("User-Agent", 'a "quoted"\\ one'), ("Referer", "http://r/")], b"12345")
        wire.ask("GET", "/json/second")
    record = env.gate.record(target="/json/show?x=%20y")
    assert record["method"] == "POST" and record["status"] == 200 and record["in"] == 5 and record["out"] > 100
    assert record["host"] == "localhost" and record["client"] == "127.0.0.1" and record["http"] == "1.1"
    assert record["user_agent"] == 'a "quoted"\\ one' and record["referer"] == "http://r/"
    assert record["tls"]["version"] == "TLSv1.3" and record["tls"]["sni"] == "localhost" and record["tls"]["cipher"].startswith("TLS_")
    assert record["route"] == "path /" and record["server"] == f"http://127.0.0.1:{env.origin.port}" and record["site"] == "localhost"
    assert record["listen"] == f"https://127.0.0.1:{env.secure}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"])
    assert {"tls", "head", "first_byte", "last_byte", "total"} <= set(record["ms"]), record["ms"]
    second = env.gate.record(target="/json/second")
    assert second["reused"] is True and second["ms"].get("connect", 0) < 0.5 and "tls" not in second["ms"], second


def test_no_line_can_be_forged(env):
    ask(env.port, "GET", "/forged?%0a%22", [("User-Agent", "x\x80\xff\"}")])
    record = env.gate.record(target="/forged?%0a%22")
    assert record["status"] == 200


def test_client_behind_a_trusted_proxy(env):
    response = ask(env.port, "GET", "/trusted", [("X-Forwarded-For", "203.0.113.9")], source=("127.0.0.2", 0))
    record = env.gate.record(target="/trusted")
    assert record["client"] == "203.0.113.9" and record["peer"] == "127.0.0.2", record
    fields = json.loads(response.body)["fields"]
    assert ["X-Forwarded-For", "203.0.113.9, 127.0.0.2"] in fields, fields


def test_error_pages(env):
    for accept, kind in [("text/html,*/*;q=0.8", "text/html"), ("application/json", "application/json")]:
        response = ask(env.port, "GET", "/down/x", [("Accept", accept)])
        assert response.status == 502 and response.get("Content-Type").startswith(kind), response
        assert "error=connection_refused" in response.get("Proxy-Status")
        assert response.get("Cache-Control") == "no-store"
        text = response.body.decode()
        number = re.search(r"\b[0-9a-f]{16}\b", text)
        assert number and "connection_refused" in text, text
        if kind == "application/json":
            assert json.loads(text)["status"] == 502
        # The number on the page leads to the line in the log, and that to the remedy.
        eventually(lambda number=number: number[0] in env.gate.log(), 5, "the number in the log")
        line = next(line for line in env.gate.log().splitlines() if number[0] in line)
        assert "remedy=" in line and "connection_refused" in line and "place=" in line, line
        assert env.gate.record(id=number[0])["error"]["code"] == "connection_refused"


def test_head_of_an_error_has_no_body(env):
    with Wire(env.port) as wire:
        assert wire.ask("HEAD", "/down/x").status == 502
        assert wire.ask("GET", "/own").body == b"own"


def test_each_failure_by_name(env):
    rows = [("/private/x", 403, "denied", "http_request_denied"), ("/slow/slow?first=3", 504, "response_head_timeout", "http_response_timeout"),
            ("/x/close", 502, "upstream_closed", "connection_terminated"), ("/x/garbage", 502, "bad_status_line", "http_protocol_error"),
            ("/a%5c..%5cb", 400, "ambiguous_path", "http_request_error"), ("/a%2Fb", 404, "encoded_slash", "http_request_denied")]
    for target, status, code, error in rows:
        response = ask(env.port, "GET", target)
        assert response.status == status, f"{target}: {response}"
        assert f"error={error}" in response.get("Proxy-Status", ""), f"{target}: {response.fields}"
        record = env.gate.record(target=target)
        assert record["error"]["code"] == code, f"{target}: {record['error']}"
    response = ask(env.port, "GET", "/x", host="other.example")
    assert response.status == 421 and env.gate.record(host="other.example")["error"]["code"] == "no_site"


def test_a_unix_socket_that_does_not_exist(env):
    assert ask(env.port, "GET", "/no-socket/x").status == 502
    error = env.gate.record(target="/no-socket/x")["error"]
    assert error["code"] == "connection_refused" and "none.sock does not exist" in error["detail"] and "start the server" in error["remedy"], error


def test_a_loop_names_the_route(env):
    response = ask(env.port, "GET", "/loop/x")
    assert response.status == 508, response
    number = re.search(rb"\b[0-9a-f]{16}\b", response.body)[0].decode()
    record = env.gate.record(id=number)
    assert record["error"]["code"] == "loop_detected" and record["route"] == "path /loop" and "place" in record, record


def test_plain_http_on_the_tls_port(env):
    response = ask(env.secure, "GET", "/")
    assert response.status == 400 and b"https" in response.body, response
    assert response.get("Proxy-Status") == "sallyport; error=http_request_error", response


def test_errors_do_not_show_request_fields(env):
    response = ask(env.port, "GET", "/down/x", [("Authorization", "Basic c2VjcmV0OnNlY3JldA=="), ("Cookie", "token=verysecret")])
    assert response.status == 502
    env.gate.record(target="/down/x")
    for text in (response.body.decode(), env.gate.log(), open(env.gate.access, encoding="utf-8").read()):
        assert "verysecret" not in text and "c2VjcmV0" not in text


def log_line(env, name):
    """The line of a request in a log of this format."""
    port, access = free_port(), env.scope.path(name + ".log")
    with env.scope.part(name) as scope:
        start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{port}"
    sites: [ {{ routes: [ {{ path: /, to: "http://127.0.0.1:{env.origin.port}" }} ] }} ]
log: {{ access: {access}, format: {name} }}
""", port)
        ask(port, "GET", '/page?a="b', [("User-Agent", 'x "y"')])
        return eventually(lambda: open(access, encoding="utf-8").read(), 5, "a line")


def test_log_formats_of_other_servers(env):
    common = r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /page\?a=\S*b HTTP/1\.1" 200 \d+'
    line = log_line(env, "common")
    assert re.fullmatch(common + "\n", line), line
    line = log_line(env, "combined")
    assert re.fullmatch(common + r' "-" "x \\"y\\""' + "\n", line), line


def test_log_to_standard_output(env):
    port = free_port()
    with env.scope.part("stdout") as scope:
        gate = start_gate(scope, f"""\
inbound:
  - listen: "http://127.0.0.1:{port}"
    sites: [ {{ routes: [ {{ exact: /x, respond: {{ body: hello }} }} ] }} ]
log: {{ access: stdout }}
""", port)
        ask(port, "GET", "/x")
        line = eventually(gate.process.stdout, 5, "a line")
        assert json.loads(line)["target"] == "/x"
