"""This repository's own: build/release/sallyport, or what SALLYPORT names."""

import os
from pathlib import Path

BINARY = os.path.abspath(os.environ.get("SALLYPORT") or Path(__file__).resolve().parents[2] / "build/release/sallyport")
VERSION = ["version"]


def command(place):
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
