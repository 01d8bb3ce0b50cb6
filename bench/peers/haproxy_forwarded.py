"""HAProxy, told to add the fields about the client that Sallyport adds unasked."""

from harness.place import peer

haproxy = peer("haproxy")
BINARY, VERSION = haproxy.BINARY, haproxy.VERSION
FIELDS = {"For": "%[src]", "Host": "%[req.hdr(host)]", "Proto": "%[ssl_fc,iif(https,http)]", "Port": "%[dst_port]"}


def command(place):
    return haproxy.command(place, frontend="".join(f"  http-request set-header X-Forwarded-{name} {value}\n" for name, value in FIELDS.items()))
