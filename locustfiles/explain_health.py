"""The health check of Locust's container: its web UI answers, if it has one. `python explain_health.py`."""

from __future__ import annotations

import http.client
import os
import ssl
import sys
from collections.abc import Mapping

SECONDS = 5.0
YES = ("true", "yes", "on", "1")


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Return 0 if it is healthy; without a web UI there is nothing to ask."""
    if any(environ.get(name, "").lower() in YES for name in ("LOCUST_HEADLESS", "LOCUST_MODE_WORKER")):
        return 0
    # http.client asks no proxy, whatever Docker's own configuration puts into the environment.
    port = int(environ.get("LOCUST_WEB_PORT") or 8089)
    if environ.get("LOCUST_TLS_CERT"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is this container's own
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", f"{environ.get('LOCUST_WEB_BASE_PATH', '')}/")
        return int(connection.getresponse().status >= 400)
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
