"""Tinyproxy: a thread for each connection, and a connection for each request, which it closes without having said so."""

BINARY = "/usr/bin/tinyproxy"
VERSION = ["-v"]
WAYS = {"out"}


def command(place):
    if place.forward == "absolute":
        place.load.append("--close")
    text = f"""
Listen 127.0.0.1
Port {place.port}
Allow 127.0.0.1
ConnectPort {place.origin_port}
Timeout 60
MaxClients 6000
DisableViaHeader Yes
LogLevel Critical
LogFile "{place.folder}/tinyproxy.log"
"""
    return [BINARY, "-d", "-c", place.write("tinyproxy.conf", text)]
