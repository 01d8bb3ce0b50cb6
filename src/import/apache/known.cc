// Directives that the importer knows without translating them, with what it says about each.
#include <algorithm>
#include <string_view>
#include <vector>

#include "import/apache/collect.h"

namespace sp::import::apache {
namespace {

struct Reason {
  std::string_view names;  // separated by spaces
  std::string_view why;
};

constexpr Reason not_needed[] = {
    {"LoadModule LoadFile ClearModuleList AddModule", "Sallyport has no modules"},
    {"User Group PidFile Mutex LockFile AcceptMutex CoreDumpDirectory DefaultRuntimeDir ServerRoot ChrootDir Suexec "
     "SuexecUserGroup AssignUserID",
     "about Apache's own process: systemd does it for Sallyport"},
    {"StartServers MinSpareServers MaxSpareServers MaxRequestWorkers MaxClients MaxConnectionsPerChild "
     "MaxRequestsPerChild ServerLimit ThreadLimit ThreadsPerChild MinSpareThreads MaxSpareThreads ThreadStackSize "
     "AsyncRequestWorkerFactor ListenBacklog GracefulShutdownTimeout MaxMemFree ReceiveBufferSize SendBufferSize "
     "EnableSendfile EnableMMAP AcceptFilter ListenCoresBucketsRatio",
     "tuning of Apache's processes: Sallyport runs one worker for each core"},
    {"ErrorLog CustomLog TransferLog LogFormat LogLevel GlobalLog BufferedLogs ErrorLogFormat ForensicLog "
     "LogIOTrackTTFB "
     "ProxyStatus ExtendedStatus SeeRequestTail",
     "logs: see `log:`"},
    {"ServerAdmin ServerSignature ServerTokens UseCanonicalName UseCanonicalPhysicalPort HostnameLookups ContentDigest "
     "FileETag TraceEnable ServerPath NameVirtualHost",
     "pages and names of Apache itself"},
    {"TypesConfig AddType AddEncoding AddCharset AddDefaultCharset AddLanguage AddHandler DefaultType DefaultIcon "
     "MIMEMagicFile LanguagePriority ForceLanguagePriority AddIcon AddIconByType AddIconByEncoding IndexOptions "
     "IndexIgnore IndexStyleSheet ReadmeName HeaderName AddDescription DirectoryIndex DirectorySlash FallbackResource "
     "AccessFileName AllowOverride Options RemoveType RemoveHandler MultiviewsMatch CheckSpelling XBitHack "
     "AllowOverrideList DefaultLanguage ForceType",
     "about files, which Sallyport does not serve"},
    {"KeepAlive MaxKeepAliveRequests KeepAliveTimeout RequestReadTimeout HttpProtocolOptions MaxRanges "
     "LimitInternalRecursion LimitXMLRequestBody RegexDefaultOptions StrictHostCheck MergeSlashes MergeTrailers "
     "RLimitCPU RLimitMEM RLimitNPROC",
     "Sallyport has limits and time-outs of its own"},
    {"Protocols ProtocolsHonorOrder H2Direct H2Upgrade H2Push H2ModernTLSOnly H2MaxSessionStreams H2WindowSize "
     "H2MinWorkers H2MaxWorkers H2EarlyHints H2Padding H2StreamTimeout H2ProxyRequests H2OutputBuffering",
     "the protocol is agreed with each client"},
    {"ProxyRequests ProxyBadHeader ProxyIOBufferSize ProxyReceiveBufferSize ProxyMaxForwards ProxyVia "
     "ProxyPassInherit BalancerInherit BalancerGrowth BalancerPersist ProxyFtpDirCharset NoProxy ProxyDomain "
     "ProxyAddHeaders ProxyWebsocketFallbackToProxyHttp ProxyHTMLEnable",
     "as Sallyport does it by itself"},
    {"SSLProxyEngine", "https in `to` says it"},
    {"SSLCipherSuite SSLHonorCipherOrder SSLCompression SSLSessionCache SSLSessionCacheTimeout SSLSessionTickets "
     "SSLSessionTicketKeyFile SSLUseStapling SSLStaplingCache SSLStaplingResponderTimeout "
     "SSLStaplingReturnResponderErrors "
     "SSLStaplingStandardCacheTimeout SSLStaplingErrorCacheTimeout SSLStaplingFakeTryLater SSLStaplingForceURL "
     "SSLStaplingResponseMaxAge SSLStaplingResponseTimeSkew SSLRandomSeed SSLStrictSNIVHostCheck SSLOpenSSLConfCmd "
     "SSLInsecureRenegotiation SSLRenegBufferSize SSLCryptoDevice SSLOptions SSLVerifyDepth SSLProxyVerifyDepth "
     "SSLProxyProtocol SSLProxyCipherSuite SSLMutex SSLFIPS SSLPolicy SSLECDHCurve SSLDHParametersFile "
     "SSLSRPUnknownUserSeed",
     "TLS follows Mozilla's intermediate profile"},
    {"BrowserMatch BrowserMatchNoCase SetEnv SetEnvIf SetEnvIfNoCase PassEnv UnsetEnv SetEnvIfExpr",
     "variables inside Apache; where something asks for them, that is reported"},
    {"DocumentRoot", "Sallyport serves no files: what no route takes gets 404"},
    {"AddOutputFilterByType AddOutputFilter SetOutputFilter DeflateCompressionLevel DeflateFilterNote DeflateMemLevel "
     "DeflateWindowSize DeflateBufferSize BrotliCompressionQuality BrotliCompressionWindow BrotliAlterETag "
     "AddInputFilter DeflateInflateLimitRequestBody FilterProvider FilterDeclare FilterChain",
     "compression is left to the server behind"},
    {"SetEnvIfPlus CacheEnable CacheRoot CacheDisable CacheDirLevels CacheDirLength CacheMaxFileSize CacheMinFileSize "
     "CacheDefaultExpire CacheMaxExpire CacheLastModifiedFactor CacheIgnoreHeaders CacheIgnoreNoLastMod CacheLock "
     "CacheLockPath CacheLockMaxAge CacheHeader CacheDetailHeader CacheSocache CacheSocacheMaxSize CacheQuickHandler "
     "CacheIgnoreCacheControl CacheStorePrivate CacheStoreNoStore CacheIgnoreQueryString CacheKeyBaseURL",
     "the cache is left out: answers are the same without it"},
    {"AuthType AuthName AuthUserFile AuthGroupFile AuthBasicProvider AuthDigestProvider AuthBasicAuthoritative",
     "says nothing without Require, which is reported"},
    {"RewriteBase RewriteLog RewriteLogLevel RewriteOptions", "says nothing by itself"},
};

constexpr Reason lost[] = {
    {"AuthLDAPURL AuthLDAPBindDN AuthLDAPBindPassword AuthDBMUserFile AuthnProviderAlias AuthzProviderAlias "
     "AuthFormProvider AuthLDAPGroupAttribute AuthLDAPGroupAttributeIsDN AuthLDAPRemoteUserAttribute AuthBasicFake "
     "GssapiCredStore KrbMethodNegotiate GssapiLocalName",
     "Sallyport asks for no passwords yet: the server behind has to"},
    {"ErrorDocument ProxyErrorOverride", "Sallyport has error pages of its own, and passes those of the server on"},
    {"JkMount JkMountCopy JkWorkersFile JkWorkerProperty JkUnMount",
     "AJP is not spoken: enable the HTTP connector of Tomcat (8080), and write a route to it"},
    {"Alias AliasMatch ScriptAlias ScriptAliasMatch UserDir", "Sallyport serves no files and runs no programs"},
    {"SetHandler Action AddAlt Script",
     "a handler inside Apache: run it as a server of its own, and write a route to it"},
    {"SSLCARevocationFile SSLCARevocationPath SSLCARevocationCheck SSLProxyCARevocationFile SSLProxyCARevocationPath "
     "SSLProxyCARevocationCheck",
     "revocation lists are not read: renew the CA, or pin certificates with `upstream_tls: { pin: ... }`"},
    {"SSLCACertificatePath SSLCADNRequestFile SSLCADNRequestPath SSLProxyCACertificatePath "
     "SSLProxyMachineCertificatePath SSLProxyMachineCertificateChainFile",
     "give one PEM file instead"},
    {"SSLUserName", "conditions on the TLS session cannot be written in a route"},
    {"SSLPassPhraseDialog", "Sallyport reads keys without a passphrase: openssl pkey -in KEY -out NEW"},
    {"Substitute SubstituteMaxLineLength ProxyHTMLURLMap ProxyHTMLLinks ProxyHTMLExtended ProxyHTMLEvents "
     "ProxyHTMLMeta "
     "ProxyHTMLCharsetOut ProxyHTMLDocType ProxyHTMLFixups ProxyHTMLInterp ProxyHTMLStripComments ProxyHTMLBufSize "
     "SetInputFilter",
     "bodies are passed on unchanged: let the application make the right URLs (its base URL setting)"},
    {"ExpiresActive ExpiresByType ExpiresDefault",
     "Cache-Control is left as the server says it; response_headers can set one"},
    {"SecRuleEngine SecRule SecAction SecRuleRemoveById SecRuleRemoveByTag SecRequestBodyAccess SecRequestBodyLimit "
     "SecAuditEngine SecDataDir SecDebugLog SecDebugLogLevel SecAuditLog SecResponseBodyAccess SecRuleUpdateTargetById",
     "a web application firewall is not part of Sallyport"},
    {"RemoteIPProxyProtocol RemoteIPProxyProtocolExceptions", "see accept_proxy in the documentation"},
    {"ProxySet", "outside of a <Proxy> section of a balancer"},
    {"BalancerMember", "outside of a <Proxy balancer://...> section"},
    {"ProxyRemote ProxyRemoteMatch ProxyBlock AllowCONNECT ProxySourceAddress", "about the way out: see `outbound`"},
    {"RewriteMap", "tables of rewrites: write a route for each row, or let the application redirect"},
    {"RewriteCond RewriteRule RewriteEngine", "rewriting within a section"},
    {"Use Macro", "macros are not expanded: put the text there (Apache's own `apachectl -t -D DUMP_CONFIG` helps)"},
    {"If ElseIf Else", "conditions that are decided for each request; nothing in it was translated"},
    {"MDomain MDomainSet MDCertificateAgreement MDContactEmail MDPrivateKeys MDRenewMode MDomains",
     "certificates from ACME: see `acme:` in the documentation"},
    {"OIDCProviderMetadataURL OIDCClientID OIDCClientSecret OIDCRedirectURI OIDCCryptoPassphrase OIDCScope "
     "MellonEnable MellonEndpointPath ShibRequestSetting ShibRequireSession CASLoginURL CASValidateURL",
     "single sign-on is not part of Sallyport: let the application do it"},
    {"VirtualDocumentRoot VirtualScriptAlias PHPIniDir php_value php_flag php_admin_value php_admin_flag "
     "WSGIScriptAlias WSGIDaemonProcess WSGIProcessGroup WSGIApplicationGroup WSGIPassAuthorization PassengerRoot "
     "PassengerRuby PassengerEnabled FcgidWrapper FastCgiExternalServer SVNPath DAV DAVLockDB",
     "a program inside Apache: run it as a server of its own, and write a route to it"},
    {"DBDriver DBDParams CookieTracking QS_SrvMaxConnPerIP QS_ClientEntries DOSHashTableSize DOSPageCount",
     "this module has no equivalent here"},
};

std::string_view find_reason(std::span<const Reason> table, std::string_view name) {
  for (const Reason& row : table) {
    for (std::string_view rest = row.names; !rest.empty();) {
      const size_t end = std::min(rest.find(' '), rest.size());
      if (same_word(rest.substr(0, end), name)) return row.why;
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
  }
  return {};
}

}  // namespace

std::string_view why_not_needed(std::string_view name) { return find_reason(not_needed, name); }
std::string_view why_lost(std::string_view name) { return find_reason(lost, name); }

}  // namespace sp::import::apache
