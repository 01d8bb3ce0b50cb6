"""Parent proxies of others: Squid, tinyproxy, microsocks, Dante; and the gate itself."""
import os
import socket
import subprocess
import threading

from harness.gate import start_gate
from harness.installation import installed
from harness.ports import free_port, wait_for_port
from harness.runner import skip

from outbound.stand import PASSWORD, htpasswd

ENCODED = "correct%20horse"  # PASSWORD, in a URL
SQUID_AUTH = "/usr/lib/squid/basic_ncsa_auth"


def need(package):
    if not installed(package):
        skip(f"{package} is not installed")


class Squid:
    """With a password, and a name that it refuses; resolves by `names`."""

    scheme = "http"

    def __init__(self, scope, names, ports):
        need("squid")
        self.port = free_port()
        folder = scope.directory("squid")
        os.chmod(scope.folder, 0o755)
        os.chmod(folder, 0o777)  # it does not stay root
        hashed = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], capture_output=True, text=True, check=True).stdout.strip()
        users = os.path.join(folder, "users")
        with open(users, "w", encoding="ascii") as file:
            file.write(f"mattermost:{hashed}\n")
        self.log = os.path.join(folder, "access.log")
        text = f"""\
http_port 127.0.0.1:{self.port}
dns_nameservers {names.address}
hosts_file none
pid_filename none
cache deny all
coredump_dir {folder}
cache_log {folder}/cache.log
access_log stdio:{self.log}
shutdown_lifetime 0 seconds
auth_param basic program {SQUID_AUTH} {users}
auth_param basic children 1
auth_param basic realm squid
acl users proxy_auth REQUIRED
acl unwanted dstdomain unwanted.example.test
acl ours port {" ".join(str(port) for port in ports)}
http_access deny !users
http_access deny unwanted
http_access allow ours
http_access deny all
"""
        config = os.path.join(folder, "squid.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(text)
        self.process = scope.start_as("squid", ["/usr/sbin/squid", "-N", "-f", config])
        wait_for_port(self.port, self.process, 30)


class Tinyproxy:
    scheme = "http"

    def __init__(self, scope, names, ports):
        need("tinyproxy-bin")
        self.port = free_port()
        text = f"Port {self.port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nBasicAuth mattermost horse\nLogLevel Connect\n"
        text += "".join(f"ConnectPort {port}\n" for port in ports)
        self.process = scope.start_as("tinyproxy", [*names.prefix, "tinyproxy", "-d", "-c", scope.write("tinyproxy.conf", text)])
        wait_for_port(self.port, self.process)


class Microsocks:
    scheme = "socks5"

    def __init__(self, scope, names, _ports):
        need("microsocks")
        self.port = free_port()
        command = ["microsocks", "-i", "127.0.0.1", "-p", str(self.port), "-u", "mattermost", "-P", PASSWORD]
        self.process = scope.start_as("microsocks", [*names.prefix, *command])
        wait_for_port(self.port, self.process)


class Dante:
    """Without a password: it would want users of the machine."""

    scheme = "socks5"

    def __init__(self, scope, names, _ports):
        need("dante-server")
        self.port = free_port()
        text = f"""\
logoutput: stderr
internal: 127.0.0.1 port = {self.port}
external: lo
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks block {{ from: 127.0.0.0/8 to: unwanted.example.test }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
"""
        self.process = scope.start_as("danted", [*names.prefix, "danted", "-N", "1", "-f", scope.write("danted.conf", text)])
        wait_for_port(self.port, self.process)


class Sallyport:
    """With a password and TLS, all on one port."""

    scheme = "http"

    def __init__(self, scope, names, ports, certificate):
        self.port = free_port()
        scope.write("parent-users", htpasswd("mattermost", PASSWORD))
        text = f"""\
certificates: [ {{ cert: {certificate.cert}, key: {certificate.key}, default: true }} ]
outbound:
  - name: parent
    listen: "proxy://127.0.0.1:{self.port}"
    users: parent-users
    private_networks: [ 127.0.0.1 ]
    rules:
      - {{ deny: [ unwanted.example.test ] }}
      - {{ allow: [ .example.test ], ports: [ {", ".join(str(port) for port in ports)} ] }}
"""
        self.gate = start_gate(scope, text, self.port, name="parent", prefix=names.prefix)


class Stalling:
    """Takes connections, and says nothing for ever, or one thing."""

    scheme = "http"

    def __init__(self, scope, says=b""):
        self.says, self.taken, self.heard = says, [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        scope.callback(self.socket.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                taken, _ = self.socket.accept()
            except OSError:
                return
            self.taken.append(taken)
            if self.says:
                try:
                    self.heard.append(taken.recv(65536))
                    taken.sendall(self.says)
                    taken.close()
                except OSError:
                    pass
