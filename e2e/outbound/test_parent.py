"""The way out through other proxies: what is reached by them, what they refuse, and what becomes of it when they are gone."""
import base64
import json
import os
import subprocess
import time

from harness.certificates import Authority
from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import Origin
from harness.ports import free_port
from harness.runner import each, limit

from outbound.parents import ENCODED, Dante, Microsocks, Sallyport, Squid, Stalling, Tinyproxy

NEAR, FAR = "127.53.6.2", "127.53.6.3"  # whom the gate asks for names, and whom its parents do
PARENTS = ["squid", "tinyproxy", "sallyport", "sallyport-tls", "microsocks", "danted"]


class Stand:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.certificate = self.authority.sign("parent", "parent.example.test")
        self.origin_certificate = self.authority.sign("origin", "origin.example.test", "far.example.test", "unwanted.example.test")
        self.origin = Origin(scope)
        self.secure = Origin(scope, tls=self.origin_certificate.server_context())
        self.origins = sorted({self.origin.port, self.secure.port})
        self.near, self.far = (NameServer(scope.enter_context(scope.part(name)), address) for name, address in (("near", NEAR), ("far", FAR)))
        self.near.address, self.far.address = NEAR, FAR
        # (Dante refuses a name by its addresses.)
        self.near.names["unwanted.example.test"], self.far.names["unwanted.example.test"] = (["127.0.0.1"], 60), (["127.0.0.9"], 60)
        for name in ("origin", "parent"):
            self.near.names[f"{name}.example.test"] = self.far.names[f"{name}.example.test"] = (["127.0.0.1"], 60)
        self.far.names["far.example.test"] = self.far.names["rebound.example.test"] = (["127.0.0.1"], 60)
        self.near.names["rebound.example.test"] = (["10.1.2.3"], 60)
        self.started, self.gates = {}, {}

    def parent(self, name):
        """The `parent` of an entry that goes by this one, which is started when it is asked for first."""
        kind = name.removesuffix("-tls")
        if kind not in self.started:
            makes = {"squid": Squid, "tinyproxy": Tinyproxy, "microsocks": Microsocks, "danted": Dante, "sallyport": Sallyport}
            more = [self.certificate] if kind == "sallyport" else []
            self.started[kind] = makes[kind](self.scope, self.far, self.origins, *more)
        made = self.started[kind]
        user = {"danted": "", "tinyproxy": "mattermost:horse@"}.get(kind, f"mattermost:{ENCODED}@")
        if name.endswith("-tls"):
            return f'{{ url: "https://{user}parent.example.test:{made.port}", upstream_tls: {{ ca: {self.authority.cert} }} }}'
        return f'{{ url: "{made.scheme}://{user}127.0.0.1:{made.port}" }}'

    def gate(self, parent, more="", **options):
        """A gate of one entry with this parent; its port."""
        port = free_port()
        text = f"""\
outbound:
  - name: egress
    listen: "proxy://127.0.0.1:{port}"
    private_networks: [ 127.0.0.1 ]
    rules: [ {{ allow: [ .example.test ], ports: [ {", ".join(str(each) for each in self.origins)} ] }} ]
    parent: {parent}
    {more}
"""
        return start_gate(self.scope, text, port, prefix=self.near.prefix, **options), port

    def by(self, name):
        if name not in self.gates:
            self.gates[name] = self.gate(self.parent(name))
        return self.gates[name]

    def url(self, scheme, host="origin.example.test", path="/show"):
        return f"{scheme}://{host}:{(self.secure if scheme == 'https' else self.origin).port}{path}"

    def curl(self, port, url, *arguments, scheme="http"):
        command = ["curl", "-q", "-sS", "--noproxy", "", "--max-time", "30", "--cacert", self.authority.cert, "-x", f"{scheme}://127.0.0.1:{port}"]
        return subprocess.run([*command, *arguments, url], capture_output=True, text=True, timeout=40, env={"PATH": os.environ["PATH"]})

    def codes(self, port, url, *arguments):
        """Of the response, or of the answer to CONNECT."""
        done = self.curl(port, url, "-o", os.path.join(self.scope.folder, "page"), "-w", "%{http_code} %{http_connect}", *arguments)
        return max(done.stdout.split())


def fixture(scope):
    return Stand(scope)


def name_of(env, parent):
    made = env.started[parent.removesuffix("-tls")]
    return f"https://parent.example.test:{made.port}" if parent.endswith("-tls") else f"{made.scheme}://127.0.0.1:{made.port}"


@limit(120)
@each(parent=PARENTS, scheme=["http", "https"])
def test_everything_goes_through_it(env, parent, scheme):
    gate, port = env.by(parent)
    done = env.curl(port, env.url(scheme))
    assert done.returncode == 0, (done, gate.log())
    shown = json.loads(done.stdout)
    fields = {name.lower(): value for name, value in shown["fields"]}
    assert "proxy-authorization" not in fields and fields["host"].startswith("origin.example.test"), fields
    # These two say so.
    if scheme == "http" and parent in ("squid", "tinyproxy"):
        assert parent in fields["via"].lower(), fields
    record = gate.record(method="GET" if scheme == "http" else "CONNECT")
    if scheme == "https" or not parent.startswith(("micro", "dante")):
        assert record["server"] == name_of(env, parent), record
    assert record["address"].endswith(f":{env.started[parent.removesuffix('-tls')].port}"), record


@limit(120)
@each(parent=PARENTS, scheme=["http", "https"])
def test_clients_of_every_kind(env, parent, scheme):
    """Tunnels for everything (curl -p), SOCKS, and an upload."""
    _, port = env.by(parent)
    url = env.url(scheme)
    assert json.loads(env.curl(port, url, "-p").stdout)["method"] == "GET"
    assert json.loads(env.curl(port, url, scheme="socks5h").stdout)["method"] == "GET"
    file = os.path.join(env.scope.folder, "upload")
    with open(file, "wb") as out:
        out.write(os.urandom(3_000_000))
    shown = json.loads(env.curl(port, url, "-T", file).stdout)
    assert shown["method"] == "PUT" and shown["size"] == 3_000_000, shown


@limit(120)
@each(parent=PARENTS, scheme=["http", "https"])
def test_names_are_the_parents_to_resolve(env, parent, scheme):
    gate, port = env.by(parent)
    done = env.curl(port, env.url(scheme, "far.example.test"))
    assert done.returncode == 0 and json.loads(done.stdout)["method"] == "GET", (done, gate.log())


@limit(120)
@each(parent=["squid", "microsocks"], scheme=["http", "https"])
def test_a_name_that_leads_to_a_private_address_here_is_refused(env, parent, scheme):
    gate, port = env.by(parent)
    assert env.codes(port, env.url(scheme, "rebound.example.test")) == "403"
    record = gate.record(host=f"rebound.example.test:{(env.secure if scheme == 'https' else env.origin).port}")
    assert record["error"]["code"] == "destination_address_refused", record


@limit(120)
@each(parent=["squid", "tinyproxy", "sallyport", "microsocks"], scheme=["http", "https"])
def test_a_wrong_password(env, parent, scheme):
    text = env.parent(parent).replace(ENCODED, "wrong").replace(":horse@", ":wrong@")
    key = parent + " wrong"
    if key not in env.gates:
        env.gates[key] = env.gate(text)
    gate, port = env.gates[key]
    status = env.codes(port, env.url(scheme), "-D", os.path.join(env.scope.folder, "head"))
    record = gate.record(method="GET" if scheme == "http" else "CONNECT")
    if (parent, scheme) == ("tinyproxy", "http"):
        # It says 401 to a wrong password, and 407 only where there is none: that might be the server's.
        assert status == "401" and "error" not in record, (status, record)
    else:
        assert status == "502" and record["error"]["code"] == "parent_refused", (status, record)
    with open(os.path.join(env.scope.folder, "head"), encoding="latin-1") as head:
        text = head.read()
    assert "Proxy-Authenticate" not in text, text


@limit(120)
@each(parent=["squid", "sallyport", "danted"])
def test_what_the_parent_refuses(env, parent):
    gate, port = env.by(parent)
    assert env.codes(port, env.url("https", "unwanted.example.test")) == "403"
    record = gate.record(method="CONNECT", host=f"unwanted.example.test:{env.secure.port}")
    assert record["error"]["code"] == "parent_denied", record
    if parent == "danted":
        return
    # Of a request it is the parent's own page.
    done = env.curl(port, env.url("http", "unwanted.example.test"), "-i")
    assert " 403 " in done.stdout.split("\n")[0], done


@limit(60)
def test_requests_share_a_connection_to_it(env):
    """The origin in the place of a parent, since it says over which connection it was asked, and how."""
    _, port = env.gate(f"http://mattermost:{ENCODED}@127.0.0.1:{env.origin.port}")
    text, asked = env.curl(port, env.url("http", "far.example.test"), env.url("http"), env.url("http")).stdout, []
    while text:
        one, end = json.JSONDecoder().raw_decode(text)
        asked.append(one)
        text = text[end:]
    assert len(asked) == 3 and len({one["connection"] for one in asked}) == 1, asked
    assert asked[2]["target"] == f"http://far.example.test:{env.origin.port}/show", asked[2]
    fields = {name.lower(): value for name, value in asked[2]["fields"]}
    assert fields["proxy-authorization"] == "Basic " + base64.b64encode(b"mattermost:correct horse").decode(), fields


@limit(120)
@each(parent=["squid", "sallyport-tls", "microsocks"])
def test_inspected_tunnels_go_through_it(env, parent):
    root = Authority(env.scope.directory("root"), "root")
    inspect = f"inspect: {{ ca: {{ cert: {root.cert}, key: {root.key} }}, upstream_tls: {{ ca: {env.authority.cert} }} }}"
    gate, port = env.gate(env.parent(parent), inspect)
    done = env.curl(port, env.url("https", "far.example.test"), "--cacert", root.cert)
    assert done.returncode == 0 and json.loads(done.stdout)["method"] == "GET", (done, gate.log())
    assert gate.record(kind="inspected")["status"] == 200


@limit(60)
@each(scheme=["http", "https"])
def test_what_is_in_no_proxy_goes_directly(env, scheme):
    gone = free_port()
    key = "no_proxy"
    if key not in env.gates:
        env.gates[key] = env.gate(f'{{ url: "http://127.0.0.1:{gone}", no_proxy: "origin.example.test:{env.origin.port},.origin.example.test,'
                                  f'origin.example.test:{env.secure.port}" }}')
    gate, port = env.gates[key]
    assert json.loads(env.curl(port, env.url(scheme)).stdout)["method"] == "GET"
    assert env.codes(port, env.url(scheme, "parent.example.test")) == "502"
    assert gate.record(status=502)["error"]["code"] == "connection_refused"


@limit(60)
@each(scheme=["http", "https"])
def test_one_that_is_gone_or_stalls(env, scheme):
    gate, port = env.gate(f"http://127.0.0.1:{free_port()}")
    assert env.codes(port, env.url(scheme)) == "502"
    assert gate.record(status=502)["error"]["code"] == "connection_refused"
    for parent in (f"http://127.0.0.1:{Stalling(env.scope).port}", f"socks5://127.0.0.1:{Stalling(env.scope).port}"):
        gate, port = env.gate(parent, "timeouts: { response_head: 2s }")
        began = time.monotonic()
        assert env.codes(port, env.url(scheme)) == "504"
        assert 1.5 < time.monotonic() - began < 8
        assert gate.record(status=504)["error"]["code"] == "response_head_timeout"


@limit(60)
@each(says=[b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nBad Field: 1\r\n\r\n", b"\x05\xff", b"\x00" * 100])
def test_one_that_speaks_something_else(env, says):
    for scheme in ("http", "socks5"):
        gate, port = env.gate(f"{scheme}://127.0.0.1:{Stalling(env.scope, says).port}")
        assert env.codes(port, env.url("https")) == "502"
        assert gate.record(status=502)["error"]["code"] in ("parent_malformed", "parent_refused", "upstream_closed")


@limit(60)
def test_its_certificate_is_verified(env):
    env.by("sallyport-tls")
    made = env.started["sallyport"]
    for host, more, code in (("parent.example.test", "", "upstream_certificate_untrusted"),
                             ("127.0.0.1", f", upstream_tls: {{ ca: {env.authority.cert} }}", "upstream_certificate_name")):
        gate, port = env.gate(f'{{ url: "https://mattermost:{ENCODED}@{host}:{made.port}"{more} }}')
        for scheme in ("http", "https"):
            assert env.codes(port, env.url(scheme)) == "502"
            record = gate.record(method="GET" if scheme == "http" else "CONNECT")
            assert record["error"]["code"] == code, record


@limit(60)
def test_the_environment_names_it(env):
    env.by("squid")
    squid = f"http://mattermost:{ENCODED}@127.0.0.1:{env.started['squid'].port}"
    gone = f"http://127.0.0.1:{free_port()}"

    def reached(**variables):
        gate, port = env.gate("{ environment: true }", environment=variables)
        servers = []
        for scheme in ("http", "https"):
            env.codes(port, env.url(scheme))
            record = gate.record(method="GET" if scheme == "http" else "CONNECT")
            address = record.get("address") or record["error"]["detail"]
            servers.append("squid" if str(env.started["squid"].port) in address else "gone" if gone[7:] in address else "direct")
        return servers

    assert reached(HTTP_PROXY=squid, HTTPS_PROXY=squid) == ["squid", "squid"]
    assert reached(http_proxy=squid, HTTP_PROXY=gone) == ["squid", "direct"]
    assert reached(https_proxy=squid) == ["direct", "squid"]
    assert reached(HTTP_PROXY=squid, HTTPS_PROXY=gone, NO_PROXY="origin.example.test") == ["direct", "direct"]
    assert reached(HTTP_PROXY=gone, https_proxy=squid, REQUEST_METHOD="GET") == ["direct", "squid"]


@limit(60)
def test_passwords_are_in_no_log(env):
    secrets = [ENCODED, "correct horse", base64.b64encode(b"mattermost:correct horse").decode()]
    for gate, port in (env.by("squid"), env.by("microsocks"), env.by("sallyport-tls")):
        env.codes(port, env.url("https"))
        env.codes(port, env.url("https", "unwanted.example.test"))
        texts = [gate.log(), open(gate.access, encoding="utf-8").read()]
        for command in (["check", "-c", gate.config], ["check", "--json", "-c", gate.config], ["explain", "-c", gate.config, "--outbound", "CONNECT",
                                                                                           "origin.example.test:443"]):
            done = subprocess.run([env.scope.binary, *command], capture_output=True, text=True, timeout=30)
            texts += [done.stdout, done.stderr]
        for secret in secrets:
            assert not [text for text in texts if secret in text], secret
    # Neither where the configuration is wrong on that very line.
    broken = env.scope.write("broken.yaml", f'outbound: [ {{ listen: "proxy://127.0.0.1:1", parent: "http://mattermost:{ENCODED}@x" }} ]\n')
    done = subprocess.run([env.scope.binary, "check", "-c", broken], capture_output=True, text=True, timeout=30)
    assert done.returncode == 3 and ENCODED not in done.stdout + done.stderr, done
