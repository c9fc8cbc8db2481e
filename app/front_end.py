"""The client's address, scheme and host behind Azure App Service's front end, and only there.

The front end reaches the container from a link-local address and adds `X-Forwarded-For: ip:port` (with
the port), `X-Forwarded-Proto` and `Disguised-Host`. Anyone else can send the same headers, so they count
only on App Service (it sets WEBSITE_SITE_NAME) and only from such an address.
"""

import ipaddress
import os
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

FRONT_END = ipaddress.ip_network("169.254.0.0/16")
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def trusted_only(app: Wsgi) -> Wsgi:
    """Wrap a WSGI app so that forwarded headers count from App Service's front end and nowhere else."""
    restored = ProxyFix(app, x_for=1, x_proto=1, x_host=1)

    def middleware(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not from_front_end(environ.get("REMOTE_ADDR", "")):
            return app(environ, start_response)
        # The last entry is the front end's own; what stands before it, the client may have sent.
        client = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]
        trusted = (without_port(client), environ.get("HTTP_X_FORWARDED_PROTO"), environ.get("HTTP_DISGUISED_HOST"))
        for name, value in zip(FORWARDED, trusted, strict=True):
            environ[name] = value or ""
        return restored(environ, start_response)

    return middleware


def from_front_end(peer: str) -> bool:
    """Whether a peer's address is that of App Service's front end."""
    try:
        return bool(os.environ.get("WEBSITE_SITE_NAME")) and ipaddress.ip_address(peer) in FRONT_END
    except ValueError:
        return False


def without_port(address: str) -> str:
    """Return the address of `1.2.3.4:5678`, `[::1]:5678` or a bare address; empty where it is none."""
    address = address.strip()
    host = address[1:].partition("]")[0] if address.startswith("[") else address
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""
