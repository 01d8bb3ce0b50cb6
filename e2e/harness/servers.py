"""nginx, Apache httpd and HAProxy, with configurations of ours in the scope's folder."""
import os

from harness.ports import free_port, wait_for_port

MODULES = "/usr/lib/apache2/modules"


class Server:
    def __init__(self, kind, process, port):
        self.kind, self.process, self.port = kind, process, port

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"


def nginx_process(scope, name, http, port, connections=512):
    """Starts nginx with a folder of its own; `http` is the inside of that block."""
    folder = scope.directory(name)
    os.chmod(folder, 0o777)
    config = scope.write(f"{name}/nginx.conf", f"""\
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{http}}}
""")
    process = scope.start(name, ["nginx", "-p", folder, "-e", folder + "/error.log", "-c", config])
    wait_for_port(port, process)
    return process


def nginx_origin(scope, files, application):
    """Serves the files of a folder, and passes /app/ on to an application without buffering it."""
    port = free_port()
    process = nginx_process(scope, "nginx", f"""\
  types {{ text/html html; text/plain txt; application/octet-stream bin; }}
  default_type application/octet-stream;
  sendfile on;
  client_max_body_size 0;
  map $http_upgrade $connection_field {{ default upgrade; '' ''; }}
  server {{
    listen 127.0.0.1:{port};
    root {files};
    location /app/ {{
      proxy_pass http://127.0.0.1:{application}/;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_field;
    }}
  }}
""", port)
    return Server("nginx", process, port)


def apache_process(scope, name, config, port):
    path = scope.write(f"{name}.conf", config)
    process = scope.start(name, ["apache2", "-f", path, "-DFOREGROUND"])
    wait_for_port(port, process)
    return process


def apache_modules(*names):
    return "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in ("mpm_event", "authz_core", *names))


def apache_head(folder, name):
    """What every configuration of ours begins with."""
    return f"""\
ServerRoot /etc/apache2
PidFile {folder}/{name}.pid
Mutex file:{folder} default
ErrorLog {folder}/{name}-error.log
LogLevel warn
User www-data
Group www-data
Timeout 60
"""


def apache_origin(scope, files, application):
    port, folder = free_port(), scope.directory("apache")
    os.chmod(folder, 0o777)
    process = apache_process(scope, "apache", f"""\
ServerName origin.internal
{apache_head(folder, "apache")}
{apache_modules("mime", "dir", "proxy", "proxy_http", "proxy_wstunnel")}
Listen 127.0.0.1:{port}
TypesConfig /etc/mime.types
DocumentRoot {files}
<Directory />
    Require all denied
</Directory>
<Directory {files}>
    Require all granted
</Directory>
ProxyPass /app/ http://127.0.0.1:{application}/ upgrade=websocket flushpackets=on
""", port)
    return Server("apache", process, port)


def haproxy_process(scope, sections, client, server):
    """`client` and `server`: how long it waits for them."""
    config = scope.write("haproxy.cfg", f"""\
global
  nbthread 1
defaults
  mode http
  timeout connect 3s
  timeout client {client}
  timeout server {server}
{sections}""")
    return scope.start("haproxy", ["haproxy", "-db", "-f", config])


ORIGINS = {"nginx": nginx_origin, "apache": apache_origin}
