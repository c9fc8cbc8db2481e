"""The page that explains a run: its files, what it shows, and all of it as one file that opens without a network.

The page draws one JSON object, an Analysis with a PageData. Locust's web UI gives it a new one every two seconds, and a
file has it inside.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from explain_paste import Started, pastes
from explain_text import waiting
from explain_types import Analysis, PageData, Timeline

HERE = Path(__file__).resolve().parent
# In the repository the page's files have a folder; where all files were laid flat side by side, as in a ConfigMap, they
# lie here, or were left behind.
FOLDER = next((folder for folder in (HERE / "web", HERE) if (folder / "explain.html").is_file()), None)
# The page loads these, and nothing from anywhere else.
UPLOT = "uPlot-1.6.32"
STYLES = (f"{UPLOT}.min.css", "explain.css")
SCRIPTS = (f"{UPLOT}.iife.min.js", "explain_words.js", "explain_plots.js", "explain_copy.js", "explain.js")
ASSETS = (*STYLES, *SCRIPTS, "explain_bar.js", "uPlot-LICENSE.txt")
# Whatever a name of a route or an app has in it: the browser runs no script but these, and asks nobody else.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'"


def found(analysis: Analysis, timeline: Timeline, state: str, how: Started) -> dict[str, Any]:
    """Return what the page shows of a run, as JSON has it.

    Args:
        analysis: of the run.
        timeline: the run over time.
        state: of Locust, or "kept" for a run that is over.
        how: the app was started.
    """
    lines = pastes(analysis.verdict.variables, analysis.setting, how)
    return asdict(analysis) | asdict(PageData(state, waiting(analysis), timeline, tuple(lines)))


def standalone(run: Mapping[str, Any], title: str, sections: str = "") -> str:
    """Return the page of a run as one file.

    Args:
        run: what `found` returns.
        title: of the run, as text.
        sections: further HTML for the end of the page, each a <section>, its texts escaped already.

    Raises:
        FileNotFoundError: the page's files were left behind.
    """
    if FOLDER is None:
        raise FileNotFoundError("explain.html: expected beside explain_page.py, or in the folder web/ there")
    verdict = run["verdict"]
    words = f"<p>{escaped(verdict['text'])} {escaped(verdict['suggestion'])}</p>"
    page = (FOLDER / "explain.html").read_text(encoding="utf-8")
    page = re.sub("<title>.*?</title>", lambda _: f"<title>{escaped(title)}</title>", page)
    page = page.replace('<p id="state">', f'<p id="name">{escaped(title)}</p>\n  <p id="state">')
    page = re.sub("<noscript>.*?</noscript>", lambda _: f"<noscript>{words}</noscript>", page)
    styles = {name: (FOLDER / name).read_text(encoding="utf-8") for name in STYLES}
    scripts = {name: (FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS}
    charset = '<meta charset="utf-8">'
    page = page.replace(charset, f"{charset}\n{policy(scripts.values(), styles.values())}")
    for name, text in styles.items():
        page = page.replace(f'<link rel="stylesheet" href="explain/{name}">', f"<style>{text}</style>")
    for name, text in scripts.items():
        page = page.replace(f'<script src="explain/{name}"></script>', f"<script>{text}</script>")
    # In a script nothing but "<" can end it.
    data = json.dumps(run).replace("<", "\\u003c")
    page = page.replace("<!-- The run, in a file. -->", f'<script type="application/json" id="run">{data}</script>')
    return page.replace("<!-- Further sections, in a file. -->", sections)


def escaped(text: str) -> str:
    """Return a text as HTML; what no file can hold, as of an app that answers in another encoding, as "?"."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return the policy of a page in one file, which allows these scripts and styles by their hashes."""
    rules = (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; img-src data:; base-uri 'none'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'


def hashes(texts: Iterable[str]) -> str:
    """Return the texts' hashes as a policy names them."""
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
