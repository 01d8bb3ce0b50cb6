"""NGINX as it comes, with what a proxy needs: HTTP/1.1 and keep-alive to the origin, the client's Host; no log."""

import os

BINARY = "/usr/sbin/nginx"
VERSION = ["-v"]
STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"


def command(place, fields=""):
    if place.relay:
        return [BINARY, "-e", "stderr", "-p", str(place.folder), "-c", place.write("nginx.conf", f"""
load_module {STREAM};
{"user root;" if os.geteuid() == 0 else ""}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {place.folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 20000; }}
stream {{
  server {{ listen 127.0.0.1:{place.port}; proxy_pass 127.0.0.1:{place.origin_port}; proxy_protocol {"on" if place.relay == "header" else "off"}; }}
}}
""")]
    forward = f"proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $http_host;{fields}"
    listen = f"listen 127.0.0.1:{place.port};"
    tls = f"""
  server {{
    listen 127.0.0.1:{place.tls_port} ssl http2;
    ssl_certificate {place.certificate};
    ssl_certificate_key {place.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{ {forward} }}
  }}"""
    tunnel = forward.replace("Connection ''", "Connection upgrade") + " proxy_set_header Upgrade $http_upgrade;"
    servers = ""
    for host in place.hosts() or ["_"]:
        locations = "".join(f"    location {path} {{ {forward} }}\n" for path in place.paths() or ["/"])
        servers += f"  server {{\n    {listen} server_name {host};\n{locations}    location /tunnel {{ {tunnel} }}\n  }}\n"
    temporary = "".join(f"  {kind}_temp_path {place.folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {place.folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  keepalive_timeout 60s;
  keepalive_requests 1000000000;
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  proxy_max_temp_file_size 0;
{temporary}
  upstream origin {{
    server 127.0.0.1:{place.origin_port};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
{servers}{tls}
}}
"""
    return [BINARY, "-e", "stderr", "-p", str(place.folder), "-c", place.write("nginx.conf", text)]
