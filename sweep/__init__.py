"""The sweep: which workers and threads should I ship, for this app on this plan?

`python -m sweep` measures settings, each with a fresh gunicorn under this repository's configuration and a fresh
Locust, and recommends one. Three wings along the way of the data; each module knows only those above it:

    options, records            what was asked; a setting, a run, and what else passes from wing to wing
    folder, errors              what a sweep writes and goes on from; what it refuses, in one line
    kept                        a run that Locust kept, for `compare`

    measure/    machine         which cores gunicorn and Locust get
                processes       starts programs by launch, and ends them whatever happens, by guard
                preflight       what the app's own Python says beforehand
                target          what is measured, the same for all settings
                evidence        why a run failed, as the logs say it
                server          a gunicorn, looked at from outside by an observer
                generator       a Locust, which is locust_main
                measurement     one run of one setting

    decide/     prediction      from the probe and the first runs to the bounds of every setting
                failures        how many requests fail, against how many fail anyway
                cells           the runs of a setting, together: means, intervals, what failed
                limits          what holds a setting back, by what was measured
                slowdown        what happens to it when requests take longer
                instances       what several instances with it serve, and what nobody can know of that
                ranking         which settings may be recommended, and which of them are tied
                alternative     one worker that is as good
                recommendation  the one to ship, in words; paste has the lines to paste
                findings        all of these, of one sweep
                stock           what the search knows so far, and why a setting need not be tried
                moves           which setting is worth a first run
                search          which setting to measure next, and which ones again
                sides           what of a sweep, and of a run, can be compared
                comparison      two of these side by side
                holding         how much a setting holds: which rate next, and what the tries come to

    report/     text            figures and foreign text
                charts          a row for each setting; heatmaps have workers × threads
                view            what the report shows, and in which order
                pages           report.html, report.md, and results.csv, which is the spreadsheet
                progress        a sweep on the terminal; side_by_side are two of them
                limit_page      what --find-limit found: limit.html with the curve, and limit.json

    duration                    how long that takes, beforehand
    loop                        measures what the search asks for, until nothing is left
    session                     the loop on a terminal, from its first word to its report, however it ends
    limit                       --find-limit: rates, step by step, in place of settings
    parameters, cli             the types of the command line's options; the command line
    again                       the command that repeats a sweep
    own_app                     `make sweep APP_DIR=...`: the environment for an app of somebody else's
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# For explain_laws and explain_types, which lie flat beside the scenarios; at the end, so that nothing is shadowed.
sys.path.append(str(ROOT / "locustfiles"))
