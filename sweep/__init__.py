"""The sweep: which workers and threads should I ship, for this app on this plan?

`python -m sweep` measures settings, each with a fresh gunicorn under this repository's configuration and a fresh
Locust, and recommends one. In the order in which a run goes through them:

    cli        options, and one line for a bad one
    machine    which cores the app and Locust get, and what the report says of the machine
    predict    from two probes to the bounds of every setting
    search     which setting to measure next, and why the others are skipped
    cell       one measurement: a gunicorn, a Locust, an observer from outside
    results    the folder that a sweep writes and goes on from
    summary    the runs of a setting, together: means, intervals, what failed
    recommend  the setting to ship, and what to paste
    report     report.html, report.md, results.csv; compare sets two of them side by side
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
