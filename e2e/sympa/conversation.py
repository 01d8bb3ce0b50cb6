"""The requests that are sent through every front, in this order: one visitor's conversation with Sympa, then the corners."""
import re
import urllib.parse

from harness.wire import chunked
from sympa.backend import DOMAIN

MIB = bytes(range(256)) * 4096
LOGO = "/static-sympa/icons/logo_sympa.png"
ECHO = "/static-sympa/echo"
MOVE = "/static-sympa/redirect"

ENVELOPE = ('<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
            '<soap:Body>{}</soap:Body></soap:Envelope>')


class Visitor:
    """What a browser, or a SOAP client, remembers between two requests."""

    def __init__(self):
        self.cookies, self.csrf, self.soap, self.etag, self.modified = {}, "", "", '"none"', "Thu, 01 Jan 1970 00:00:00 GMT"

    def learn(self, step, response):
        if step.browser:
            for cookie in response.all("Set-Cookie"):
                name, _, value = cookie.split(";")[0].partition("=")
                self.cookies[name] = value
            token = re.search(rb'name="csrftoken" value="([0-9a-f]+)"', response.body)
            if token:
                self.csrf = token[1].decode()
        session = re.search(rb'<result xsi:type="xsd:string">([0-9a-f]+)<', response.body)
        if step.name == "soap login" and session:
            self.soap = session[1].decode()
        if step.name == "logo":
            self.etag, self.modified = response.get("ETag"), response.get("Last-Modified")


class Step:
    def __init__(self, name, target, method="GET", fields=(), body=b"", browser=False, secure=True, host=DOMAIN, version="1.1", frame=None):
        self.name, self.target, self.method, self.browser, self.secure = name, target, method, browser, secure
        self.host, self.version, self.frame = host, version, frame
        self._fields, self._body = fields, body

    def request(self, visitor):
        """(head, body) as octets."""
        fields = list(self._fields(visitor) if callable(self._fields) else self._fields)
        body = self._body(visitor) if callable(self._body) else self._body
        if self.browser and visitor.cookies:
            fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())))
        if self.frame == "chunked":
            fields.append(("Transfer-Encoding", "chunked"))
            body = chunked(body)
        elif body or self.method in ("POST", "PUT"):
            fields.append(("Content-Length", str(len(body))))
        head = f"{self.method} {self.target} HTTP/{self.version}\r\nHost: {self.host}\r\nUser-Agent: visitor/1\r\nAccept: */*\r\n"
        return (head + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n").encode("latin-1"), body


def form(action, **values):
    """A form of Sympa's, with the token that its last page had."""
    fields = [("Content-Type", "application/x-www-form-urlencoded")]
    body = lambda visitor: urllib.parse.urlencode({"csrftoken": visitor.csrf, action: "1", **values}).encode()
    return {"method": "POST", "fields": fields, "body": body, "browser": True}


def soap(call, action, session=False, frame=None):
    text = [("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", f'"urn:sympasoap#{action}"')]
    fields = lambda visitor: text + ([("Cookie", f"sympa_session={visitor.soap}")] if session else [])
    return {"target": "/sympasoap", "method": "POST", "fields": fields, "body": ENVELOPE.format(call).encode(), "frame": frame}


LOGIN = (f'<n:login xmlns:n="urn:sympasoap"><email xsi:type="xsd:string">user@{DOMAIN}</email>'
         '<password xsi:type="xsd:string">user-secret</password></n:login>')
LISTS = ('<n:lists xmlns:n="urn:sympasoap"><topic xsi:type="xsd:string"></topic><subtopic xsi:type="xsd:string"></subtopic></n:lists>')
INFO = '<n:info xmlns:n="urn:sympasoap"><listname xsi:type="xsd:string">announce</listname></n:info>'


def upload(name, body=MIB, frame=None, method="POST", **fields):
    return Step(name, ECHO, method, [("Content-Type", "application/octet-stream"), *fields.get("fields", [])], body, frame=frame)


STEPS = [
    # A visitor
    Step("home", "/sympa", browser=True),
    Step("home with a slash", "/sympa/"),
    Step("home HEAD", "/sympa", "HEAD"),
    Step("home HTTP/1.0", "/sympa", version="1.0"),
    Step("home without TLS", "/sympa", secure=False),
    Step("home gzip", "/sympa", fields=[("Accept-Encoding", "gzip")]),
    Step("home in French", "/sympa", fields=[("Accept-Language", "fr")]),
    Step("lists", "/sympa/lists"),
    Step("info", "/sympa/info/announce"),
    Step("unknown list", "/sympa/info/nosuchlist"),
    Step("unknown action", "/sympa/nosuchaction"),
    Step("rss", "/sympa/rss/latest_lists?count=20"),
    Step("search", "/sympa/search_list_request"),
    Step("first password", "/sympa/firstpasswd"),
    Step("login form", "/sympa", browser=True),
    Step("login wrong", "/sympa", **form("action_login", email=f"user@{DOMAIN}", passwd="wrong", submit="submit")),
    Step("login form again", "/sympa", browser=True),
    Step("login", "/sympa", **form("action_login", email=f"user@{DOMAIN}", passwd="user-secret", submit="submit",
                                   referer=f"https://{DOMAIN}/sympa/info/announce")),
    Step("home logged in", "/sympa", browser=True),
    Step("preferences", "/sympa/pref", browser=True),
    Step("my lists", "/sympa/my", browser=True),
    Step("subscribe", "/sympa/subscribe/announce", browser=True),
    Step("subscribe form", "/sympa", **form("action_subscribe", list="announce", previous_action="info")),
    Step("post without token", "/sympa", "POST", [("Content-Type", "application/x-www-form-urlencoded")], b"action_login=1"),
    Step("logout", "/sympa/logout", browser=True),
    Step("preferences logged out", "/sympa/pref"),
    Step("help", "/sympa/help"),
    Step("help with a port", "/sympa/help", host=DOMAIN + ":8443"),
    Step("help without TLS", "/sympa/help", secure=False),
    Step("host with a port", "/sympa", host=DOMAIN + ":8443"),
    Step("host in capitals", "/sympa", host=DOMAIN.upper()),
    Step("host of another", "/sympa", host="other.example.net"),
    Step("OPTIONS", "/sympa", "OPTIONS"),
    Step("DELETE", "/sympa", "DELETE"),
    Step("TRACE", "/sympa", "TRACE"),
    # SOAP
    Step("soap wsdl by GET", "/sympasoap/wsdl"),
    Step("web wsdl", "/sympa/wsdl"),
    Step("soap login", **soap(LOGIN, "login")),
    Step("soap lists", **soap(LISTS, "lists", session=True)),
    Step("soap info", **soap(INFO, "info", session=True)),
    Step("soap lists not logged in", **soap(LISTS, "lists")),
    Step("soap lists chunked", **soap(LISTS, "lists", session=True, frame="chunked")),
    Step("soap nonsense", "/sympasoap", "POST", [("Content-Type", "text/xml"), ("SOAPAction", '"urn:sympasoap#x"')], b"<not-soap/>"),
    # Static files
    Step("logo", LOGO),
    Step("script", "/static-sympa/js/jquery.js?v3"),
    Step("style", f"/static-sympa/css/{DOMAIN}/style.css"),
    Step("logo HEAD", LOGO, "HEAD"),
    Step("logo without TLS", LOGO, secure=False),
    Step("logo HTTP/1.0", LOGO, version="1.0"),
    Step("logo not changed", LOGO, fields=lambda visitor: [("If-None-Match", visitor.etag)]),
    Step("logo not modified", LOGO, fields=lambda visitor: [("If-Modified-Since", visitor.modified)]),
    Step("logo precondition", LOGO, fields=[("If-Match", '"other"')]),
    Step("logo first octets", LOGO, fields=[("Range", "bytes=0-99")]),
    Step("logo last octets", LOGO, fields=[("Range", "bytes=-10")]),
    Step("logo two ranges", LOGO, fields=[("Range", "bytes=0-9,20-29")]),
    Step("logo range outside", LOGO, fields=[("Range", "bytes=99999999-")]),
    Step("logo range if unchanged", LOGO, fields=lambda visitor: [("Range", "bytes=0-9"), ("If-Range", visitor.etag)]),
    Step("logo POST", LOGO, "POST", body=b"x=1"),
    Step("folder", "/static-sympa/js"),
    Step("folder with a port", "/static-sympa/js", host=DOMAIN + ":8443"),
    Step("folder without TLS", "/static-sympa/js", secure=False),
    Step("folder listing", "/static-sympa/js/"),
    Step("no such file", "/static-sympa/none.css"),
    Step("root of the files", "/static-sympa"),
    # Paths
    Step("dots", "/static-sympa/../sympa/lists"),
    Step("encoded dots", "/static-sympa/%2e%2e/sympa/lists"),
    Step("dots to the outside", "/static-sympa/../etc"),
    Step("encoded slash", "/static-sympa/js%2Fjquery.js"),
    Step("double slashes", "//static-sympa//js//jquery.js"),
    Step("root", "/"),
    Step("longer prefix", "/sympaX"),
    Step("other case", "/Sympa"),
    Step("query", ECHO + "?a=b&c=%20%2F%ff;d=[1]"),
    Step("encoded letters", "/static-sympa/%65cho"),
    # What arrives at the server
    Step("echo", ECHO),
    Step("echo without TLS", ECHO, secure=False),
    Step("echo forged", ECHO, fields=[("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Host", "evil.example"), ("Front-End-Https", "Off"),
                                      ("Connection", "X-Drop"), ("X-Drop", "1"), ("TE", "gzip"), ("Proxy", "http://evil.example"),
                                      ("Forwarded", "for=192.0.2.7")]),
    Step("echo two cookies", ECHO, fields=[("Cookie", "a=1"), ("Cookie", "b=2")]),
    Step("echo credentials", ECHO, fields=[("Authorization", "Basic dXNlcjpwdw=="), ("Cookie", "a=1; b=2")]),
    Step("echo unusual method", ECHO, "PROPFIND"),
    upload("upload"),
    upload("upload expected", fields=[("Expect", "100-continue")]),
    upload("upload chunked", frame="chunked"),
    upload("upload small PUT", b"x", method="PUT"),
    upload("upload empty", b""),
    # Redirects
    Step("redirect to itself", MOVE + "?own=/static-sympa/x"),
    Step("redirect 301", MOVE + "?own=/static-sympa/x&status=301"),
    Step("redirect 307", MOVE + "?own=/static-sympa/x&status=307", "POST", body=b"x"),
    Step("redirect to itself without TLS", MOVE + "?own=/static-sympa/x", secure=False),
    Step("redirect to itself with a port", MOVE + "?own=/static-sympa/x", host=DOMAIN + ":8443"),
    Step("redirect to another route", MOVE + "?own=/sympa/x"),
    Step("redirect to no route", MOVE + "?own=/elsewhere"),
    Step("redirect public", MOVE + f"?to=https://{DOMAIN}/sympa/lists"),
    Step("redirect public http", MOVE + f"?to=http://{DOMAIN}/sympa/lists"),
    Step("redirect relative", MOVE + "?to=../sympa/lists"),
    Step("redirect by path", MOVE + "?to=/sympa/lists"),
    Step("redirect foreign", MOVE + "?to=https://other.example.net/"),
    Step("redirect with a cookie", MOVE + "?own=/static-sympa/x&cookie=a%3Db%3B%20path%3D/static-sympa%3B%20HttpOnly"),
    Step("refresh", MOVE + "?own=/static-sympa/x&refresh=1"),
]

assert len(STEPS) >= 80 and len({step.name for step in STEPS}) == len(STEPS)
