"""Squid as a forward proxy that keeps nothing: one process, no log, no fields added."""

import os
import shutil

BINARY = "/usr/sbin/squid"
VERSION = ["-v"]
WAYS = {"out"}


def command(place):
    if os.geteuid() == 0:  # Squid then becomes the user proxy, and callgrind with it
        place.folder.parent.chmod(0o711)
        shutil.chown(place.folder, "proxy")
    text = f"""
http_port 127.0.0.1:{place.port}
acl origin port {place.origin_port}
http_access allow origin
http_access deny all
visible_hostname localhost
via off
forwarded_for delete
cache deny all
client_idle_pconn_timeout 60 seconds
server_idle_pconn_timeout 60 seconds
max_filedescriptors 16000
access_log none
cache_store_log none
cache_log /dev/null
pid_filename none
netdb_filename none
coredump_dir none
pinger_enable off
shutdown_lifetime 0 seconds
"""
    return [BINARY, "-N", "-n", f"bench{place.port}", "-f", place.write("squid.conf", text)]
