"""The sweep: which workers and threads should I ship, for this app on this plan?

`python -m sweep` measures settings, each with a fresh gunicorn under this repository's configuration and a fresh
Locust, and recommends one. Three wings along the way of the data, each of which knows only those before it:

    options, records, folder    what was asked, a run, and the folder that a sweep writes and goes on from

    measure/    machine         which cores the app and Locust get
                target          what is measured, the same for all settings
                preflight       what the app's own Python says beforehand
                measurement     one run of one setting:
                  server          a gunicorn and its observer from outside
                  generator       a Locust, which is locust_main
                  evidence        what their logs say
                  processes       how they are started, by launch, and ended whatever happens, by guard

    decide/     prediction      from the probe and the first runs to the bounds of every setting
                cells           the runs of a setting, together: means, intervals, what failed
                ranking         which settings may be recommended, and which of them are tied
                recommendation  the one to ship, in words; paste has the lines to paste
                findings        all of these of one sweep
                search          which setting to measure next, and why the others are skipped
                comparison      two sweeps side by side

    report/     view            what the report shows, with charts and heatmaps
                pages           report.html, report.md, results.csv (spreadsheet)
                progress        while it runs; side_by_side for a comparison, both on the terminal

    loop        measures what the search asks for, until nothing is left
    cli         the command line; parameters are its types
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# For explain_laws and explain_types, which lie flat beside the scenarios; at the end, so that nothing is shadowed.
sys.path.append(str(ROOT / "locustfiles"))
