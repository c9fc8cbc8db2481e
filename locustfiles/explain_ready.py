"""In Compose, when Locust's web UI answers: say which addresses can be clicked, and wait for the end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping

from explain_health import YES


def addresses(environ: Mapping[str, str]) -> str:
    """Return the lines.

    Args:
        environ: what the compose file has for the ports on 127.0.0.1.
    """
    port = environ.get("APP_PORT", "8000")
    app = "`docker compose port app 8000` says its port" if port == "0" else f"http://127.0.0.1:{port}"
    lines = [f"Your app:         {app}"]
    if environ.get("LOCUST_HEADLESS", "").lower() not in YES:
        scheme = "https" if environ.get("LOCUST_TLS_CERT") else "http"
        path = environ.get("LOCUST_WEB_BASE_PATH", "").rstrip("/")
        lines.append(f"Locust's web UI:  {scheme}://127.0.0.1:{environ.get('LOCUST_WEB_PORT', '8089')}{path}")
    return "\n".join(["", *lines, ""])


def main() -> None:
    """Print them, and end with Compose."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print(addresses(os.environ), flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
