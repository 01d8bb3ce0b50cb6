"""Markdown tables of cells: the median over the rounds, the range, and the ratio to the scenario's reference."""

from statistics import median

from .cell import Cell
from .scenarios import Metric, Scenario


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ratios(scenario: Scenario, values: dict[str, float]) -> dict[str, str]:
    base = values.get(scenario.reference)
    return {peer: f"{value / base:.2f}" if base else "-" for peer, value in values.items()}


def _columns(scenario: Scenario, cells: list[Cell]) -> dict[str, str]:
    """The columns beside the metric."""
    if not scenario.timed:
        return {}
    seconds, requests = median(c.seconds for c in cells), median(c.requests for c in cells)
    if scenario.metric == Metric.cpu_gib:
        return {"MiB/s": _digits(median(c.octets / c.seconds for c in cells) / 2**20)}
    columns = {"requests/s": _digits(requests / seconds)}
    if scenario.metric == Metric.p50:
        columns["CPU us/request"] = _digits(median(c.cpu_seconds / c.requests for c in cells) * 1e6)
    else:
        columns["p50 us"] = _digits(median(c.p50_us for c in cells))
    columns["p99 us"] = _digits(median(c.p99_us for c in cells))
    if "--resume" in scenario.load:
        columns["resumed"] = f"{median(c.resumed / c.requests for c in cells):.0%}"
    return columns


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def of_scenario(scenario: Scenario, cells: list[Cell]) -> str:
    peers = list(dict.fromkeys(cell.peer for cell in cells))
    by_peer = {peer: [cell for cell in cells if cell.peer == peer] for peer in peers}
    values = {peer: median(cell.value for cell in of_peer) for peer, of_peer in by_peer.items()}
    ratios = _ratios(scenario, values)
    rows, extra = [], {}
    for peer in sorted(peers, key=values.get):
        of_peer = by_peer[peer]
        extra = _columns(scenario, of_peer)
        low, high = min(c.value for c in of_peer), max(c.value for c in of_peer)
        rows.append([peer, f"{_digits(values[peer])} ({_digits(low)}-{_digits(high)})", ratios[peer], *extra.values()])
    text = f"### {scenario.name}: {scenario.title}\n\n" + _markdown(["peer", scenario.metric.value, f"to {scenario.reference}", *extra], rows)
    if scenario.timed:
        text += f"\n\nOther programs took {median(cell.others for cell in cells):.0%} of the proxy's core meanwhile."
    return text + "\n"


def of_instructions(scenario: Scenario, values: dict[str, float]) -> str:
    ratios = _ratios(scenario, values)
    rows = [[peer, f"{values[peer]:,.0f}", ratios[peer]] for peer in sorted(values, key=values.get)]
    return f"### {scenario.name}: {scenario.title}\n\n" + _markdown(["peer", "user instructions/request", f"to {scenario.reference}"], rows) + "\n"
