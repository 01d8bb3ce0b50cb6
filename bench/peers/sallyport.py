"""This repository's own: build/release/sallyport, or what SALLYPORT names."""

import os
from pathlib import Path

BINARY = os.path.abspath(os.environ.get("SALLYPORT") or Path(__file__).resolve().parents[2] / "build/release/sallyport")
VERSION = ["version"]
WAYS = {"in", "out"}


def command(place):
    if place.relay:
        return [BINARY, "run", "-c", place.write("sallyport.yaml", f"""
inbound:
  - name: relay
    listen: tcp://127.0.0.1:{place.port}
    to: tcp://127.0.0.1:{place.origin_port}
    send_proxy: {"v2" if place.relay == "header" else "off"}
runtime: {{ workers: 1, drain: 1s, doctor: off }}
log: {{ access: off }}
""")]
    if place.forward:
        return [BINARY, "run", "-c", place.write("sallyport.yaml", f"""
outbound:
  - name: egress
    listen: http://127.0.0.1:{place.port}
    rules: [ {{ allow: "127.0.0.1:{place.origin_port}" }} ]
    private_networks: [ 127.0.0.1 ]
runtime: {{ workers: 1, drain: 1s, doctor: off }}
log: {{ access: off }}
""")]
    origin = f"http://127.0.0.1:{place.origin_port}"
    sites = ""
    for host in place.hosts() or ['"*"']:
        sites += f"      - hosts: [ {host} ]\n        routes:\n"
        for path in place.paths() or ["/"]:
            sites += f"          - {{ path: {path}, to: '{origin}' }}\n"
    text = f"""
certificates:
  - {{ cert: {place.certificate}, key: {place.key} }}
inbound:
  - name: plain
    listen: http://127.0.0.1:{place.port}
    sites:
{sites}  - name: tls
    listen: https://127.0.0.1:{place.tls_port}
    sites:
      - hosts: [ "*" ]
        routes: [ {{ path: /, to: '{origin}' }} ]
runtime: {{ workers: 1, drain: 1s }}
log: {{ access: off }}
"""
    return [BINARY, "run", "-c", place.write("sallyport.yaml", text)]
