"""Runs one case of responses/ and says what is wrong with what the client and the next requests got."""
import itertools

from corpus.messages import Malformed
from corpus.recorder import Script
from corpus.request_case import wrong_fields
from corpus.talk import Talk

REQUEST = b"GET /r HTTP/1.1\r\nHost: a.test\r\n\r\n"
PROBE = b"GET /probe/%d HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
numbers = itertools.count(1)


class Seen:
    def __init__(self):
        self.answer, self.stayed, self.faults = None, False, []

    def __repr__(self):
        return f"answer {self.answer}, connection {'open' if self.stayed else 'closed'}"


async def run(case, recorder, port, tls, piecemeal):
    seen, settings = Seen(), case.settings
    request = case.blocks.get("request", REQUEST)
    greets = settings.get("before_at") == "accept"
    if not greets and ("before" in case.blocks or "before_then" in settings):
        recorder.begin()
        await probe(port, tls, seen)
        await recorder.inject(case.blocks.get("before", b""), settings.get("before_then", "open"))
    recorder.begin(Script(case.blocks["reply"], settings.get("then", "open"), "early" in settings, piecemeal,
                          case.blocks["before"] if greets else b""))
    talk = await Talk.open(port, tls, [request.split(b" ")[0], b"GET"])
    try:
        await converse(case, request, talk, seen, recorder)
    except Malformed as error:
        seen.faults.append(f"the client sees a malformed answer: {error}")
    finally:
        await talk.close()
    recorder.script = None
    await probe(port, tls, seen)
    seen.faults += [f"the origin sees {doubt}" for asked in recorder.requests for doubt in asked.doubts]
    return seen, judge(seen, case.outcomes)


async def converse(case, request, talk, seen, recorder):
    """The request, its answer, and one more request on the same connection."""
    await talk.send(request)
    if not await talk.wait(lambda: any(answer.complete for answer in talk.answers()[0])):
        seen.faults.append("no whole answer, and no end")
    seen.answer = next(iter(talk.answers()[0]), None)
    recorder.script = None
    if "late" in case.blocks:
        await recorder.inject(case.blocks["late"])
    tunnel = seen.answer is not None and seen.answer.status == 101
    number = next(numbers)
    if not talk.ended and not tunnel:
        await talk.send(PROBE % number)
    if not await talk.wait(lambda: False):
        seen.faults.append("the connection does not end")
    answers, left = talk.answers()
    seen.answer = answers[0] if answers else None
    if tunnel:
        return
    if left:
        seen.faults.append(f"octets that are no answer: {left[:80]!r}")
    if len(answers) > 1:
        seen.stayed = True
        if len(answers) > 2 or answers[1].body != b"answer to /probe/%d" % number:
            seen.faults.append(f"the next request on the connection gets {answers[1:]}")


async def probe(port, tls, seen):
    """Another client's request: it must get its own answer."""
    number = next(numbers)
    talk = await Talk.open(port, tls)
    await talk.send(PROBE % number)
    await talk.wait(lambda: False)
    try:
        answers = talk.answers()[0]
        if len(answers) != 1 or answers[0].body != b"answer to /probe/%d" % number:
            seen.faults.append(f"another client gets {answers} for its request")
    except Malformed as error:
        seen.faults.append(f"another client gets a malformed answer: {error}")
    await talk.close()


def judge(seen, outcomes):
    return seen.faults + min((list(differences(seen, outcome)) for outcome in outcomes), key=len)


def differences(seen, outcome):
    kind, answer = outcome.words[0], seen.answer
    if kind == "502":
        if answer is None or answer.status != 502 or not answer.complete:
            yield f"answered {answer}, not 502"
    elif kind == "cut":
        if answer is not None and answer.complete:
            yield f"answered {answer}, as if it were complete"
    else:
        yield from wrong_answer(answer, int(outcome.words[1]), outcome, seen)


def wrong_answer(answer, status, outcome, seen):
    if answer is None or answer.status != status or not answer.complete:
        yield f"answered {answer}, not {status}"
        return
    for key, value in outcome.details:
        if key == "body" and answer.body != value:
            yield f"the content is {bytes(answer.body[:100])!r}"
        elif key == "closes" and seen.stayed:
            yield "the connection stayed"
        elif key == "interim" and answer.interim != [int(status) for status in value.split() if status != b"none"]:
            yield f"interim responses: {answer.interim}"
        elif key in ("present", "absent", "not-present", "no-trailer"):
            yield from wrong_fields(answer.fields, answer.trailers, key, value.decode("latin-1"))
