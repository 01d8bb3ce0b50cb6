"""NGINX, told to add the fields about the client that Sallyport adds unasked."""

from harness.place import peer

nginx = peer("nginx")
BINARY, VERSION = nginx.BINARY, nginx.VERSION
FIELDS = {"For": "$remote_addr", "Host": "$http_host", "Proto": "$scheme", "Port": "$server_port"}


def command(place):
    return nginx.command(place, "".join(f" proxy_set_header X-Forwarded-{name} {value};" for name, value in FIELDS.items()))
