"""Other proxies in the place of the gate, each in front of the same stands, configured as their manuals have it."""
import shutil

from harness.ports import wait_for_port
from harness.servers import apache_head, apache_modules, apache_process, haproxy_process, nginx_process


def haproxy(scope, stands):
    sections = "".join(f"""
frontend front-{number}
  bind 127.0.0.1:{stand.plain}
  default_backend back-{number}
backend back-{number}
  server origin 127.0.0.1:{stand.origin}
""" for number, stand in enumerate(stands))
    process = haproxy_process(scope, sections, client="5s", server="5s")
    wait_for_port(stands[-1].plain, process)


def nginx(scope, stands):
    sections = "".join(f"""
  upstream origin-{number} {{ server 127.0.0.1:{stand.origin}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{stand.plain};
    location / {{ proxy_pass http://origin-{number}; }}
    location /small {{ client_max_body_size 1k; proxy_pass http://origin-{number}; }}
  }}
""" for number, stand in enumerate(stands))
    nginx_process(scope, "nginx-front", f"""\
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
{sections}""", stands[-1].plain)


def apache(scope, stands):
    listen = "".join(f"Listen 127.0.0.1:{stand.plain}\n" for stand in stands)
    sections = "".join(f"""
<VirtualHost 127.0.0.1:{stand.plain}>
  ProxyPass / http://127.0.0.1:{stand.origin}/
  <Location /small>
    LimitRequestBody 1024
  </Location>
</VirtualHost>
""" for stand in stands)
    config = f"""\
ServerName localhost
{apache_head(scope.folder, "apache-front")}
{apache_modules("proxy", "proxy_http")}
{listen}
ProxyPreserveHost On
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
{sections}"""
    apache_process(scope, "apache-front", config, stands[-1].plain)


FRONTS = {"haproxy": (haproxy, "haproxy"), "nginx": (nginx, "nginx"), "apache": (apache, "apache2")}


def installed():
    """name: how it is started, for those that are there."""
    return {name: start for name, (start, program) in FRONTS.items() if shutil.which(program)}
