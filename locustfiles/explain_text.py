"""An analysis as a person reads it: the rows of the web UI's tab, and the text at the end on the console."""

from __future__ import annotations

import textwrap

from explain_generator import LAG_LEAST_MS
from explain_paste import Started, pastes
from explain_types import Analysis, ArrivalFigures, InstanceFigures, RouteFigures, SettingInForce, Waiting
from explain_words import figure, plural, share

WIDTH = 110
MOST_ROWS = 20  # of workers, of instances, and of routes
# Below this share of the slots, most of those who wait could have one; and what is full then, by the verdict's code.
SLOTS_FREE = 0.90
FULL: dict[str, str] = {"cpu": "the CPU", "gil": "each worker's own core"}
PLACES = {"compose": "To paste", "startup": "Startup command", "settings": "App settings", "env": "Environment"}


def rows(analysis: Analysis, how: Started | None = None) -> list[tuple[str, str]]:
    """Return what each row is called and says: the verdict, where the time goes, the routes; a row per worker last.

    Args:
        analysis: of the run.
        how: the app was started, for a line to paste; None for no such row.
    """
    verdict = analysis.verdict
    found = [(f"Verdict: {verdict.code}", verdict.text)]
    if how is not None:
        found += [(PLACES[paste.where], paste.line) for paste in pastes(verdict.variables, analysis.setting, how)[:1]]
    found.append(("What to set", verdict.suggestion))
    if analysis.before:
        found.append(("Earlier run", analysis.before.text))
    found += times(analysis)
    if len(analysis.routes) > 1:
        found += [(f"Route {route.name}", described_route(route)) for route in analysis.routes[:MOST_ROWS]]
    found += in_use(analysis)
    several = len(analysis.instances) > 1
    if several:
        found += instances(analysis)
    for worker in analysis.workers[:MOST_ROWS]:
        place = f" of {worker.instance}" if several and worker.instance else ""
        found.append(
            (
                f"Worker {worker.pid}{place}" if worker.pid else "Further workers",
                f"{worker.requests} requests ({share(worker.share)}), {figure(worker.slots_busy)} slots busy, "
                f"{share(worker.cpu_cores)} of a core, {figure(worker.memory_mb)} MB",
            )
        )
    return found


def instances(analysis: Analysis) -> list[tuple[str, str]]:
    """Return what each of several instances did, and whether users stay with one."""
    found = [(f"Instance {one.instance}", described_instance(one)) for one in analysis.instances[:MOST_ROWS]]
    if analysis.users_stay is not None:
        stayed = f"{share(analysis.users_stay)} of the requests went to the instance of their user's one before"
        found.append(("Users stay", f"{stayed}, {share(analysis.users_bound)} were sent with an ARRAffinity cookie"))
    return found


def waiting(analysis: Analysis) -> Waiting:
    """Return for what requests wait until the app has them.

    Where few slots are busy and the cores all are, that is no slot: the kernel counts until Python comes to read.
    """
    code = analysis.verdict.code
    if analysis.setting.workers is not None and analysis.setting.slots is None:
        return "loop"
    if (code == "cpu" or code == "gil") and (analysis.slot_utilization or 1.0) < SLOTS_FREE:  # noqa: PLR1714 mypy
        return code
    return "slot"


def meanwhile(analysis: Analysis, for_what: Waiting) -> str:
    """Say what was measured of slots and cores while requests waited beside free slots; else nothing."""
    if for_what not in FULL:
        return ""
    slots = f"{figure(analysis.slots_busy)} of {analysis.setting.slots} slots"
    return f"; {slots} were busy meanwhile, and {FULL[for_what]} was full"


def times(analysis: Analysis) -> list[tuple[str, str]]:
    """Return where the time goes."""
    for_what = waiting(analysis)
    named = {
        "A request takes": analysis.response_ms,
        "Until it was sent": analysis.delay_ms,
        "Outside the app": analysis.wait_ms,
        "Waiting for a slot" if for_what == "slot" else "Waiting to be served": analysis.queue_ms,
        "In the app": analysis.app_ms,
        "Sending, network": analysis.wire_ms,
    }
    found = described_starts(analysis)
    for name, told in named.items():
        if told.mean is not None:
            percentiles = f"half of them up to {figure(told.p50)}, 95 % {figure(told.p95)}, 99 % {figure(told.p99)}"
            beside = meanwhile(analysis, for_what) if told is analysis.queue_ms else ""
            found.append((name, f"{figure(told.mean)} ms on average ({percentiles}){beside}"))
    if analysis.app_start_ms is not None:
        quick = f"{figure(analysis.app_start_ms)} ms at the test's start, {figure(analysis.app_quick_ms)} ms now"
        found.append(("Quick ones in the app", quick))
    if analysis.queue_known is not None and analysis.queue_known < 1:
        found.append(("Wait for a slot known", f"of {share(analysis.queue_known)} of the responses"))
    if analysis.cpu_ms.mean is not None:
        found.append(("CPU time in the app", f"{figure(analysis.cpu_ms.mean)} ms"))
    return found


def in_use(analysis: Analysis) -> list[tuple[str, str]]:
    """Return what is in use, of what there is, and by what load."""
    load, setting, generator = analysis.load, analysis.setting, analysis.generator
    found = []
    if setting.workers is not None:
        found += [
            ("Served by", described(setting)),
            ("Busy slots", of(analysis.slots_busy, setting.slots, analysis.slot_utilization)),
            ("CPU of the plan", f"{share(analysis.cpu_utilization)} of {setting.vcpu} vCPU"),
            ("Memory of the workers", f"{figure(analysis.memory_mb)} MB{grown(analysis.memory_growth_kb)}"),
        ]
    failed = f", {load.failures} failed" if load.failures else ""
    arrivals = analysis.arrivals
    who = plural(load.users, "user") + ("" if arrivals.asked_rps is None else " at a time, at most")
    found.append(
        (
            "Load",
            f"{who}, {figure(load.rps)} requests/s, {load.requests} requests in "
            f"{load.seconds:.0f} s, from second {load.start_s:.0f} of the test on{failed}",
        )
    )
    if arrivals.asked_rps is not None:
        found.append(("Arrivals", described_arrivals(arrivals)))
    if analysis.cpu_ms.mean is not None:
        bounds = analysis.bounds
        users = plural(load.users, "user")
        rates = {"the slots": bounds.slots_rps, "the CPU": bounds.cpu_rps, users: bounds.users_rps}
        told = [f"{figure(rate)} by {name}" for name, rate in rates.items() if rate is not None]
        found.append(("At most, requests/s", f"{', '.join(told)}: no more than the lowest"))
    found.append(
        (
            "Locust itself",
            f"{generator.cpu_percent:.0f} % of a core, {generator.lag_ms:.1f} ms late (from {LAG_LEAST_MS:g} ms on it "
            f"may be the limit), sent {figure(generator.achieved_rps)} of {figure(generator.offered_rps)} requests/s",
        )
    )
    return found


def described_arrivals(arrivals: ArrivalFigures) -> str:
    """Return what became of arrivals that do not wait for answers."""
    late = f"{arrivals.held_back} waited for a user"
    if arrivals.held_back:
        late += f", {figure(arrivals.held_back_ms)} ms on average"
    left = f", {arrivals.left} had not begun at the end" if arrivals.left else ""
    left += f", {arrivals.under_way} were under way" if arrivals.under_way else ""
    return (
        f"{figure(arrivals.asked_rps)} a second asked for, {arrivals.due} due, {arrivals.begun} begun, on at most "
        f"{arrivals.max_users} users; {late}{left}"
    )


def described_instance(one: InstanceFigures) -> str:
    """Return what one instance did."""
    queue = "" if one.queue_ms is None else f", {figure(one.queue_ms)} of them in the queue"
    return (
        f"{one.requests} requests ({share(one.share)}) in {figure(one.response_ms)} ms{queue}, "
        f"{figure(one.slots_busy)} slots busy, {share(one.cpu_cores)} of a core, {plural(one.workers, 'worker')}"
    )


def described_starts(analysis: Analysis) -> list[tuple[str, str]]:
    """Say what of the figures is of on_start, which few mean when they ask how long a request takes."""
    load, mean = analysis.load, analysis.response_ms.mean
    if not load.on_start or load.on_start_ms is None or mean is None:
        return []
    others = load.requests - load.on_start
    rest = (mean * load.requests - load.on_start_ms * load.on_start) / others if others else None
    line = f"{plural(load.on_start, 'request')} of on_start among them, {figure(load.on_start_ms)} ms on average"
    return [("Users' start", f"{line}; without these {figure(rest)} ms" if rest is not None else line)]


def described_route(route: RouteFigures) -> str:
    """Return what is known of one route's requests."""
    failed = f", {route.failures} failed" if route.failures else ""
    parts = {"ms in the queue": route.queue_ms, "ms in the app": route.app_ms, "ms of CPU": route.cpu_ms}
    means = ", ".join(f"{figure(value)} {name}" for name, value in parts.items() if value is not None)
    held = "" if route.held_share is None else f"holds {share(route.held_share)} of the slots: "
    if route.app_start_ms is not None:
        means += f"; quick ones in the app {figure(route.app_start_ms)} at the start, {figure(route.app_quick_ms)} now"
    times = f"half of them up to {figure(route.p50_ms)}, 95 % {figure(route.p95_ms)} ms"
    times += f"; on average {means}" if means else ""
    both = f"; redirected to {route.landed_on}: the times are of both together" if route.landed_on else ""
    return f"{held}{plural(route.requests, 'request')}{failed}, {times}{both}"


def grown(kb: float | None) -> str:
    """Say by how much a request makes the memory grow, if it does."""
    return f", {figure(kb)} kB more with each request" if kb is not None and kb >= 0.5 else ""


def described(setting: SettingInForce) -> str:
    """Return gunicorn's setting in words."""
    size = f"{plural(setting.workers or 0, 'worker')} × {plural(setting.threads or 0, 'thread')}"
    slots = "no fixed number of slots" if setting.slots is None else plural(setting.slots, "slot")
    if (setting.instances or 1) > 1:
        size = f"{setting.instances} instances of {size}"
    return f"{size} ({setting.worker_class}) = {slots} on {setting.vcpu} vCPU"


def text(analysis: Analysis) -> str:
    """Return the verdict and a compact table, with a newline before it."""
    verdict, *table = rows(analysis)
    head = textwrap.fill(f"{verdict[0]}. {verdict[1]}", WIDTH)
    left = max(len(name) for name, _ in table)
    lines = []
    for name, line in table:
        first, next_ones = f" {name:{left}}  ", " " * (left + 3)
        # The name of a folder has hyphens, and is to be copied.
        lines += textwrap.wrap(line, WIDTH, initial_indent=first, subsequent_indent=next_ones, break_on_hyphens=False)
    return "\n".join(["", "Why?", "", head, "", *lines, ""])


def of(busy: float | None, slots: int | None, utilization: float | None) -> str:
    """Return the busy slots against all."""
    return figure(busy) if slots is None else f"{figure(busy)} of {slots} ({share(utilization)})"
