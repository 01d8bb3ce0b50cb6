"""Images of other sites by signed URLs, as Mattermost makes them: real pictures of each kind, and what is not shown. camo itself is
asked beside the gate, with the same URLs."""
import hashlib
import hmac
import os
import shutil
import struct
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
import zlib

from harness.certificates import Authority
from harness.gate import start_gate
from harness.name_server import NameServer
from harness.origin import Origin
from harness.ports import free_port, wait_for_port
from harness.runner import each, skip
from harness.scope import eventually

KEY = "0x24FEEDFACEDEADBEEFCAFE"
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's Pillow
CAMO = "/usr/share/camo/server.js"


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, content=b"\0\xff\0\0"):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")


SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>%s</svg>"
# What the origin has: its path, the type that it claims, and the content.
PICTURES = {
    "/a/b.png": ("image/png", png(1, 1)),
    "/claims-html.png": ("text/html", png(1, 1)),
    "/plain.svg": ("image/svg+xml", SVG % b"<rect width='9' height='9'/>"),
    "/bomb.png": ("image/png", png(60000, 60000)),
    "/page.png": ("image/png", b"<!DOCTYPE html><script>alert(1)</script>"),
    "/script.svg": ("image/svg+xml", SVG % b"<script>alert(1)</script>"),
    "/handler.svg": ("image/svg+xml", SVG.replace(b"width", b"onload='alert(1)' width") % b""),
    "/reaches-out.svg": ("image/svg+xml", SVG % b"<image href='http://169.254.169.254/x'/>"),
    "/empty.png": ("image/png", b""),
    "/large.png": ("image/png", png(1, 1) + b"\0" * (1 << 20)),
}
REDIRECTS = {
    "/to-picture": "/a/b.png",
    "/to-tls": "https://secure.example.test:{secure}/a/b.png",
    "/to-metadata": "http://169.254.169.254/latest/meta-data/",
    "/to-metadata-name": "http://metadata.example.test:{port}/a/b.png",
    "/to-number": "http://2130706433:{port}/a/b.png",
    "/to-other": "http://other.example.test:{port}/a/b.png",
    "/to-file": "file:///etc/passwd",
    "/to-itself": "/to-itself",
}


def signed(url, key=KEY):
    return hmac.new(key.encode(), url.encode(), hashlib.sha1).hexdigest()


class Stand:
    def __init__(self, scope):
        self.scope = scope
        self.authority = Authority(scope.folder)
        self.origin = Origin(scope, self.handle)
        certificate = self.authority.sign("origin", "secure.example.test")
        self.secure = Origin(scope, self.handle, tls=certificate.server_context())
        self.seen, self.slow = [], threading.Event()
        self.names = NameServer(scope, "127.53.6.2")
        for name in ("img", "secure", "other", "wrong"):
            self.names.names[f"{name}.example.test"] = (["127.0.0.1"], 60)
        self.names.names["metadata.example.test"] = (["169.254.169.254"], 60)
        self.port, self.out = free_port(), free_port()
        scope.write("images.key", KEY)
        # The authorities of the system are those of this file.
        self.gate = start_gate(scope, self.text(), self.port, prefix=self.names.prefix, environment={"SSL_CERT_FILE": self.authority.cert})
        self.camo = self.start_camo()

    def text(self):
        ports = f"{self.origin.port}, {self.secure.port}"
        return f"""\
runtime: {{ workers: 1 }}
inbound:
  - name: web
    listen: "h2c://127.0.0.1:{self.port}"
    sites:
      - routes:
          - path: /images
            image_proxy: {{ key: {{ file: images.key }}, outbound: egress, max_size: 1MiB }}
          - {{ path: /, respond: {{ status: 404 }} }}
outbound:
  - name: egress
    listen: "proxy://127.0.0.1:{self.out}"
    private_networks: [ 127.0.0.1 ]
    rules:
      - allow: [ img.example.test, secure.example.test, wrong.example.test, metadata.example.test ]
        ports: [ {ports} ]
        who: [ image-proxy ]
        methods: [ GET ]
"""

    def start_camo(self):
        if not os.path.exists(CAMO) or not shutil.which("node"):
            return None
        port = free_port()
        process = self.scope.start_as("camo", [*self.names.prefix, "node", CAMO], env={**os.environ, "PORT": str(port), "CAMO_KEY": KEY})
        wait_for_port(port, process)
        return port

    def handle(self, exchange):
        self.seen.append((exchange.target, dict(exchange.request_fields)))
        target = exchange.target.split("?")[0]
        if target in REDIRECTS:
            location = REDIRECTS[target].format(port=self.origin.port, secure=self.secure.port)
            exchange.answer(302, [("Location", location), ("Set-Cookie", "a=b")])
        elif target in PICTURES:
            kind, content = PICTURES[target]
            exchange.answer(fields=[("Content-Type", kind), ("Cache-Control", "max-age=300"), ("Set-Cookie", "a=b"), ("Server", "odd")], body=content)
        else:
            exchange.answer(404, body=b"none")

    def url(self, path, host="img", scheme="http"):
        return f"{scheme}://{host}.example.test:{(self.secure if scheme == 'https' else self.origin).port}{path}"

    def get(self, path, port=None, **fields):
        """Status, fields and content."""
        base = "" if port else "/images"
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{base}{path}", headers=fields)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def fetch(self, url, **fields):
        """By the form that Mattermost has."""
        return self.get(f"/{signed(url)}/{url.encode().hex()}", **fields)

    @staticmethod
    def target(url):
        return f"/images/{signed(url)}/{url.encode().hex()}"

    def record(self, url, **wanted):
        return self.gate.record(target=self.target(url), **wanted)

    def refusal(self, url):
        status, fields, content = self.fetch(url)
        assert fields["X-Content-Type-Options"] == "nosniff" and "sandbox" in fields["Content-Security-Policy"], fields
        assert b"alert(1)" not in content
        return self.record(url, status=status)["error"]["code"]


def fixture(scope):
    return Stand(scope)


@each(form=["path", "query"])
def test_both_forms(env, form):
    url = env.url("/a/b.png?x=1&y=%20" + form)
    way = f"/{signed(url)}/{url.encode().hex()}" if form == "path" else f"/{signed(url)}?url={urllib.parse.quote(url, safe='')}"
    status, fields, content = env.get(way, Cookie="session=secret", Referer="http://chat.example.com/private", Authorization="Bearer secret")
    assert (status, content) == (200, PICTURES["/a/b.png"][1]), (status, content)
    assert fields["Content-Type"] == "image/png" and fields["X-Frame-Options"] == "deny", fields
    assert "max-age=300" in fields["Cache-Control"] and "Set-Cookie" not in fields and fields["Server"] == "sallyport", fields
    target, told = env.seen[-1]
    assert target == "/a/b.png?x=1&y=%20" + form
    assert sorted(name.lower() for name in told) == ["accept", "accept-encoding", "host", "user-agent"], told
    record = env.gate.record(target="/images" + way, status=200)
    assert record["upstream"] == f"http://img.example.test:{env.origin.port}" and record["user"] == "image-proxy", record

@each(form=["path", "query"])
def test_camo_reads_the_same(env, form):
    if not env.camo:
        skip("camo is not installed")
    url = env.url("/a/b.png?z=1&y=%20" + form)
    good, bad = signed(url), signed(url, "another")
    rest = f"/{url.encode().hex()}" if form == "path" else f"?url={urllib.parse.quote(url, safe='')}"
    content = PICTURES["/a/b.png"][1]
    assert env.get(f"/{good}{rest}", env.camo)[::2] == env.get(f"/{good}{rest}")[::2] == (200, content)
    for digest in (bad, good[2:], "", "00" + good[2:]):
        assert env.get(f"/{digest}{rest}", env.camo)[0] == env.get(f"/{digest}{rest}")[0] == 404


def test_the_second_time_it_is_kept(env):
    url = env.url("/a/b.png?kept")
    assert env.fetch(url)[0] == 200
    before = env.origin.accepted, len(env.seen)
    for _ in range(3):
        assert env.fetch(url)[2] == PICTURES["/a/b.png"][1]
    kept = eventually(lambda: [record for record in env.gate.records(target=env.target(url)) if "attempts" not in record][2:])
    record = kept[0]
    assert record["upstream"] == f"http://img.example.test:{env.origin.port}" and record["place"].endswith(":15"), record
    assert before == (env.origin.accepted, len(env.seen))


def test_what_it_claims_to_be_does_not_count(env):
    status, fields, _ = env.fetch(env.url("/claims-html.png"))
    assert status == 200 and fields["Content-Type"] == "image/png", fields


def test_a_drawing_that_is_only_that(env):
    status, fields, content = env.fetch(env.url("/plain.svg"))
    assert status == 200 and content == PICTURES["/plain.svg"][1]
    assert fields["Content-Type"].startswith("image/svg+xml") and "sandbox" in fields["Content-Security-Policy"], fields


def test_by_tls_with_the_authorities_of_the_system(env):
    assert env.fetch(env.url("/a/b.png", "secure", "https"))[0] == 200
    assert env.refusal(env.url("/a/b.png", "wrong", "https")) == "upstream_certificate_name"


@each(path=["/to-picture", "/to-tls"])
def test_redirects_are_followed(env, path):
    status, fields, content = env.fetch(env.url(path))
    assert (status, content) == (200, PICTURES["/a/b.png"][1]) and "Set-Cookie" not in fields


REFUSED = {"/to-metadata": "destination_refused", "/to-metadata-name": "destination_address_refused", "/to-number": "image_redirect",
           "/to-other": "destination_refused", "/to-file": "image_redirect", "/to-itself": "image_redirect",
           "/bomb.png": "image_too_many_pixels", "/page.png": "image_not_an_image", "/script.svg": "image_svg_refused",
           "/handler.svg": "image_svg_refused", "/reaches-out.svg": "image_svg_refused", "/empty.png": "image_not_an_image",
           "/large.png": "image_too_large", "/nothing-here.png": "image_not_there"}


@each(path=list(REFUSED))
def test_what_is_refused(env, path):
    assert env.refusal(env.url(path)) == REFUSED[path]


@each(host=["other", "127.0.0.1", "[::1]", "localhost", "169.254.169.254", "metadata"])
def test_where_it_does_not_go(env, host):
    url = env.url("/a/b.png", host) if host.isalpha() and host != "localhost" else f"http://{host}:{env.origin.port}/a/b.png"
    assert env.refusal(url) in ("destination_refused", "destination_address_refused")


def test_what_is_not_signed(env):
    url = env.url("/a/b.png")
    other = env.url("/plain.svg")
    before = len(env.seen)
    ways = [f"/{signed(other)}/{url.encode().hex()}", f"/{signed(url, 'another')}/{url.encode().hex()}", f"/{signed(url)}",
            f"/{signed(url)}/", f"/{url.encode().hex()}", "/", f"/{signed(url)}?url={urllib.parse.quote(other)}"]
    for way in ways:
        assert env.get(way)[0] == 404, way
    assert len(env.seen) == before
    assert KEY not in env.gate.log() and KEY not in str(env.gate.records())


def test_many_at_a_time_are_one_fetch(env):
    url = env.url("/a/b.png?many")
    before = len(env.seen)
    results = []
    threads = [threading.Thread(target=lambda: results.append(env.fetch(url)[0])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 20
    assert len(env.seen) - before == 1


def test_a_large_one_by_http2(env):
    content = png(1, 1) + bytes(900_000)
    PICTURES["/nearly-large.png"] = ("image/png", content)
    url = env.url("/nearly-large.png")
    for _ in range(2):  # fetched, and kept
        done = subprocess.run(["curl", "-q", "-sS", "--noproxy", "*", "--http2-prior-knowledge", "--max-time", "20", "-w", "%{http_version}",
                               f"http://127.0.0.1:{env.port}/images/{signed(url)}/{url.encode().hex()}"], capture_output=True, timeout=30, check=True)
        assert done.stdout == content + b"2", (len(done.stdout), done.stderr)


@each(kind=["PNG", "JPEG", "GIF", "WEBP", "BMP", "ICO", "AVIF", "APNG", "animated GIF", "animated WEBP"])
def test_real_pictures(env, kind):
    made = picture(env.scope, kind)
    path = "/real/" + kind.replace(" ", "-")
    PICTURES[path] = ("application/octet-stream", made)
    status, fields, content = env.fetch(env.url(path))
    wanted = {"ICO": "vnd.microsoft.icon", "APNG": "png"}.get(kind, kind.split()[-1].lower())
    assert (status, content) == (200, made) and fields["Content-Type"] == "image/" + wanted, (status, fields["Content-Type"])


def picture(scope, kind):
    """By Pillow, or by avifenc."""
    form = {"APNG": "PNG", "AVIF": "PNG"}.get(kind, kind.removeprefix("animated "))
    animated = ["animated"] if kind == "APNG" or kind.startswith("animated") else []
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make_picture.py")
    path = scope.path(f"picture.{form.lower()}")
    done = subprocess.run([PYTHON, script, form, path, *animated], capture_output=True, text=True, timeout=60, check=False)
    if "No module named 'PIL'" in done.stderr:
        skip("python3-pil is not installed")
    assert done.returncode == 0, done.stderr
    if kind == "AVIF":
        if not shutil.which("avifenc"):
            skip("avifenc is not installed")
        subprocess.run(["avifenc", path, scope.path("picture.avif")], check=True, capture_output=True, timeout=60)
        path = scope.path("picture.avif")
    with open(path, "rb") as file:
        return file.read()
