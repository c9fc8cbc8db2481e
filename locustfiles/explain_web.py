"""The analysis in Locust's web UI: the tab "Why?", a page with plots, and the JSON behind both."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, request, send_from_directory

import explain_text
from explain_run import Explanation

HERE = Path(__file__).resolve().parent
# In the repository the page's files have a folder; where all files were laid flat side by side, as in a ConfigMap, they
# lie here, or were left behind.
FOLDER = next((folder for folder in (HERE / "web", HERE) if (folder / "explain.html").is_file()), None)
# The page loads these, and nothing from anywhere else.
ASSETS = ("explain.css", "explain.js", "uPlot-1.6.32.iife.min.js", "uPlot-1.6.32.min.css", "uPlot-LICENSE.txt")
TAB = "why"
# Locust's tabs have no room for a link, so it lies over the page's lower corner.
LINK = (
    '<a id="explain-link" href="./explain" style="position:fixed;right:1rem;bottom:3rem;z-index:9;padding:.4rem .8rem;'
    'border-radius:1rem;background:#15803d;color:#fff;font:600 14px sans-serif;text-decoration:none">Why? Plots</a>'
)


def install(environment: Any, explanation: Explanation) -> None:
    """Add the tab, the page and the JSON to the web UI, behind its login if it has one; no page without its files."""
    ui = environment.web_ui
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
        return sent("explain.html", max_age=0)

    @blueprint.route("/explain/data")
    @ui.auth_required_if_enabled  # type: ignore[untyped-decorator]
    def data() -> Response:
        found = asdict(explanation.analysis())
        further = {"state": environment.runner.state, "timeline": asdict(explanation.timeline())}
        return Response(json.dumps(found | further), mimetype="application/json", headers={"Cache-Control": "no-store"})

    @blueprint.route("/explain/<name>")
    @ui.auth_required_if_enabled  # type: ignore[untyped-decorator]
    def asset(name: str) -> Response:
        if name not in ASSETS:
            abort(404)
        return sent(name, max_age=3600)

    ui.app.register_blueprint(blueprint)

    @ui.app.after_request  # type: ignore[untyped-decorator]
    def extend(response: Response) -> Response:
        if response.status_code != 200:
            return response
        if request.endpoint == "locust.request_stats":
            rows = [{"what": what, "figure": figure} for what, figure in explain_text.rows(explanation.analysis())]
            answer = json.loads(response.get_data())
            # Locust caches this response for 2 s and sends it again.
            stats = [table for table in answer.get("extended_stats", []) if table["key"] != TAB]
            answer["extended_stats"] = [*stats, {"key": TAB, "data": rows}]
            response.set_data(json.dumps(answer))
        elif request.endpoint == "locust.index" and FOLDER:
            response.set_data(response.get_data(as_text=True).replace("</body>", f"{LINK}</body>"))
        return response


def sent(name: str, max_age: int) -> Response:
    """Return one of the page's files."""
    if FOLDER is None:
        abort(404)
    return send_from_directory(FOLDER, name, max_age=max_age)
