"""The differences from Apache that are on purpose, each with its reason. What is not here fails."""

# Fields of every request that Sallyport adds, and Apache does not.
ADDED_FOR_THE_SERVER = {
    "HTTP_VIA": "RFC 9110 wants a proxy to say that it was there",
    "HTTP_X_FORWARDED_PROTO": "applications ask for the scheme by this name",
    "HTTP_X_FORWARDED_PORT": "as well as for the port",
}
# ... and the other way round.
NOT_FOR_THE_SERVER = {
    "HTTP_X_FORWARDED_SERVER": "the name of the front's virtual host is no business of the server",
    "HTTP_CONNECTION": "keeping a connection open is the default of HTTP/1.1 and is not said",
}


class Difference:
    """`aspects` of `steps` differ, with these fronts; `ours` says what Sallyport does there: {aspect: value}."""

    def __init__(self, why, steps, aspects=(), fronts=("example", "imported"), ours=None):
        self.why, self.steps, self.fronts, self.ours = why, steps, fronts, ours or {}
        self.aspects = {*aspects, *self.ours}


OWN_PAGE = ("fields", "body")
FRONT_PAGE = "what the front itself refuses has the front's own page, with Proxy-Status and the number of the log line"
PLAIN = "plain http goes to https where the site has a certificate: the example says nothing else; the import keeps http"
LEAK = "a Location in the server's own name is mapped back wherever it points: Apache leaks that name outside the one Location"

DIFFERENCES = [
    Difference(FRONT_PAGE + "; Apache takes any name and lets Sympa refuse it", ["host of another"], [*OWN_PAGE, "seen"]),
    Difference("TRACE shows the server's view of a request to whoever asks: it is not passed on", ["TRACE"], [*OWN_PAGE, "seen"],
               ours={"status": 405}),
    Difference(FRONT_PAGE, ["encoded slash"], OWN_PAGE),
    Difference(FRONT_PAGE + "; what no route takes is not found, and not forbidden",
               ["dots to the outside", "longer prefix", "other case"], OWN_PAGE, ours={"status": 404}),
    Difference("what no route takes is not found, and not forbidden", ["root"], OWN_PAGE, ["imported"], ours={"status": 404}),
    Difference("the example leads visitors of / to Sympa", ["root"], OWN_PAGE, ["example"], ours={"status": 302, "location": "/sympa"}),
    Difference(PLAIN, ["home without TLS", "help without TLS"], ["location", "cookies", *OWN_PAGE, "seen"], ["example"], ours={"status": 301}),
    Difference(PLAIN, ["logo without TLS"], ["location", *OWN_PAGE, "seen"], ["example"], ours={"status": 301}),
    Difference(PLAIN, ["folder without TLS"], ["location", *OWN_PAGE, "seen"], ["example"]),
    Difference(PLAIN, ["echo without TLS"], ["location", "cookies", *OWN_PAGE, "seen"], ["example"], ours={"status": 301}),
    Difference(PLAIN, ["redirect to itself without TLS"], ["location", *OWN_PAGE, "seen"], ["example"], ours={"status": 301}),
    Difference("what a stranger says about where a request came from is replaced, not extended", ["echo forged"], ["body", "seen"]),
    Difference("two Cookie lines are joined as RFC 9113 says: with a comma, the second cookie is lost", ["echo two cookies"], ["body"]),
    Difference(LEAK, ["redirect to another route"], ["fields"], ours={"location": "https://lists.example.com/sympa/x"}),
    Difference(LEAK, ["redirect to no route"], ["fields"], ours={"location": "https://lists.example.com/elsewhere"}),
    Difference("Refresh is a redirect as well: Apache leaks the server's own name there", ["refresh"], ["fields"]),
]


def intended(front, step):
    return [difference for difference in DIFFERENCES if step in difference.steps and front in difference.fronts]
