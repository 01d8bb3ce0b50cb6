"""`import squid` against Squid itself: what the result allows, Squid allows; where it is stricter, the list says why."""
import itertools
import json
import os
import socket
import subprocess
import tempfile

from harness.ports import free_port, wait_for_port
from harness.runner import each, limit, skip

# What the result refuses although Squid does not: names below a host alone of a `deny`, and what an `allow` excepts.
CONFIGURATIONS = {
    "lists": ("""\
acl localnet src 127.0.0.0/8
acl SSL_ports port 443 8443
acl Safe_ports port 80 443 8443 1025-65535
acl allowed dstdomain .gitlab.test github.test api.github.test .deep.api.github.test
acl mirrors dstdom_regex -i (^|\\.)debian\\.test$ ^security\\.ubuntu\\.test$
acl blocked dstdomain .bad.gitlab.test bad.debian.test
acl posts method POST
acl few dstdomain .few.test
acl wide dst 198.51.100.0/24
http_access deny !Safe_ports
http_access deny CONNECT !SSL_ports
http_access deny blocked
http_access allow localnet few !posts
http_access allow localnet allowed
http_access allow localnet mirrors CONNECT
http_access allow wide !CONNECT
http_access deny all
""", ("x.bad.debian.test", "few.test", "a.few.test")),
    "bounds": ("""\
acl others src 10.0.0.0/8
acl some dstdomain .gitlab.test github.test .debian.test
acl deep dstdomain .bad.gitlab.test api.github.test
acl net dst 198.51.100.0/24
acl web port 80 443
acl get method GET
http_access deny CONNECT !web
http_access deny !some !net
http_access allow deep get
http_access deny deep
http_access deny others
http_access deny net CONNECT
""", ()),
    "ports": ("""\
acl some dstdomain .gitlab.test github.test
acl bad dstdomain .bad.gitlab.test
acl net dst 198.51.100.0/24 203.0.113.0/24
acl high port 8000-9000
http_access allow manager
http_access deny bad
http_access allow some !high
http_access allow net high
http_access deny all
""", ()),
}
HOSTS = ["gitlab.test", "x.gitlab.test", "y.bad.gitlab.test", "github.test", "www.github.test", "api.github.test", "z.api.github.test",
         "q.deep.api.github.test", "debian.test", "bad.debian.test", "x.bad.debian.test", "notdebian.test", "security.ubuntu.test",
         "a.security.ubuntu.test", "few.test", "a.few.test", "other.test", "198.51.100.7"]
ADDRESS = "203.0.113.9"  # of all names


def start_squid(scope, rules):
    # Squid runs as another user, who cannot look into the folder of the tests.
    folder = tempfile.mkdtemp(prefix="squid-")
    scope.callback(lambda: subprocess.run(["rm", "-rf", folder], check=False))
    os.chmod(folder, 0o777)
    port = free_port()
    plain = f"http_port 127.0.0.1:{port}\n{rules}"
    with open(os.path.join(folder, "hosts"), "w", encoding="ascii") as hosts:
        hosts.writelines(f"{ADDRESS} {name}\n" for name in HOSTS if not name[0].isdigit())
    config = os.path.join(folder, "squid.conf")
    with open(config, "w", encoding="ascii") as file:
        file.write(f"""{plain}
cache deny all
pid_filename none
cache_log {folder}/cache.log
access_log none
coredump_dir {folder}
hosts_file {folder}/hosts
dns_nameservers 127.0.0.1
dns_timeout 1 second
connect_timeout 1 second
forward_timeout 1 second
connect_retries 0
pinger_enable off
shutdown_lifetime 0 seconds
""")
    process = scope.start("squid", ["/usr/sbin/squid", "-N", "-f", config])
    wait_for_port(port, process)
    return port, plain


def refused_by_squid(port, method, target):
    host = target if method == "CONNECT" else target.split("/")[2]
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.sendall(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        wire.settimeout(10)
        return wire.recv(4096).split()[1] == b"403"


def refused_here(scope, config, method, target):
    done = subprocess.run([scope.binary, "explain", "-c", config, "--outbound", "--json", "--address", ADDRESS, method, target],
                          capture_output=True, text=True, timeout=20)
    said = json.loads(done.stdout)
    # That addresses of documentation are refused is not the rules' doing.
    return said["outcome"] == "refuse" and said["code"] != "destination_address_refused"


@limit(120)
@each(name=list(CONFIGURATIONS))
def test_what_squid_refuses_is_refused(scope, name):
    if not os.path.exists("/usr/sbin/squid"):
        skip("squid is not installed")
    rules, stricter = CONFIGURATIONS[name]
    port, plain = start_squid(scope, rules)
    imported = subprocess.run([scope.binary, "import", "squid", scope.write("plain.conf", plain)], capture_output=True, text=True, timeout=20)
    config = scope.write("imported.yaml", imported.stdout)
    for host, method, number in itertools.product(HOSTS, ["CONNECT", "GET", "POST"], [80, 443, 8080, 22]):
        target = f"{host}:{number}" if method == "CONNECT" else f"http://{host}:{number}/x"
        theirs, ours = refused_by_squid(port, method, target), refused_here(scope, config, method, target)
        assert ours or not theirs, f"allowed, and not by Squid: {method} {target}"
        assert ours == theirs or host in stricter, f"refused, and not by Squid: {method} {target}"
