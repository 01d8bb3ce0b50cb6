"""HAProxy, with bodies passed on inside the kernel."""

from harness.place import peer

haproxy = peer("haproxy")
BINARY, VERSION = haproxy.BINARY, haproxy.VERSION


def command(place):
    return haproxy.command(place, defaults="  option splice-request\n  option splice-response")
