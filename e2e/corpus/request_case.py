"""Runs one case of requests/ and says what is wrong with how it ended."""
import re

from corpus.messages import Malformed
from corpus.talk import Talk

PROBE = b"GET /probe HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"


class Seen:
    """How it ended: the answers, whether another request was answered behind them, what the origin saw."""

    def __init__(self):
        self.answers, self.stayed, self.requests, self.faults, self.octets = [], False, [], [], b""

    def __repr__(self):
        return f"answers {self.answers}, connection {'open' if self.stayed else 'closed'}, origin {self.requests}"


class Expected:
    """One outcome of a case, in a form that can be compared."""

    def __init__(self, outcome):
        kind, *words = outcome.words
        self.connection = next((word for word in words if word in ("open", "close")), None)
        statuses = [word.split("|") for word in words if word not in ("open", "close")]
        self.statuses = {"forwarded": [["200"]], "refused": statuses, "answers": statuses}[kind]
        self.begun = outcome.detail("begun") is not None
        self.not_said = outcome.detail("not-said")
        self.requests = [] if kind != "forwarded" or outcome.detail("origin") else [[]]
        for key, value in outcome.details:
            if key == "origin":
                self.requests.append([])
            if key not in ("begun", "not-said"):
                self.requests[-1].append((key, value))

    def least_answers(self):
        return sum(1 for statuses in self.statuses if "none" not in statuses)


def methods_of(case):
    named = case.settings.get("methods")
    if named:
        return named.encode().split()
    return [(re.match(rb"(?:\r\n)*([A-Z]+) ", case.blocks["send"]) or [b"", b"GET"])[1]]


async def run(case, recorder, port, tls, piecemeal):
    """Sends the case, then one more request where the connection stays."""
    seen, outcomes = Seen(), [Expected(outcome) for outcome in case.outcomes]
    recorder.begin()
    talk = await Talk.open(port, tls, methods_of(case) + [b"GET"])
    try:
        await converse(case, talk, min(outcome.least_answers() for outcome in outcomes), seen, piecemeal)
    except Malformed as error:
        seen.faults.append(f"the client sees a malformed answer: {error}")
    finally:
        await talk.close()
    if "end" in case.settings or not all(request.complete for request in recorder.requests):
        await settle(port, tls)
    seen.octets = talk.data
    seen.requests = [request for request in recorder.requests if not request.is_probe()]
    for request in recorder.requests:
        seen.faults += [f"the origin sees {doubt}" for doubt in request.doubts]
    seen.faults += [f"the origin sees {garbage}" for garbage in recorder.garbage]
    return seen, judge(seen, outcomes)


async def converse(case, talk, least, seen, piecemeal):
    await talk.send(case.blocks["send"], piecemeal)
    if case.settings.get("end") == "half-close":
        await talk.end()
    elif await talk.wait(lambda: sum(answer.complete for answer in talk.answers()[0]) >= least):
        await talk.send(PROBE)
    else:
        seen.faults.append("no answer, and no end")
    if not await talk.wait(lambda: False):
        seen.faults.append("the connection does not end")
    answers, left = talk.answers()
    if left:
        seen.faults.append(f"octets behind the last answer: {left[:80]!r}")
    seen.stayed = any(answer.body.startswith(b"answer to /probe") for answer in answers)
    seen.answers = [answer for answer in answers if not answer.body.startswith(b"answer to /probe")]


async def settle(port, tls):
    """What the gate has begun to forward reaches the origin before a request that comes after it."""
    talk = await Talk.open(port, tls)
    await talk.send(PROBE)
    await talk.wait(lambda: False)
    await talk.close()


def judge(seen, outcomes):
    """What is wrong: nothing, if one outcome fits; else what is wrong by the one that fits best."""
    return seen.faults + min((list(differences(seen, outcome)) for outcome in outcomes), key=len)


def differences(seen, outcome):
    statuses = [str(answer.status) for answer in seen.answers]
    wanted = outcome.statuses
    while len(wanted) > len(statuses) and "none" in wanted[-1]:
        wanted = wanted[:-1]
    if len(statuses) != len(wanted) or any(status not in choice for status, choice in zip(statuses, wanted)):
        yield f"answered {' '.join(statuses) or 'nothing'}, not {' '.join('|'.join(choice) for choice in outcome.statuses)}"
    if not all(answer.complete for answer in seen.answers):
        yield "the last answer is not complete"
    if outcome.connection == "close" and seen.stayed:
        yield "the connection stayed"
    if outcome.connection == "open" and not seen.stayed:
        yield "the connection did not stay"
    if outcome.not_said and outcome.not_said in seen.octets:
        yield f"the answer holds {outcome.not_said!r}"
    whole = [request for request in seen.requests if request.complete]
    if len(whole) != len(outcome.requests):
        yield f"{len(whole)} requests reached the origin, not {len(outcome.requests)}"
    if len(whole) < len(seen.requests) and not outcome.begun:
        yield "the beginning of a request reached the origin"
    for request, details in zip(whole, outcome.requests):
        yield from wrong_details(request, details)


def wrong_details(request, details):
    for key, value in details:
        text = value.decode("latin-1")
        if key == "origin" and request.line != value + b" HTTP/1.1":
            yield f"the origin sees {request.line[:100]!r}"
        elif key == "body" and request.body != value:
            yield f"the origin sees the content {bytes(request.body[:100])!r}"
        elif key == "host" and request.fields.all("Host") != [value]:
            yield f"the origin sees Host {request.fields.all('Host')}"
        elif key in ("present", "absent", "not-present", "no-trailer"):
            yield from wrong_fields(request.fields, request.trailers, key, text)


def wrong_fields(fields, trailers, key, text):
    if key in ("absent", "no-trailer"):
        for name in text.split(", "):
            if (fields if key == "absent" else trailers).has(name):
                yield f"{name} is there"
        return
    name, value = text.split(": ", 1)
    values = [each.decode("latin-1") for each in fields.all(name)]
    if (value in values) != (key == "present"):
        yield f"{name} is {[each[:80] for each in values]}"
    elif key == "present" and len(values) > 1 and name.lower() != "set-cookie":
        yield f"{name} is there {len(values)} times"
