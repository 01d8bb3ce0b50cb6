"""Other servers in the place of the gate, each before the same stand, configured as their manuals have it."""
import os
import shutil

from h2 import server_rows
from h2.stand import Stand
from harness.certificates import self_signed
from harness.ports import wait_for_port
from harness.servers import haproxy_process, nginx_process


def haproxy(scope, stand, shown):
    both = scope.write("haproxy.pem", open(shown.cert, encoding="ascii").read() + open(shown.key, encoding="ascii").read())
    return haproxy_process(scope, f"""\
frontend front
  bind 127.0.0.1:{stand.clear}
  bind 127.0.0.1:{stand.secure} ssl crt {both} alpn h2,http/1.1
  default_backend back
backend back
  server origin 127.0.0.1:{stand.origin.port}
""", client="20s", server="20s")


def nginx(scope, stand, shown):
    return nginx_process(scope, "nginx-front", f"""\
  proxy_http_version 1.1;
  proxy_request_buffering off;
  server {{
    listen 127.0.0.1:{stand.clear} http2;
    listen 127.0.0.1:{stand.secure} ssl http2;
    ssl_certificate {shown.cert};
    ssl_certificate_key {shown.key};
    location / {{ proxy_set_header Host $host; proxy_set_header Connection ""; proxy_pass http://127.0.0.1:{stand.origin.port}; }}
  }}
""", stand.clear)


def nghttpx(scope, stand, shown):
    return scope.start("nghttpx", ["nghttpx", f"--frontend=127.0.0.1,{stand.clear};no-tls", f"--frontend=127.0.0.1,{stand.secure}",
                                   f"--backend=127.0.0.1,{stand.origin.port}", "--workers=1", "--conf=/dev/null", "--errorlog-file=/dev/stderr",
                                   shown.key, shown.cert])


def h2o(scope, stand, shown):
    config = scope.write("h2o.conf", f"""\
listen: {{ host: 127.0.0.1, port: {stand.clear} }}
listen: {{ host: 127.0.0.1, port: {stand.secure}, ssl: {{ certificate-file: {shown.cert}, key-file: {shown.key} }} }}
num-threads: 1
hosts:
  default:
    paths:
      /: {{ proxy.reverse.url: "http://127.0.0.1:{stand.origin.port}/", proxy.preserve-host: ON }}
""")
    return scope.start("h2o", ["h2o", "-c", config])


def haproxy_before(scope, stand):
    """Before servers of HTTP/2."""
    routes = "".join(f"  use_backend b{target.replace('/', '-')} if {{ path {target} }}\n" for target in stand.targets.values())
    backends = "".join(f"backend b{target.replace('/', '-')}\n  server s 127.0.0.1:{stand.origins[key].port} "
                       + ("ssl verify none alpn h2\n" if key[1] else "proto h2\n") for key, target in stand.targets.items())
    return haproxy_process(scope, f"""\
  http-reuse always
frontend front
  bind 127.0.0.1:{stand.port}
{routes}
{backends}""", client="10s", server="2s")


def nghttpx_before(scope, stand):
    backends = [f"--backend=127.0.0.1,{stand.origins[key].port};{target};proto=h2{';tls' if key[1] else ''}" for key, target in stand.targets.items()]
    return scope.start("nghttpx", ["nghttpx", f"--frontend=127.0.0.1,{stand.port};no-tls", *backends, "--backend=127.0.0.1,1", "--insecure", "--workers=1",
                                   "--backend-read-timeout=2s", "--conf=/dev/null", "--errorlog-file=/dev/stderr"])


BEFORE_SERVERS = {"haproxy": haproxy_before, "nghttpx": nghttpx_before}
FRONTS = {"haproxy": haproxy, "nginx": nginx, "nghttpx": nghttpx, "h2o": h2o}


def installed():
    return [name for name in FRONTS if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")]


def start_front_before(scope, name, rows):
    """The same for the rows about servers."""
    server_rows.PROXY_STATUS = False
    stand = server_rows.ServersStand(scope, rows)
    wait_for_port(stand.port, BEFORE_SERVERS[name](scope, stand))
    return stand


def start_front(scope, name):
    stand = Stand(scope)
    process = FRONTS[name](scope, stand, self_signed(scope.folder, "front", "localhost"))
    wait_for_port(stand.clear, process)
    wait_for_port(stand.secure, process)
    return stand
