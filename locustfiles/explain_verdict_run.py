"""Verdicts on runs that say nothing about a setting: figures are missing, are someone else's, or requests fail."""

from __future__ import annotations

from explain_figures import Figures
from explain_generator import THROTTLED_MOST, Judgement
from explain_suggestion import kept
from explain_tally import Tally
from explain_types import Verdict
from explain_verdict_none import Waited, no_request
from explain_words import percent, plural

LEAST_REQUESTS = 10
ANSWERED = ("HTTP ", "others")  # kinds of failures that may have had a response
WITH_HEADER = "with this project's gunicorn.conf.py or its worker class, gunicorn_slots.SlotWorker"
ERRORS = 0.01
# What can be a limit of the same app when it does not fail.
LIMITS = ("slots", "imbalance", "inside", "cpu", "gil")
COVERED = 0.90  # of the responses that did not fail must have had the header


def is_known(tally: Tally) -> bool:
    """Whether enough responses had the header: nearly all that did not fail, and not just a few requests ended."""
    most = tally.timed >= COVERED * (tally.requests - tally.failures)
    return tally.timed > 0 and most and max(tally.timed, tally.failures) >= LEAST_REQUESTS


def no_data(tally: Tally, waited: Waited, tasks: int) -> Verdict:
    """No response had the header, or too few had it."""
    if not tally.requests and tally.events:
        text = f"None of {plural(tally.events, 'event')} was an HTTP request, and nothing else has the header."
        return Verdict("no-data", text, "Send HTTP requests with the users' own client, self.client.")
    if not tally.requests:
        return no_request(tally, waited, tasks)
    if tally.timed and tally.requests < 2 * LEAST_REQUESTS:
        text = f"Only {plural(tally.timed, 'response')} so far: too few to tell."
        return Verdict("no-data", text, "Run longer.")
    if tally.timed:
        text = f"Only {tally.timed} of {plural(tally.requests, 'response')} had the Server-Timing header."
        return Verdict("no-data", text, f"Request only what gunicorn serves, {WITH_HEADER}.")
    if tally.failures == tally.requests and not any(kind.startswith(ANSWERED) for kind in tally.errors):
        text = f"None of {plural(tally.requests, 'request')} was answered: {failed(tally)}."
        return Verdict("no-data", text, "Look whether the app runs, and answers at the address that --host names.")
    text = f"None of {plural(tally.requests, 'response')} had the Server-Timing header: nobody knows where they waited."
    if tally.failures:
        text += f" {failed(tally)}."
    return Verdict("no-data", text, f"Set SERVER_TIMING=true for gunicorn, {WITH_HEADER}.", {"SERVER_TIMING": "true"})


def generator(judgement: Judgement) -> Verdict:
    """Locust is the limit."""
    text = f"The load generator is the limit: {'; '.join(judgement.reasons)}. So the figures are not the app's."
    quota, variables = judgement.quota_cpus, {}
    if quota and judgement.throttled_percent >= THROTTLED_MOST * 100:
        advice = f"Give Locust more than {quota:g} CPU"
    else:
        free = min(judgement.cores, int(quota)) if quota else judgement.cores
        more = max(2, judgement.processes + 1)
        advice = "Run Locust on another machine than the app"
        if more <= free:
            advice, variables = f"Set LOCUST_PROCESSES={more}", {"LOCUST_PROCESSES": str(more)}
    advice += ", and use FastHttpUser rather than HttpUser (a quarter of the CPU)."
    return Verdict("generator", text, advice, variables)


def mixed_up(reasons: list[str], figures: Figures) -> Verdict:
    """The figures cannot be those of one gunicorn, or of several with one setting."""
    several = figures.there.seen > 1
    who = f"of {figures.there.seen} instances of one gunicorn's setting" if several else "of one gunicorn"
    others = "They are of others, too" if several else "They are of several ones"
    text = (
        f"These figures cannot be {who}: {'; '.join(reasons)}. {others}, or of a cache, or "
        "gunicorn was started anew meanwhile, so nothing follows from them."
    )
    advice = "Test one instance of the app, past any cache, with one setting from the start of the test to its end."
    if several:
        advice = "Test past any cache, with one setting and the same instances from the start of the test to its end."
    return Verdict("mixed-up", text, advice)


def errors(tally: Tally, figures: Figures, beside: Verdict) -> Verdict:
    """Requests fail; beside is what the times of all requests would be called."""
    text = f"{failed(tally)}. Times and throughput of a failing app say little about a working one."
    worst = max(figures.routes, key=lambda route: route.failures)
    if len(figures.routes) > 1 and worst.failures > tally.failures / 2:
        text += f" {percent(worst.failures / tally.failures)} of the failures are of {worst.name}."
    if (unanswered := min(tally.failures, tally.requests - tally.timed)) > tally.failures / 2:
        text += (
            f" {unanswered} of them have no header, so the app did not answer them: a client or a front end waited no "
            "longer, or refused them, or a worker ended."
        )
    if tally.errors.get("HTTP 404", 0) == tally.requests:
        pages = "without a locustfile.py in the app's folder, LOCUST_PATHS=/,/products names them"
        return Verdict("errors", text, f"Ask for pages that are there: {pages}.")
    advice = (
        "Look at the list of failures and the app's log first. If a larger share fails than with fewer slots, go back "
        "to these: something behind the app refuses more requests at a time."
    )
    if beside.code in LIMITS:
        text += f" By the times alone this is `{beside.code}`: {beside.text}"
        advice += f" If the failures have another reason, or are of requests that waited too long: {beside.suggestion}"
    return Verdict("errors", text, advice)


def failed(tally: Tally) -> str:
    """Say how many requests failed, and of what mostly."""
    kind, number = max(tally.errors.items(), key=lambda item: item[1])
    most = "" if number < tally.failures / 2 else f", {'all' if number == tally.failures else 'most'} with {kind}"
    share = percent(tally.failures / tally.requests)
    return f"{tally.failures} of {plural(tally.requests, 'request')} failed ({share}{most})"


def stuck(missing: int, waited: Waited, figures: Figures | None) -> Verdict:
    """Users wait for responses that do not come."""
    text = (
        f"On average, {missing} of {plural(waited.users, 'user')} were waiting for a response that has not come: what "
        f"ended in {waited.seconds:.0f} s accounts for the others only."
    )
    if figures is None:
        text = f"No request of {plural(missing, 'user')} has ended in {waited.seconds:.0f} s."
    where = " It is the app, or something in the locustfile before they ask it." if figures is None else ""
    advice = (
        f"Find what they wait for.{where} If it has no end, give it a time limit: a call without a timeout, a lock "
        "that is not given back. `py-spy dump --pid` of a worker shows each thread's line. SLOT_REQUEST_SECONDS bounds "
        "what a request may hold. If it is meant to last, as streams and long polls are, each needs a slot for so "
        "long, beside those of the other requests."
    )
    if figures is not None:
        advice = f"{kept(figures, 'no more slots for requests that hang: these would be held, too.')} {advice}"
    return Verdict("stuck", text, advice)
