"""URLs and cookies that a server writes in its own terms come out in the public ones, and the other way round for requests."""
import json
import ssl
import urllib.parse

from harness.certificates import Authority
from harness.gate import start_gate
from harness.origin import Origin
from harness.ports import free_port
from harness.wire import Wire, ask

HOST = "www.example.com"


def say(exchange):
    """?NAME=VALUE fields of the answer, as the query has them; the request as JSON."""
    exchange.body()
    query = urllib.parse.parse_qsl(exchange.target.partition("?")[2])
    if query and query[0][0] == "say":
        exchange.answer(302 if any(value.startswith("Location:") for _, value in query) else 200, [tuple(value.split(": ", 1)) for _, value in query])
    else:
        exchange.answer_json({"target": exchange.target, "fields": exchange.request_fields})


class Fixture:
    def __init__(self, scope):
        self.origin = Origin(scope, say)
        authority = Authority(scope.folder)
        shown = authority.sign("front", HOST)
        self.context = ssl.create_default_context(cafile=authority.cert)
        self.port, self.plain = free_port(), free_port()
        self.own = f"http://127.0.0.1:{self.origin.port}"
        start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key} }} ]
inbound:
  - listen: [ "https://127.0.0.1:{self.port}", "http://127.0.0.1:{self.plain}" ]
    sites:
      - hosts: [ {HOST} ]
        response_headers: {{ set: {{ X-Site: "${{request.host}}" }}, remove: [ X-Powered-By ] }}
        routes:
          - {{ path: /app, to: "{self.own}/inside", host: upstream }}
          - {{ path: /same, to: "{self.own}" }}
          - {{ exact: /one, to: "{self.own}/exactly" }}
          - {{ regex: "^/user/([a-z]+)/(.*)$", to: "{self.own}/u/${{regex.1}}/${{regex.2}}" }}
          - {{ exact: /gone, respond: {{ status: 410, body: "gone", content_type: text/plain }} }}
          - {{ path: /old, redirect: {{ to: "/new${{request.path}}", status: 308 }} }}
          - path: /edit
            to: "{self.own}"
            host: inner.example
            request_headers: {{ set: {{ X-Who: "${{client.address}}", X-Tls: "${{tls.version}}" }}, add: {{ X-List: two }}, remove: [ X-Secret ] }}
""", self.port)

    def ask(self, target, fields=()):
        with Wire(self.port, tls=self.context, name=HOST) as wire:
            return wire.ask("GET", target, fields, host=f"{HOST}:{self.port}")

    def told(self, path, *lines):
        """The answer to a request whose server says these field lines."""
        return self.ask(path + "?" + "&".join("say=" + urllib.parse.quote(line, safe="") for line in lines))


def fixture(scope):
    return Fixture(scope)


def test_paths(env):
    for asked, wanted in [("/app", "/inside"), ("/app/", "/inside/"), ("/app/x/y?q=1", "/inside/x/y?q=1"), ("/same/x", "/same/x"),
                          ("/one?x", "/exactly?x"), ("/app/%E4%20%3F", "/inside/%E4%20%3F"), ("/app/a//b", "/inside/a/b")]:
        assert json.loads(env.ask(asked).body)["target"] == wanted, asked
    assert env.ask("/application").status == 404 and env.ask("/one/x").status == 404


def test_locations(env):
    public = f"https://{HOST}:{env.port}"
    for said, wanted in [(f"{env.own}/inside/x?y#z", f"{public}/app/x?y#z"), ("/inside/x", "/app/x"), (f"{env.own}/inside", f"{public}/app"),
                         ("https://other.example/inside/x", "https://other.example/inside/x"), ("x/y", "x/y"), ("../x", "../x")]:
        location = env.told("/app/page", f"Location: {said}").get("Location")
        assert location == wanted, f"{said} became {location}, and not {wanted}"
    answer = env.told("/app/page", f"Content-Location: {env.own}/inside/x", f"Refresh: 5; url={env.own}/inside/y")
    assert answer.get("Content-Location") == f"{public}/app/x" and answer.get("Refresh") == f"5; url={public}/app/y", answer


def test_cookies(env):
    rows = [("a=1; Path=/inside", "a=1; Path=/app"), ("a=1; Path=/inside/deep; HttpOnly", "a=1; Path=/app/deep; HttpOnly"),
            ("a=1; Path=/; Secure; SameSite=Lax", "a=1; Path=/; Secure; SameSite=Lax"), ("a=1", "a=1"), ('a="x;y"; Path=/inside', None)]
    for said, wanted in rows:
        cookie = env.told("/app/page", f"Set-Cookie: {said}").get("Set-Cookie")
        assert wanted is None or cookie == wanted, f"{said} became {cookie}"
    foreign = env.told("/app/page", "Set-Cookie: a=1; Domain=127.0.0.1; Path=/inside").get("Set-Cookie")
    assert "127.0.0.1" not in foreign and "Path=/app" in foreign, foreign
    several = env.told("/app/page", "Set-Cookie: a=1; Path=/inside", "Set-Cookie: b=2; Path=/inside").all("Set-Cookie")
    assert several == ["a=1; Path=/app", "b=2; Path=/app"], several


def test_fields(env):
    seen = json.loads(env.ask("/edit/x", [("X-Who", "forged"), ("X-List", "one"), ("X-Secret", "s")]).body)["fields"]
    values = lambda name: [value for key, value in seen if key.lower() == name]
    assert values("x-who") == ["127.0.0.1"] and values("x-tls") == ["TLSv1.3"] and values("x-list") == ["one", "two"]
    assert not values("x-secret") and values("host") == ["inner.example"]
    assert values("x-forwarded-host") == [f"{HOST}:{env.port}"] and values("x-forwarded-port") == [str(env.port)]
    answer = env.told("/app/x", "X-Powered-By: PHP/5", "X-Other: stays")
    assert answer.get("X-Powered-By") is None and answer.get("X-Other") == "stays" and answer.get("X-Site", "").startswith(HOST)


def test_host_of_the_upstream(env):
    seen = json.loads(env.ask("/app/x").body)["fields"]
    assert ["Host", f"127.0.0.1:{env.origin.port}"] in seen, seen


def test_own_answers(env):
    gone = env.ask("/gone")
    assert gone.status == 410 and gone.body == b"gone" and gone.get("Content-Type") == "text/plain"
    moved = env.ask("/old/x")
    assert moved.status == 308 and moved.get("Location") == "/new/old/x", moved


def test_http_goes_to_https(env):
    answer = ask(env.plain, "GET", "/app/x?y=1", host=HOST)
    assert answer.status == 301 and answer.get("Location") == f"https://{HOST}:{env.port}/app/x?y=1", answer
    assert ask(env.plain, "POST", "/app/x", body=b"x", host=HOST).status in (301, 308)
    assert ask(env.plain, "GET", "/app/x", host="stranger.example").status == 421


def test_regex(env):
    target = json.loads(env.ask("/user/anna/a/b?q").body)["target"]
    assert target == "/u/anna/a/b?q", target
