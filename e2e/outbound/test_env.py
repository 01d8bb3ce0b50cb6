"""`sallyport env`: each runtime reads what is printed for it as it was meant, or the print says where it does not."""
import base64
import ipaddress
import json
import os
import shlex
import shutil
import socket
import subprocess
import threading

from harness.installation import go_program, installed, node_modules
from harness.runner import each, limit, skip

RUNTIMES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtimes")
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's requests

URLLIB = """
import sys, urllib.parse, urllib.request
for url in sys.argv[1:]:
    print("direct" if urllib.request.proxy_bypass(urllib.parse.urlsplit(url).netloc) else "proxy")
"""
REQUESTS = """
import sys, requests.utils as utils
for url in sys.argv[1:]:
    print("proxy" if utils.select_proxy(url, utils.get_environ_proxies(url)) else "direct")
"""
RUBY = 'require "uri"; ARGV.each { |url| puts URI(url).find_proxy ? "proxy" : "direct" }'

DESTINATIONS = ["example.test", ".example.test", "192.0.2.7", "192.0.2.0/24", "192.0.0.0/10", "2001:db8::1", "2001:db8::/32",
                "example.test:8443", ".example.test:8443", "example.test:443", "192.0.2.7:8443", "[2001:db8::1]:8443", "192.0.2.0/24:8443", "*"]
URLS = ["http://example.test/", "http://www.example.test/", "http://a.b.example.test/", "http://badexample.test/", "http://test/",
        "http://EXAMPLE.test/", "http://example.test:8443/", "http://www.example.test:8443/", "https://example.test/", "http://192.0.2.7/",
        "http://192.0.3.7/", "http://192.0.2.7:8443/", "http://[2001:db8::1]/", "http://[2001:db8::1]:8443/", "http://[2001:db9::1]/"]


class Proxy:
    """Notes what it is sent first, answers requests with 200, and ends the connection."""

    def __init__(self, scope):
        self.first = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        scope.callback(self.socket.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                try:
                    received = client.recv(65536)
                    if received:
                        self.first.append(received)
                    if received[:4] in (b"GET ", b"CONN"):
                        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                except OSError:
                    pass


class Stand:
    def __init__(self, scope):
        self.scope = scope
        self.proxy = Proxy(scope)
        self.home = scope.directory("home")

    def env(self, runtime, url, no_proxy=""):
        """What is printed for a shell, and for programs."""
        arguments = [self.scope.binary, "env", "--for", runtime, "--proxy", url, "--no-proxy", no_proxy]
        shown = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=True).stdout
        made = json.loads(subprocess.run([*arguments, "--json"], capture_output=True, text=True, timeout=30, check=True).stdout)
        return shown, made

    def run(self, text, command, **more):
        """The command in a shell that was told `text`, and nothing else of proxies."""
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "PROXY_PORT": str(self.proxy.port), **more}
        done = subprocess.run(["sh", "-c", text + "\nexec " + shlex.join(command)], env=environment, capture_output=True, text=True, timeout=100)
        return done.stdout.split("\n")[:-1], done.stderr

    def url(self, scheme="http", user=""):
        return f"{scheme}://{user}127.0.0.1:{self.proxy.port}"


def fixture(scope):
    return Stand(scope)


def command_of(reader, scope):
    """The runtime of `sallyport env`, and how a program of it is asked about URLs."""
    if reader == "go":
        return "go", [go_program(os.path.join(RUNTIMES, "asks.go"))], {}
    if reader == "undici":
        return "node", ["node", os.path.join(RUNTIMES, "asks.mjs")], {"NODE_PATH": node_modules()}
    if reader == "requests" and not installed("python3-requests"):
        skip("python3-requests is not installed")
    if reader in ("urllib", "requests"):
        return "python", [PYTHON, "-c", URLLIB if reader == "urllib" else REQUESTS], {}
    if reader == "curl":
        arguments = ["curl", "-q", "-s", "-g", "--interface", "127.0.0.1", "--connect-timeout", "0.5", "--max-time", "3", "-w", "%{remote_port} %{url}\\n"]
        return "curl", arguments, {}
    if shutil.which(reader) is None:
        skip(f"there is no {reader}")
    if reader == "java":
        if not os.path.exists(scope.path("Asks.class")):
            subprocess.run(["javac", "-d", scope.folder, os.path.join(RUNTIMES, "Asks.java")], check=True, timeout=60)
        return "java", ["java", "-cp", scope.folder, "Asks"], {}
    return reader, {"ruby": ["ruby", "-e", RUBY], "php": ["php", os.path.join(RUNTIMES, "asks.php")]}[reader], {}


def decisions(env, reader, text, urls):
    _, command, more = command_of(reader, env.scope)
    if reader == "curl":
        for url in urls:
            command = [*command, "-o", "/dev/null", url]
    else:
        command = [*command, *urls]
    said, errors = env.run(text, command, **more)
    if reader == "curl":
        said = ["proxy" if line.split()[0] == str(env.proxy.port) else "direct" for line in said]
    assert len(said) == len(urls) and set(said) <= {"proxy", "direct"}, f"{reader}: {said} {errors}"
    return dict(zip(urls, said))


def split(text, default=None):
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest else default
    if text.count(":") > 1:
        return text, default
    host, _, port = text.partition(":")
    return host, int(port) if port else default


def meant(destination, url):
    """Whether the grammar of destinations means this URL (docs/reference.md)."""
    scheme, _, rest = url.partition("://")
    host, port = split(rest.rstrip("/").lower(), 443 if scheme == "https" else 80)
    if destination == "*":
        return True
    pattern, wanted = destination, None
    if "/" in destination and ":" in destination.rpartition("/")[2]:
        pattern, _, wanted = destination.rpartition(":")
    elif "/" not in destination:
        pattern, wanted = split(destination)
    if wanted is not None and int(wanted) != port:
        return False
    try:
        network = ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return host.endswith("." + pattern.lstrip(".")) or (host == pattern and not pattern.startswith("."))
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False


@limit(300)
@each(reader=["go", "urllib", "requests", "undici", "java", "curl", "ruby", "php"])
def test_destinations_are_read_as_they_are_meant(env, reader):
    runtime, _, _ = command_of(reader, env.scope)
    wrong = []
    for destination in DESTINATIONS:
        text, made = env.env(runtime, env.url(), destination)
        remarked = any(remark.startswith(f"`{destination}`") for remark in made["remarks"])
        for url, said in decisions(env, reader, text, URLS).items():
            expected = "direct" if meant(destination, url) else "proxy"
            if said != expected and not remarked:
                wrong.append(f"{destination} {url}: {said}")
    assert not wrong, f"{reader} reads without a remark: {wrong}"


@limit(300)
@each(reader=["go", "urllib", "requests", "undici", "java", "curl", "ruby", "php"])
def test_a_list_is_read_whole(env, reader):
    runtime, _, _ = command_of(reader, env.scope)
    text, _ = env.env(runtime, env.url(), "one.test, example.test,192.0.2.7")
    said = decisions(env, reader, text, ["http://one.test/", "http://www.example.test/", "http://192.0.2.7/", "http://two.test/"])
    assert list(said.values()) == ["direct", "direct", "direct", "proxy"], said


@each(reader=["go", "urllib", "requests", "undici", "java", "curl", "ruby", "php"])
def test_loopback_is_what_is_said_of_it(env, reader):
    runtime, _, _ = command_of(reader, env.scope)
    text, made = env.env(runtime, env.url())
    never = any("never reached by a proxy" in remark for remark in made["remarks"])
    by_proxy = any("localhost is reached by the proxy" in remark for remark in made["remarks"])
    assert never != by_proxy, made
    said = decisions(env, reader, text, ["http://localhost/", "http://127.0.0.2/"])
    assert set(said.values()) == {"direct" if never else "proxy"}, said


FETCH = {
    "urllib": [PYTHON, "-c", "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).status)"],
    "requests": [PYTHON, "-c", "import sys, requests; print(requests.get(sys.argv[1], timeout=5).status_code)"],
    "curl": ["curl", "-q", "-s", "--max-time", "5"],
    "ruby": ["ruby", "-r", "net/http", "-e", "puts Net::HTTP.get_response(URI(ARGV[0])).code"],
}


def fetched(env, reader, text):
    """What the proxy is sent first for http://origin.test/."""
    _, command, more = command_of(reader, env.scope)
    env.proxy.first.clear()
    _, errors = env.run(text, [*FETCH.get(reader, command), "http://origin.test/"], FETCH="1", **more)
    return (env.proxy.first or [errors.encode()])[0]


@each(reader=["go", "urllib", "requests", "undici", "curl", "ruby", "php"])
def test_name_and_password_arrive(env, reader):
    runtime, _, _ = command_of(reader, env.scope)
    text, _ = env.env(runtime, env.url(user="us%40er:p%3Aw%25@"))
    sent = fetched(env, reader, text).decode("latin-1").lower().split("\r\n")
    token = base64.b64encode(b"us@er:p:w%").decode().lower()
    assert f"proxy-authorization: basic {token}" in sent, sent


@each(reader=["go", "urllib", "requests", "undici", "curl", "ruby", "php", "java"], scheme=["https", "socks5"])
def test_what_is_said_of_other_schemes_is_so(env, reader, scheme):
    runtime, _, _ = command_of(reader, env.scope)
    text, made = env.env(runtime, env.url(scheme))
    sent = fetched(env, reader, text)
    speaks = sent[:1] == {"https": b"\x16", "socks5": b"\x05"}[scheme]
    words = {"https": ("TLS to", "in clear"), "socks5": ("socks5://",)}[scheme]
    remarked = any(word in remark for remark in made["remarks"] for word in words)
    # Of Python one of the two does, and the remark says which.
    assert (speaks or remarked) and not (speaks and remarked and reader not in ("requests",)), f"{sent[:40]} {made}"


def test_cgi(env):
    """Where REQUEST_METHOD is set, HTTP_PROXY may be the client's."""
    text, _ = env.env("python", env.url())
    assert decisions(env, "urllib", "export REQUEST_METHOD=GET\n" + text, ["http://origin.test/"]) == {"http://origin.test/": "proxy"}
    text, _ = env.env("go", env.url())
    said, _ = env.run("export REQUEST_METHOD=GET\n" + text, [*command_of("go", env.scope)[1], "http://origin.test/", "https://origin.test/"])
    assert "refusing to use HTTP_PROXY" in said[0] and said[1] == "proxy", said


def test_curl_reads_lower_case_alone(env):
    text = f"export HTTP_PROXY={env.url()}"
    assert decisions(env, "curl", text, ["http://127.0.0.2/"]) == {"http://127.0.0.2/": "direct"}


def test_node_20_reads_nothing_by_itself(env):
    if subprocess.run(["node", "--version"], capture_output=True, text=True).stdout[:4] >= "v22.":
        skip("this Node is newer")
    text, _ = env.env("node", env.url())
    env.proxy.first.clear()
    env.run(text, ["node", "-e", "fetch('http://127.0.0.2:9/').catch(() => 0)"])
    assert not env.proxy.first


def test_streams_of_php_read_nothing(env):
    if shutil.which("php") is None:
        skip("there is no php")
    text, _ = env.env("php", env.url())
    env.proxy.first.clear()
    env.run(text, ["php", "-r", "@file_get_contents('http://127.0.0.2:9/');"])
    assert not env.proxy.first


def test_wrong_arguments(env):
    for arguments, said in [(["--for", "perl", "--proxy", env.url()], "nothing known about `perl`"),
                            (["--for", "go", "--proxy", "gate"], "not the URL of a proxy"),
                            (["--for", "go", "--proxy", env.url(), "--no-proxy", "192.0.0.0/10,*.x.test"], "*.x.test"),
                            (["--proxy", env.url()], "`--for WHAT` is missing")]:
        done = subprocess.run([env.scope.binary, "env", *arguments], capture_output=True, text=True, timeout=30)
        assert done.returncode == 2 and said in done.stderr, done
