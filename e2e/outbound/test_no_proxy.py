"""How NO_PROXY is read: a table of values, and what Go, curl, Python and the gate make of them (no_proxy.txt), compared with
the real ones. SP_UPDATE_GOLDEN=1 in the environment writes what they say now: read the difference before it is committed."""
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from harness.installation import go_program, installed
from harness.ports import free_port
from harness.runner import each, limit, skip

from outbound.no_proxy_values import URLS, VALUES
from outbound.test_env import PYTHON, RUNTIMES, Proxy

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "no_proxy.txt")
READERS = ["go", "curl", "urllib", "requests", "gate"]

HEAD = """\
# What becomes of the URLs below where NO_PROXY has this value: "-" goes by the proxy, a digit directly, the n-th from 0.
# "refused" is a value with which the gate does not start. Go 1.19, curl 7.88, Python 3.11, requests 2.28.
"""

# Many values in one process: both look at the environment each time.
PYTHON_TABLE = """
import json, os, sys, urllib.parse, urllib.request
values, urls = json.loads(sys.stdin.read())
def by_urllib(url):
    return not urllib.request.proxy_bypass(urllib.parse.urlsplit(url).netloc)
def by_requests(url):
    import requests.utils as utils
    return utils.select_proxy(url, utils.get_environ_proxies(url)) is not None
proxied = {"urllib": by_urllib, "requests": by_requests}[sys.argv[1]]
made = {}
for value in values:
    os.environ["no_proxy"] = value
    made[value] = [bool(proxied(url)) for url in urls]
print(json.dumps(made))
"""


class Stand:
    def __init__(self, scope):
        self.scope, self.proxy = scope, Proxy(scope)

    def environment(self, value, upper=False):
        url = f"http://127.0.0.1:{self.proxy.port}"
        made = {"http_proxy": url, "https_proxy": url, "no_proxy": value}
        return {"PATH": os.environ["PATH"], "HOME": self.scope.folder, **{name.upper() if upper else name: text for name, text in made.items()}}


def fixture(scope):
    return Stand(scope)


def run(command, environment, **more):
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False, **more).stdout


def side_by_side(ask):
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(VALUES, pool.map(ask, VALUES)))


def by_go(env):
    program = go_program(os.path.join(RUNTIMES, "asks.go"))
    return side_by_side(lambda value: [line == "proxy" for line in run([program, *URLS], env.environment(value, True)).split("\n")[:-1]])


def by_curl(env):
    command = ["curl", "-q", "-s", "-g", "--interface", "127.0.0.1", "--connect-timeout", "2", "--max-time", "5", "-w", "%{remote_port}\\n"]
    for url in URLS:
        command += ["-o", "/dev/null", url]
    return side_by_side(lambda value: [line == str(env.proxy.port) for line in run(command, env.environment(value)).split("\n")[:-1]])


def by_python(env, which):
    if which == "requests" and not installed("python3-requests"):
        skip("python3-requests is not installed")
    return json.loads(run([PYTHON, "-c", PYTHON_TABLE, which], env.environment(""), input=json.dumps([VALUES, URLS])))


def by_gate(env):
    """As `parent: { environment: true }` reads it."""
    text = f'outbound: [ {{ listen: "proxy://127.0.0.1:{free_port()}", parent: {{ environment: true, lookup: off }}, rules: [ {{ allow: [ "*" ], ports: [ 1-65535 ] }} ],'
    config = env.scope.write("sallyport.yaml", text + ' private_networks: [ "192.0.2.0/24", "2001:db8::/32" ] } ]\n')

    def ask(value):
        environment, made = env.environment(value), []
        for url in URLS:
            done = run([env.scope.binary, "explain", "-c", config, "--json", "--outbound", *wish(url)], environment)
            if not done.startswith("{"):
                return None
            made.append(is_by_parent(json.loads(done)))
        return made
    return side_by_side(ask)


def wish(url):
    return ["CONNECT", url.removeprefix("https://").rstrip("/") + ":443"] if url.startswith("https") else ["GET", url]


def is_by_parent(explained):
    # Nobody knows these names, and only what goes directly has to be known.
    if explained.get("code", "").startswith("dns_"):
        return False
    way = next(step["text"] for step in explained["steps"] if step["topic"] == "way")
    assert way.startswith(("by parent", "directly")), way
    return way.startswith("by parent")


def word(said):
    if said is None:
        return "refused"
    assert len(said) == len(URLS), said
    return "".join("-" if proxied else str(number) for number, proxied in enumerate(said))


def read_table():
    rows = {}
    if os.path.exists(TABLE):
        with open(TABLE, encoding="utf-8") as lines:
            for line in lines:
                if not line.startswith("#"):
                    value, *words = line.rstrip("\n").split(" | ")
                    rows[json.loads(value)] = dict(zip(READERS, (each.strip() for each in words)))
    return rows


def write_table(rows):
    with open(TABLE, "w", encoding="utf-8") as out:
        out.write(HEAD)
        out.writelines(f"# {number} {url}\n" for number, url in enumerate(URLS))
        out.write(f"# {'value':<40} | " + " | ".join(f"{reader:<10}" for reader in READERS).rstrip() + "\n")
        for value in VALUES:
            words = rows.get(value, {})
            out.write(f"{json.dumps(value, ensure_ascii=False):<42} | " + " | ".join(f"{words.get(reader, '?'):<10}" for reader in READERS).rstrip() + "\n")


def test_there_are_at_least_a_hundred(_env):
    assert len(set(VALUES)) == len(VALUES) >= 100
    assert list(read_table()) == VALUES


@limit(400)
@each(reader=READERS)
def test_as_the_table_says(env, reader):
    asked = {"go": by_go, "curl": by_curl, "gate": by_gate}.get(reader) or (lambda env: by_python(env, reader))
    said = {value: word(made) for value, made in asked(env).items()}
    rows = read_table()
    if os.environ.get("SP_UPDATE_GOLDEN"):
        for value in VALUES:
            rows.setdefault(value, {})[reader] = said[value]
        return write_table(rows)
    wrong = [f"{value!r}: {said[value]} and not {rows.get(value, {}).get(reader)}" for value in VALUES if said[value] != rows.get(value, {}).get(reader)]
    assert not wrong, f"{reader} reads otherwise: " + "; ".join(wrong)
    return None
