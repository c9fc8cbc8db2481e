"""The analysis in Locust's web UI: the tab "Why?", the verdict above all, a page, and the JSON behind these."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, request, send_from_directory

import explain_page
import explain_text
from explain_paste import started
from explain_run import Explanation
from explain_tables import with_verdict

TAB = "why"
# Locust's tabs have no room for a link, and its page none for a banner; so both are in the page before all of it, where
# they cover nothing.
BAR = (
    '<aside id="explain-bar" aria-label="Why?" style="display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:.4rem 1.5rem;'
    'background:#44403c;color:#fff;font:16px/1.4 system-ui,sans-serif"><strong role="status">Why?</strong>'
    '<a id="explain-link" href="./explain" style="color:#fff">Where requests wait, and what to set</a></aside>'
    '<script src="./explain/explain_words.js" defer></script><script src="./explain/explain_bar.js" defer></script>'
)
# Locust breaks no word, so the name of a route, a whole address where the scenario gives it none, would push what
# stands beside it out of the window. No other table of Locust's has two columns.
STYLE = (
    "<style>td:first-child:nth-last-child(2){min-width:7rem}"
    "tr:not(:has(> :nth-child(3))) > td{overflow-wrap:anywhere}</style>"
)


def install(environment: Any, explanation: Explanation) -> None:
    """Add the tab, the page and the JSON to the web UI, behind its login if it has one; no page without its files."""
    ui, how = environment.web_ui, started(os.environ)
    args = ui.template_args
    args["extended_tabs"] = [*args.get("extended_tabs", []), {"title": "Why?", "key": TAB}]
    columns = [{"key": "what", "title": "What"}, {"key": "figure", "title": "Figure"}]
    args["extended_tables"] = [*args.get("extended_tables", []), {"key": TAB, "structure": columns}]
    files = [{"href": "./explain/data", "title": "Download the analysis (JSON)"}]
    args["extended_csv_files"] = [*args.get("extended_csv_files", []), *files]

    base = getattr(environment.parsed_options, "web_base_path", "") or ""
    blueprint = Blueprint("explain", __name__, url_prefix=base)

    @blueprint.route("/explain")
    @ui.auth_required_if_enabled  # type: ignore[untyped-decorator] # Locust's
    def page() -> Response:
        answer = sent("explain.html", max_age=0)
        answer.headers["Content-Security-Policy"] = explain_page.POLICY
        return answer

    @blueprint.route("/explain/data")
    @ui.auth_required_if_enabled  # type: ignore[untyped-decorator]
    def data() -> Response:
        state = environment.runner.state
        return answered(explain_page.found(environment.keeper.analysis(), explanation.timeline(), state, how))

    @blueprint.route("/explain/verdict")
    @ui.auth_required_if_enabled  # type: ignore[untyped-decorator]
    def verdict() -> Response:
        found = explanation.analysis()
        return answered({"state": environment.runner.state, "code": found.verdict.code, "load": asdict(found.load)})

    @blueprint.route("/explain/<name>")
    @ui.auth_required_if_enabled  # type: ignore[untyped-decorator]
    def asset(name: str) -> Response:
        if name not in explain_page.ASSETS:
            abort(404)
        return sent(name, max_age=3600)

    ui.app.register_blueprint(blueprint)

    @ui.app.after_request  # type: ignore[untyped-decorator]
    def extend(response: Response) -> Response:
        if response.status_code != 200:
            return response
        if request.endpoint == "locust.request_stats":
            found = explain_text.rows(environment.keeper.analysis(), how)
            rows = [{"what": what, "figure": figure} for what, figure in found]
            answer = json.loads(response.get_data())
            # Locust caches this response for 2 s and sends it again.
            stats = [table for table in answer.get("extended_stats", []) if table["key"] != TAB]
            answer["extended_stats"] = [*stats, {"key": TAB, "data": rows}]
            response.set_data(json.dumps(answer))
        elif request.endpoint == "locust.index" and explain_page.FOLDER:
            page = response.get_data(as_text=True).replace("</head>", f"{STYLE}</head>", 1)
            response.set_data(page.replace("<body>", f"<body>{BAR}", 1))
        elif request.endpoint == "locust.stats_report":
            response.set_data(with_verdict(response.get_data(as_text=True), explanation.analysis()))
        return response


def answered(found: dict[str, Any]) -> Response:
    """Return JSON that no browser keeps."""
    return Response(json.dumps(found), mimetype="application/json", headers={"Cache-Control": "no-store"})


def sent(name: str, max_age: int) -> Response:
    """Return one of the page's files."""
    if explain_page.FOLDER is None:
        abort(404)
    return send_from_directory(explain_page.FOLDER, name, max_age=max_age)
