"""Apache Traffic Server as a forward proxy that keeps nothing: one event thread, no log, no fields added."""

BINARY = "/usr/bin/traffic_server"
VERSION = ["--version"]
WAYS = {"out"}


def command(place):
    place.write("etc/records.config", f"""
CONFIG proxy.config.http.server_ports STRING {place.port}:ip-in=127.0.0.1
CONFIG proxy.config.http.connect_ports STRING {place.origin_port}
CONFIG proxy.config.url_remap.remap_required INT 0
CONFIG proxy.config.http.cache.http INT 0
CONFIG proxy.config.http.insert_request_via_str INT 0
CONFIG proxy.config.http.insert_response_via_str INT 0
CONFIG proxy.config.http.insert_age_in_response INT 0
CONFIG proxy.config.http.server_session_sharing.match STRING both
CONFIG proxy.config.http.server_session_sharing.pool STRING thread
CONFIG proxy.config.http.keep_alive_no_activity_timeout_in INT 60
CONFIG proxy.config.http.keep_alive_no_activity_timeout_out INT 60
CONFIG proxy.config.http.transaction_no_activity_timeout_in INT 60
CONFIG proxy.config.http.transaction_no_activity_timeout_out INT 60
CONFIG proxy.config.net.connections_throttle INT 15000
CONFIG proxy.config.net.max_connections_in INT 14000
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 1
CONFIG proxy.config.accept_threads INT 0
CONFIG proxy.config.task_threads INT 1
CONFIG proxy.config.log.logging_enabled INT 0
CONFIG proxy.config.crash_log_helper STRING NULL
CONFIG proxy.config.admin.user_id STRING #-1
""")
    place.write("etc/storage.config", f"{place.folder}/cache 64M\n")
    place.write("etc/ip_allow.yaml", "ip_allow: [ { apply: in, ip_addrs: 127.0.0.1, action: allow, methods: ALL } ]\n")
    for folder in ("run", "log", "cache"):
        (place.folder / folder).mkdir()
    root = place.write("runroot.yaml", f"""
prefix: /usr
exec_prefix: /usr
bindir: /usr/bin
sbindir: /usr/sbin
sysconfdir: {place.folder}/etc
datadir: /usr/share
includedir: /usr/include
libdir: /usr/lib/trafficserver
libexecdir: /usr/lib/trafficserver/modules
localstatedir: {place.folder}
runtimedir: {place.folder}/run
logdir: {place.folder}/log
cachedir: {place.folder}/cache
""")
    return [BINARY, f"--run-root={root}"]
