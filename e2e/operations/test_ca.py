"""`sallyport ca`: the root is what openssl and real clients take, and no more than it was bound to."""
import http.server
import json
import os
import shlex
import shutil
import ssl
import subprocess
import threading

from harness.certificates import KEY, openssl
from harness.installation import go_program, installed
from harness.runner import each, limit, skip

EXTENSIONS = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nsubjectAltName={}\n"
PYTHON = "/usr/bin/python3"
GO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "outbound", "runtimes", "asks.go")


class Root:
    def __init__(self, scope, name, *arguments):
        self.scope = scope
        self.folder = scope.directory(name)
        self.cert, self.key = os.path.join(self.folder, "ca.pem"), os.path.join(self.folder, "ca.key")
        self.done = sallyport(scope, "ca", "create", "--cert", self.cert, "--key", self.key, *arguments)

    def sign(self, name, alternative):
        """A server's certificate, signed by openssl with the root's key."""
        made = os.path.join(self.folder, name)
        openssl("req", *KEY, "-subj", "/CN=server", "-keyout", made + ".key", "-out", made + ".csr")
        self.scope.write(made + ".ext", EXTENSIONS.format(alternative))
        openssl("x509", "-req", "-in", made + ".csr", "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", "6", "-extfile", made + ".ext", "-out", made + ".pem")
        return made

    def verify(self, made, *more):
        return subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-CAfile", self.cert, *more, made + ".pem"],
                              capture_output=True, text=True, timeout=30)


def sallyport(scope, *arguments):
    return subprocess.run([scope.binary, *arguments], capture_output=True, text=True, timeout=30, cwd=scope.folder)


def serve(scope, made):
    """An HTTPS server of that certificate; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made + ".pem", made + ".key")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def get_request(self):
            client, address = super().get_request()
            client.settimeout(10)
            return context.wrap_socket(client, server_side=True, do_handshake_on_connect=False), address

        def handle_error(self, *_):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    scope.callback(server.server_close)
    scope.callback(server.shutdown)
    return server.server_address[1]


class Stand:
    def __init__(self, scope):
        self.scope = scope
        self.root = Root(scope, "open root")
        assert self.root.done.returncode == 0, self.root.done
        self.bound = Root(scope, "bound", "--only", ".example.net,10.0.0.0/8", "--name", "Our root", "--days", "30", "--json")
        assert self.bound.done.returncode == 0, self.bound.done
        self.port = serve(scope, self.root.sign("localhost", "DNS:localhost"))
        self.outside = serve(scope, self.bound.sign("localhost", "DNS:localhost"))
        self.home = scope.directory("home")


def fixture(scope):
    return Stand(scope)


def test_the_root_is_what_it_should_be(env):
    text = openssl("x509", "-in", env.root.cert, "-noout", "-text").decode()
    for words in ("X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0", "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign",
                  "X509v3 Subject Key Identifier", "X509v3 Authority Key Identifier", "ASN1 OID: prime256v1", "ecdsa-with-SHA256", "Version: 3",
                  "CN = Sallyport inspection of "):
        assert words in text, f"{words} is not in {text}"
    assert "Name Constraints" not in text
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-check_ss_sig", "-no-CApath", "-CAfile", env.root.cert, env.root.cert], capture_output=True, text=True)
    assert done.returncode == 0, done
    assert openssl("x509", "-in", env.root.cert, "-noout", "-checkend", str(3600 * 24 * 3649))
    public = openssl("x509", "-in", env.root.cert, "-noout", "-pubkey")
    assert openssl("pkey", "-in", env.root.key, "-pubout") == public


def test_bounds_are_in_it(env):
    text = openssl("x509", "-in", env.bound.cert, "-noout", "-text").decode()
    for words in ("X509v3 Name Constraints: critical", "Permitted:\n                  DNS:example.net\n                  IP:10.0.0.0/255.0.0.0", "Subject: CN = Our root"):
        assert words in text, f"{words} is not in {text}"
    made = json.loads(env.bound.done.stdout)
    assert made["only"] == ["example.net", "10.0.0.0/8"] and made["certificate"] == env.bound.cert, made
    printed = openssl("x509", "-in", env.bound.cert, "-noout", "-fingerprint", "-sha256").decode().strip()
    assert printed.endswith("=" + made["sha256"]), printed


def test_openssl_takes_what_it_signs_and_no_more(env):
    done = env.root.verify(env.root.sign("any", "DNS:anything.example.com,IP:192.0.2.1"), "-verify_hostname", "anything.example.com")
    assert done.returncode == 0, done
    for number, (alternative, taken) in enumerate([("DNS:example.net", True), ("DNS:a.b.example.net", True), ("DNS:*.example.net", True), ("IP:10.1.2.3", True),
                                                   ("DNS:example.com", False), ("DNS:badexample.net", False), ("IP:192.0.2.1", False), ("IP:2001:db8::1", False),
                                                   ("DNS:example.net,DNS:example.com", False)]):
        done = env.bound.verify(env.bound.sign(f"leaf{number}", alternative))
        assert (done.returncode == 0) == taken and (taken or "subtree violation" in done.stderr), f"{alternative}: {done}"


def test_it_signs_no_other_authority(env):
    made = os.path.join(env.root.folder, "below")
    openssl("req", *KEY, "-subj", "/CN=below", "-keyout", made + ".key", "-out", made + ".csr")
    env.scope.write(made + ".ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
    openssl("x509", "-req", "-in", made + ".csr", "-CA", env.root.cert, "-CAkey", env.root.key, "-CAcreateserial", "-extfile", made + ".ext", "-out", made + ".pem")
    below = Root.__new__(Root)
    below.scope, below.folder, below.cert, below.key = env.scope, env.root.folder, made + ".pem", made + ".key"
    leaf = below.sign("under", "DNS:example.net")
    done = env.root.verify(leaf, "-untrusted", below.cert)
    assert done.returncode != 0 and "path length constraint exceeded" in done.stderr, done


def test_the_key_is_for_its_owner_alone_and_nothing_is_overwritten(env):
    assert os.stat(env.root.key).st_mode & 0o777 == 0o600
    assert os.stat(env.root.cert).st_mode & 0o777 == 0o644
    before = open(env.root.key, encoding="ascii").read()
    done = sallyport(env.scope, "ca", "create", "--cert", env.root.cert, "--key", env.root.key)
    assert done.returncode == 1 and "File exists" in done.stderr and env.root.key in done.stderr, done
    assert open(env.root.key, encoding="ascii").read() == before
    done = sallyport(env.scope, "ca", "create", "--cert", "missing/ca.pem", "--key", "missing/ca.key")
    assert done.returncode == 1 and "No such file or directory" in done.stderr and "mkdir -p" in done.stderr, done
    if os.geteuid() == 0:
        closed = env.scope.directory("closed")
        os.chmod(closed, 0o755)
        done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", env.scope.binary, "ca", "create", "--cert", closed + "/ca.pem", "--key", closed + "/ca.key"],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 1 and "Permission denied" in done.stderr, done


def test_wrong_arguments(env):
    rows = [(["create", "--days", "0"], "--days: error"), (["create", "--only", "*"], "`*` is no bound"), (["create", "--only", "a.example:443"], "names a port"),
            (["export", "--for", "perl", "--cert", env.root.cert], "nothing known about `perl`"), ([], "A command is missing"), (["crate"], "did you mean `create`?")]
    for arguments, said in rows:
        done = sallyport(env.scope, "ca", *arguments)
        assert done.returncode == 2 and said in done.stderr, f"{arguments}: {done}"


def test_export_prints_the_certificate(env):
    done = sallyport(env.scope, "ca", "export", "--cert", env.root.cert)
    assert done.returncode == 0 and done.stdout == open(env.root.cert, encoding="ascii").read(), done
    assert sallyport(env.scope, "ca", "export", "--cert", env.root.key).returncode == 1


def steps(env, runtime, root=None):
    done = sallyport(env.scope, "ca", "export", "--cert", (root or env.root).cert, "--for", runtime)
    assert done.returncode == 0, done
    return done.stdout


def shell(env, text, command, **more):
    """The command after these steps, in a shell that knows of no other roots than the system's."""
    environment = {"PATH": os.environ["PATH"], "HOME": env.home, "no_proxy": "*", **more}
    return subprocess.run(["sh", "-ec", text + "\n" + shlex.join(command)], env=environment, capture_output=True, text=True, timeout=100, cwd=env.home)


def clients(url):
    return {"curl": ("curl", ["curl", "-q", "-sS", "--max-time", "10", url]),
            "go": ("go", ["env", "FETCH=1", go_program(GO), url]),
            "node": ("node", ["node", "-e", f"require('https').get({url!r}, r => r.pipe(process.stdout)).on('error', e => {{ console.error(e); process.exit(1) }})"]),
            "urllib": ("python", [PYTHON, "-c", f"import urllib.request as r; print(r.urlopen({url!r}).read())"]),
            "requests": ("python", [PYTHON, "-c", f"import requests; print(requests.get({url!r}).text)"])}


@limit(200)
@each(client=["curl", "go", "node", "urllib", "requests"])
def test_clients_trust_it_after_the_steps(env, client):
    if client == "requests" and not installed("python3-requests"):
        skip("python3-requests is not installed")
    runtime, command = clients(f"https://localhost:{env.port}/")[client]
    assert shell(env, "", command).returncode != 0, "it is trusted without"
    done = shell(env, steps(env, runtime), command)
    assert done.returncode == 0 and ("ok" in done.stdout or "200" in done.stdout), done
    # The bound root, for a name that it is not for.
    runtime, command = clients(f"https://localhost:{env.outside}/")[client]
    done = shell(env, steps(env, runtime, env.bound), command)
    assert done.returncode != 0, done


JAVA = """
import java.net.HttpURLConnection;
import java.net.URI;
public class Get {
    public static void main(String[] urls) throws Exception {
        System.out.println(((HttpURLConnection) new URI(urls[0]).toURL().openConnection()).getResponseCode());
    }
}
"""


def java(env, root, port):
    store = os.path.join(root.folder, "store")
    # Into a store of the test, not into that of the machine.
    text = steps(env, "java", root).replace("-cacerts", "-keystore " + shlex.quote(store))
    command = ["java", "-Djavax.net.ssl.trustStore=" + store, "-Djavax.net.ssl.trustStorePassword=changeit", "-cp", env.scope.folder, "Get", f"https://localhost:{port}/"]
    return shell(env, text, command)


@limit(200)
def test_java(env):
    if shutil.which("javac") is None:
        skip("there is no javac")
    subprocess.run(["javac", "-d", env.scope.folder, env.scope.write("Get.java", JAVA)], check=True, timeout=100)
    done = java(env, env.root, env.port)
    assert done.returncode == 0 and done.stdout.endswith("200\n"), done
    # What the steps warn of: the bounds of a root mean nothing to Java.
    assert "Java does not look at" in steps(env, "java", env.bound)
    done = java(env, env.bound, env.outside)
    assert done.returncode == 0 and done.stdout.endswith("200\n"), done


def test_debian(env):
    """In folders of the test: update-ca-certificates makes of the file what the system's programs read."""
    local, made = env.scope.directory("local"), env.scope.directory("made")
    text = steps(env, "debian").replace("/usr/local/share/ca-certificates", shlex.quote(local))
    options = ["--localcertsdir", local, "--etccertsdir", made, "--hooksdir", env.scope.directory("hooks")]
    text = text.replace("\nupdate-ca-certificates\n", "\nupdate-ca-certificates " + shlex.join(options) + "\n")
    done = shell(env, text, ["curl", "-q", "-sS", "--cacert", made + "/ca-certificates.crt", "--capath", "/nonexistent", f"https://localhost:{env.port}/"])
    assert done.returncode == 0 and done.stdout.endswith("ok"), done


@limit(200)
def test_chromium(env):
    if shutil.which("certutil") is None or shutil.which("chromium") is None:
        skip("there is no certutil, or no chromium")
    command = ["timeout", "60", "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--user-data-dir=" + env.scope.path("chromium"),
               "--dump-dom", f"https://localhost:{env.port}/"]
    assert "<body>ok" not in shell(env, "", command).stdout
    done = shell(env, steps(env, "chromium"), command)
    assert "ok</" in done.stdout, done


def test_firefox_profiles(env):
    """What can be said without a Firefox: each profile gets the root as an authority for servers."""
    if shutil.which("certutil") is None:
        skip("there is no certutil")
    profile = os.path.join(env.home, ".mozilla", "firefox", "abc.default-esr")
    os.makedirs(profile)
    subprocess.run(["certutil", "-d", "sql:" + profile, "-N", "--empty-password"], check=True, timeout=30)
    done = shell(env, steps(env, "firefox"), ["certutil", "-d", "sql:" + profile, "-L"])
    assert done.returncode == 0 and "C,," in done.stdout and "Sallyport inspection of" in done.stdout, done
