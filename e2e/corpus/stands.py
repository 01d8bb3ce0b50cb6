"""Many cases side by side: each stand is a listener of the gate with an origin of its own, and serves one case at a time."""
import asyncio
import traceback

from corpus.recorder import Recorder
from corpus.wires import trusting
from harness.certificates import self_signed
from harness.gate import start_gate
from harness.ports import free_port

STANDS = 12
WAYS = [(secure, piecemeal) for secure in (False, True) for piecemeal in (False, True)]


class Stand:
    """Ports of one listener in clear text and TLS (None: there is none), and of its origin."""

    def __init__(self, plain, secure, origin):
        self.plain, self.secure, self.origin = plain, secure, origin


def choose_ports(count=STANDS):
    return [Stand(free_port(), free_port(), free_port()) for _ in range(count)]


def start_stands(scope):
    """The gate with all of its stands; one worker, so that a stand's connections to the origin are in one pool."""
    shown = self_signed(scope.folder, "front", "a.test")
    stands = choose_ports()
    entries = "".join(f"""\
  - name: stand-{number}
    listen: [ "http://127.0.0.1:{stand.plain}", "https://127.0.0.1:{stand.secure}" ]
    sites:
      - https_redirect: off
        routes:
          - {{ path: /, to: "http://127.0.0.1:{stand.origin}" }}
          - {{ path: /small, to: "http://127.0.0.1:{stand.origin}", max_body: 1KiB }}
""" for number, stand in enumerate(stands))
    start_gate(scope, f"""\
certificates: [ {{ cert: {shown.cert}, key: {shown.key}, default: true }} ]
inbound:
{entries}runtime: {{ workers: 1 }}
""", stands[-1].plain)
    return stands


def way_name(way):
    return f"{'TLS' if way[0] else 'clear text'}, {'octet by octet' if way[1] else 'whole'}"


async def run_all(stands, cases, run, ways):
    """[(case, way, seen, what is wrong)] of every case in every way, in order."""
    jobs = [(case, way) for case in cases for way in ways]
    waiting, results, tls = iter(enumerate(jobs)), [None] * len(jobs), trusting()

    async def serve(stand):
        recorder = Recorder()
        await recorder.start(stand.origin)
        for number, (case, way) in waiting:
            try:
                seen, wrong = await run(case, recorder, stand.secure if way[0] else stand.plain, tls if way[0] else None, way[1])
            except Exception:  # pylint: disable=broad-except
                seen, wrong = None, [traceback.format_exc(limit=-3)]
            results[number] = (case, way, seen, wrong)
        recorder.server.close()
        for writer in list(recorder.writers):
            writer.close()

    await asyncio.gather(*(serve(stand) for stand in stands))
    return results


def run_group(stands, cases, run):
    """Runs a group in all ways; fails with everything that is wrong."""
    results = asyncio.run(run_all(stands, cases, run, WAYS))
    lines = [f"{case.name} ({way_name(way)}): {'; '.join(wrong)}\n    {case.settings['about']}\n    seen: {seen}"
             for case, way, seen, wrong in results if wrong]
    assert not lines, f"{len(lines)} of {len(results)} runs ended badly\n" + "\n".join(lines)
