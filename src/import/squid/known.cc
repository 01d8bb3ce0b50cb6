// Directives that have no counterpart, and why that is no loss, or one.
#include <array>
#include <string_view>

#include "import/squid/configuration.h"

namespace sp::import::squid {
namespace {

struct Row {
  std::string_view names;  // between spaces
  Fate fate;
  const char* why;
};

constexpr std::array rows{
    Row{" cache cache_mem cache_dir maximum_object_size minimum_object_size maximum_object_size_in_memory "
        "cache_replacement_policy memory_replacement_policy refresh_pattern cache_swap_low cache_swap_high "
        "memory_cache_mode memory_cache_shared quick_abort_min quick_abort_max quick_abort_pct negative_ttl "
        "range_offset_limit store_dir_select_algorithm store_avg_object_size refresh_all_ims offline_mode "
        "collapsed_forwarding max_stale minimum_expiry_time store_id_program store_id_access send_hit "
        "client_db no_cache hierarchy_stoplist pipeline_prefetch ",
        Fate::not_needed, "nothing is cached"},
    Row{" icp_port icp_access htcp_port htcp_access htcp_clr_access snmp_port snmp_access udp_incoming_address "
        "udp_outgoing_address digest_generation icp_query_timeout mcast_groups neighbor_type_domain dead_peer_timeout "
        "cache_peer_domain netdb_filename ",
        Fate::not_needed, "there are no caches to talk with"},
    Row{" coredump_dir pid_filename cache_effective_user cache_effective_group logfile_rotate cache_log debug_options "
        "cache_store_log cache_mgr mail_from mail_program httpd_suppress_version_string unique_hostname "
        "visible_hostname hostname_aliases error_directory error_default_language err_page_stylesheet err_html_text "
        "email_err_data icon_directory global_internal_static short_icon_urls announce_period cachemgr_passwd "
        "mime_table useragent_log referer_log emulate_httpd_log log_mime_hdrs netdb_low netdb_high "
        "max_filedescriptors max_filedesc workers cpu_affinity_map shutdown_lifetime high_response_time_warning "
        "high_page_fault_warning high_memory_warning memory_pools memory_pools_limit diskd_program unlinkd_program "
        "pinger_program pinger_enable strip_query_terms buffered_logs ",
        Fate::not_needed, "the process is run in another way"},
    Row{" sslcrtd_program sslcrtd_children sslproxy_session_ttl sslproxy_session_cache_size ssl_unclean_shutdown "
        "sslcrtvalidator_program sslcrtvalidator_children sslproxy_cert_sign sslproxy_cert_adapt ",
        Fate::not_needed, "certificates are signed by the gate itself"},
    Row{" dns_timeout dns_retransmit_interval dns_packet_max dns_defnames dns_multicast_local positive_dns_ttl "
        "negative_dns_ttl ipcache_size ipcache_low ipcache_high fqdncache_size dns_children dns_v4_first "
        "append_domain ignore_unknown_nameservers check_hostnames allow_underscore ",
        Fate::not_needed, "names are looked up in its own way"},
    Row{" dns_nameservers hosts_file ", Fate::changed,
        "names are looked up by /etc/hosts and the servers of /etc/resolv.conf"},
    Row{" access_log cache_access_log logformat access_log_format ", Fate::changed,
        "the log is JSON on standard output; `log: { access: /var/log/sallyport/access.log, format: combined }` "
        "writes another"},
    Row{" log_access icap_log ", Fate::lost, "every request is in the log"},
    Row{" icap_enable icap_preview_enable icap_preview_size icap_persistent_connections icap_service_failure_limit "
        "icap_service_revival_delay icap_send_client_ip icap_send_client_username icap_client_username_header "
        "icap_client_username_encode icap_206_enable icap_default_options_ttl adaptation_send_client_ip "
        "adaptation_send_username adaptation_masterx_shared_names adaptation_uses_indirect_client ",
        Fate::not_needed, "the scanner is asked in its own way"},
    Row{" adaptation_service_set adaptation_service_chain ecap_enable ecap_service loadable_modules ", Fate::lost,
        "one ICAP service for requests and one for responses is all that can be asked"},
    Row{" url_rewrite_program url_rewrite_children url_rewrite_access url_rewrite_host_header url_rewrite_bypass "
        "redirect_program redirect_children redirector_bypass redirector_access location_rewrite_program "
        "location_rewrite_children location_rewrite_access store_id_children ",
        Fate::lost, "no program is asked: what it refused is not refused any more"},
    Row{" external_acl_type ", Fate::lost, "no program is asked: rules that ask it refuse"},
    Row{" http_access2 adapted_http_access http_reply_access miss_access reply_body_max_size ", Fate::lost,
        "it refused something, and nothing here does: `deny` says what"},
    Row{" delay_pools delay_class delay_access delay_parameters delay_initial_bucket_level client_delay_pools "
        "client_delay_access client_delay_parameters client_delay_initial_bucket_level response_delay_pool "
        "response_delay_pool_access quota_pools ",
        Fate::lost, "nobody is slowed down; `per_user: { bytes: 10GiB }` bounds a day"},
    Row{" follow_x_forwarded_for acl_uses_indirect_client log_uses_indirect_client delay_pool_uses_indirect_client "
        "tproxy_uses_indirect_client ",
        Fate::lost, "who connects is who asks: what is forwarded about others is not believed"},
    Row{" request_header_access reply_header_access request_header_replace reply_header_replace request_header_add "
        "reply_header_add header_replace header_access ",
        Fate::lost, "fields pass as they are; nothing about the client or the gate is added to them"},
    Row{" tcp_outgoing_address tcp_outgoing_tos tcp_outgoing_mark clientside_tos clientside_mark qos_flows "
        "tcp_outgoing_dscp server_pconn_for_nonretriable ",
        Fate::lost, "the system chooses the address and the marks of connections"},
    Row{" deny_info ", Fate::changed, "a `reason` of the rule is shown to who is refused"},
    Row{" cache_peer_access neighbor_timeout ", Fate::lost, "everything goes through the parent, but for `no_proxy`"},
    Row{" prefer_direct nonhierarchical_direct ", Fate::changed,
        "everything goes through the parent, but for `no_proxy`"},
    Row{" ftp_user ftp_passive ftp_epsv ftp_list_width ftp_sanitycheck ftp_telnet_protocol ftp_port ftp_eprt "
        "ftp_epsv_all wais_relay_host wais_relay_port ",
        Fate::not_needed, "FTP is not spoken"},
    Row{" read_timeout write_timeout forward_timeout client_lifetime half_closed_clients client_persistent_connections "
        "server_persistent_connections persistent_connection_after_error detect_broken_pconn pconn_lifetime "
        "persistent_request_timeout client_idle_pconn_timeout server_idle_pconn_timeout pconn_timeout "
        "peer_connect_timeout "
        "connect_retries forward_max_tries retry_on_error ident_timeout ident_lookup_access request_start_timeout "
        "max_open_disk_fds accept_filter client_ip_max_connections tcp_recv_bufsize client_dst_passthru "
        "host_verify_strict relaxed_header_parser request_header_max_size reply_header_max_size read_ahead_gap "
        "incoming_rate client_request_buffer_max_size balance_on_multiple_ip pipeline vary_ignore_expire "
        "on_unsupported_protocol ",
        Fate::changed, "`timeouts` and `limits` are those of this gate"},
    Row{" authenticate_ttl authenticate_cache_garbage_interval authenticate_ip_ttl ", Fate::changed,
        "a right password is remembered for five minutes"},
};

}  // namespace

std::optional<Known> known_directive(std::string_view name) {
  const std::string word = " " + std::string(name) + " ";
  for (const Row& row : rows) {
    if (row.names.contains(word)) return Known{row.fate, row.why};
  }
  return std::nullopt;
}

}  // namespace sp::import::squid
