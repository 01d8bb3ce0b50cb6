"""Which protocol a connection speaks: agreed on by ALPN over TLS, told from the preface in clear text."""
import ssl

from h2 import frames
from h2.expectations import probe
from h2.peer import Peer, connect, trusting
from h2.stand import start_stand
from harness.runner import each
from harness.wire import Wire

fixture = start_stand
OFFERS = {"h2": ("h2", "h2"), "http/1.1": ("http/1.1", "http/1.1"), "both": ("h2,http/1.1", "h2"), "both, the other way round": ("http/1.1,h2", "h2"),
          "unknown and h2": ("spdy/3,h2", "h2"), "unknown and http/1.1": ("spdy/3,http/1.1", "http/1.1")}


@each(offer=list(OFFERS))
def test_alpn(stand, offer):
    offered, agreed = OFFERS[offer]
    with connect(stand.secure, True, offered.split(",")) as connection:
        assert connection.selected_alpn_protocol() == agreed, connection.selected_alpn_protocol()


def test_no_alpn_means_http_1(stand):
    with Wire(stand.secure, tls=trusting(()), name="localhost") as wire:
        assert wire.socket.selected_alpn_protocol() is None
        assert wire.ask("GET", "/show").status == 200


def test_alpn_of_protocols_that_nobody_speaks(stand):
    """RFC 7301 3.2: an alert. What is not agreed on may not be spoken either."""
    try:
        with connect(stand.secure, True, ["spdy/3"]) as connection:
            assert connection.selected_alpn_protocol() is None
    except ssl.SSLError as error:
        assert "NO_APPLICATION_PROTOCOL" in str(error).upper().replace(" ", "_"), error


def test_http_1_where_it_was_agreed_on(stand):
    with Wire(stand.secure, tls=trusting(["http/1.1"]), name="localhost") as wire:
        assert wire.ask("GET", "/show").status == 200
        assert wire.ask("POST", "/show", body=b"hello").status == 200


@each(secure=[False, True])
def test_http_1_and_http_2_side_by_side(stand, secure):
    with Peer(stand.port(secure), secure) as peer, Wire(stand.port(secure), tls=trusting(()) if secure else None, name="localhost") as wire:
        peer.hello()
        for _ in range(3):
            probe(peer)
            assert wire.ask("GET", "/show").status == 200


def test_the_preface_where_http_1_was_agreed_on(stand):
    """It is a request of a version that is not spoken there, and nothing behind it is read as frames."""
    with Wire(stand.secure, tls=trusting(["http/1.1"]), name="localhost") as wire:
        wire.send(frames.PREFACE + frames.settings())
        assert wire.response().status in (400, 505)
        assert wire.at_end()


def test_http_1_where_http_2_was_agreed_on(stand):
    with Wire(stand.secure, tls=trusting(["h2"]), name="localhost") as wire:
        wire.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = wire.rest()
        assert b"200" not in said and b"/1.1" not in said, said


@each(method=["GET", "PRIMARY", "P"])
def test_http_1_in_clear_text(stand, method):
    """Also where the method begins as the preface does, and whole or octet by octet."""
    request = f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for pieces in ([request], list(request)):
        with Wire(stand.clear) as wire:
            for piece in pieces:
                wire.send(piece)
            assert wire.response().status == 200


def test_an_upgrade_to_h2c_is_not_taken(stand):
    """RFC 9113 3.1 has done away with it: the request is answered in HTTP/1.1."""
    fields = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")]
    with Wire(stand.clear) as wire:
        response = wire.ask("GET", "/show", fields)
        assert response.status == 200 and b"h2c" not in response.body, response
        assert wire.ask("GET", "/show").status == 200


def test_http_2_in_clear_text_on_a_tls_port(stand):
    with Wire(stand.secure) as wire:
        wire.send(frames.PREFACE + frames.settings())
        said = wire.rest()
        assert b"200" not in said, said
