"""HAProxy as it comes: keep-alive on both sides, no log, no fields added."""

BINARY = "/usr/sbin/haproxy"
VERSION = ["-v"]


def command(place, defaults="", frontend=""):
    if place.relay:
        return [BINARY, "-db", "-f", place.write("haproxy.cfg", f"""
global
  nbthread 1
  maxconn 6000
defaults
  mode tcp
  timeout connect 3s
  timeout client 60s
  timeout server 60s
{defaults}
listen relay
  bind 127.0.0.1:{place.port}
  server origin 127.0.0.1:{place.origin_port} {"send-proxy-v2" if place.relay == "header" else ""}
""")]
    routing = "  default_backend origin"
    if place.sites:
        routes = "".join(f"{host}{path}/ origin\n" for host in place.hosts() for path in place.paths())
        routing = f"  use_backend %[base,map_beg({place.write('routes.map', routes)},none)]"
    text = f"""
global
  nbthread 1
  maxconn 6000
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
{defaults}
frontend all
  bind 127.0.0.1:{place.port}
  bind 127.0.0.1:{place.tls_port} ssl crt {place.both} alpn h2,http/1.1
{frontend}
{routing}
backend origin
  http-reuse always
  server origin 127.0.0.1:{place.origin_port}
"""
    return [BINARY, "-db", "-f", place.write("haproxy.cfg", text)]
