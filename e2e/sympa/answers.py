"""Sends the conversation through a front, and writes down what is to be compared."""
import hashlib
import json
import re
import ssl
import time

from harness.wire import Wire
from sympa.conversation import STEPS, Visitor

# What changes from answer to answer by its nature.
CHANGING = [
    (r"csrftoken=[0-9a-f]+", "csrftoken=*"),
    (r'(csrftoken" value=")[0-9a-f]+', r"\1*"),
    (r"sympa_session=[0-9a-f]+", "sympa_session=*"),
    (r"(style\.css\?h=)[0-9a-f]+", r"\1*"),
    (r"boundary=[0-9a-f]+", "boundary=*"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "DATE"),
    (r"<lastBuildDate>[^<]*", "<lastBuildDate>DATE"),
    (r"\d\d \w{3} \d{4} at \d\d:\d\d:\d\d", "DATE"),
    (r'(<(?:result|s-gensym\d+)[^>]*xsi:type="xsd:string">)[0-9a-f]{14,}<', r"\1TOKEN<"),
    (r"127\.0\.0\.1:\d{5}", "OWN-ADDRESS"),
]
# Fields of one connection, of one moment, or of the software that answers.
NOT_COMPARED = {"date", "server", "connection", "keep-alive", "transfer-encoding", "via", "upgrade"}


def steady(text):
    for pattern, replacement in CHANGING:
        text = re.sub(pattern, replacement, text)
    # Sympa's SOAP answers have their parts in an order that changes.
    text = re.sub(r'(<item xsi:type="xsd:string">)([^<]*)(</item>)', lambda found: found[1] + ";".join(sorted(found[2].split(";"))) + found[3], text)
    leaf = r'<\w+ xsi:type="xsd:\w+">[^<]*</\w+>'
    return re.sub(f"(?:{leaf})+", lambda found: "".join(sorted(re.findall(leaf, found[0]))), text)


def content(response):
    """The body as it is compared: text without what changes, or a digest."""
    body = re.sub(rb"--[0-9a-f]{10,}", b"--B", response.body) if "byteranges" in response.get("Content-Type", "") else response.body
    if body[:1] == b"{":
        return json.loads(steady(body.decode("latin-1")))
    kind = response.get("Content-Type", "")
    if any(word in kind for word in ("html", "xml", "json", "text/plain")):
        return steady(body.decode("utf-8", "replace"))
    return [len(body), hashlib.sha256(body).hexdigest()]


def sizes_change(response):
    """Whether the length is that of a text which changes."""
    return isinstance(content(response), (str, dict)) or "byteranges" in response.get("Content-Type", "")


def answer(response):
    fields = sorted((name.lower(), steady(value)) for name, value in response.fields if name.lower() not in NOT_COMPARED)
    if sizes_change(response):
        fields = [(name, value) for name, value in fields if name != "content-length"]
    return {"status": response.status, "interim": [interim.status for interim in response.interim], "fields": fields,
            "cookies": [steady(value) for value in response.all("Set-Cookie")], "location": steady(response.get("Location", "")),
            "body": content(response)}


def send(step, front, visitor, context):
    port, tls = (front.secure, context) if step.secure else (front.plain, None)
    head, body = step.request(visitor)
    with Wire(port, tls=tls, name=step.host.split(":")[0].lower() if tls else None, seconds=60) as wire:
        wire.send(head)
        if b"100-continue" in head:
            first = wire.response(step.method, interim=False)
            if first.status != 100:
                return first
            wire.send(body)
            response = wire.response(step.method)
            response.interim.insert(0, first)
        else:
            wire.send(body)
            response = wire.response(step.method)
        visitor.learn(step, response)
        return response


def seen_by(backend, offset):
    return [json.loads(re.sub(r"\\x", r"\\\\x", steady(line))) for line in backend.seen_since(offset).splitlines()]


def wait_for_log(backend, offset):
    """The server writes its log a moment after it has answered; what never reached it writes nothing."""
    end = time.monotonic() + 0.2
    while backend.seen_so_far() == offset and time.monotonic() < end:
        time.sleep(0.005)


def converse(front, backend, authority, steps=STEPS):
    """These steps through this front: {name: what came back and what the server saw}."""
    context = ssl.create_default_context(cafile=authority.cert)
    context.check_hostname = False
    visitor, answers = Visitor(), {}
    for step in steps:
        offset = backend.seen_so_far()
        try:
            result = answer(send(step, front, visitor, context))
        except Exception as error:  # pylint: disable=broad-except
            result = {"status": repr(error), "interim": [], "fields": [], "cookies": [], "location": "", "body": ""}
        wait_for_log(backend, offset)
        result["seen"] = seen_by(backend, offset)
        answers[step.name] = result
    return answers
