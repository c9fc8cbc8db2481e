# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""How long a request has waited, as the kernel knows it: in its queue or in a worker's, until the app got it.

The kernel notes when the last data came on a connection. Read when the app gets the request, that is the time since the
request's last byte, wherever it waited meanwhile. Prior art: `Raindrops::LastDataRecv` in Ruby. It never says too much,
but for the tick of the kernel's clock (4 ms or 1 ms); of a request whose body is still arriving it says too little.
"""

from __future__ import annotations

import functools
import socket
import struct
import time
from typing import Any

# struct tcp_info of linux/tcp.h has tcpi_last_data_sent and tcpi_last_data_recv, in ms, at these places.
LAST_DATA = struct.Struct("44xI4xI")

TICK_SECONDS = 0.03  # longer than any tick


def last_data_ms(sock: Any) -> tuple[int, int] | None:
    """Return for how many ms no data has gone to the peer, and come from it; None where nobody counts."""
    try:
        sent, received = LAST_DATA.unpack(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA.size))
    except (AttributeError, OSError, struct.error):
        return None
    return sent, received


def queue_ms(environ: dict[str, Any]) -> float | None:
    """Return how long the request of a WSGI environ has waited so far, in ms; None if that is not known."""
    # On an HTTP/2 connection the last data may be another request's.
    if not is_counted() or "gunicorn.http2.send_trailers" in environ:
        return None
    known = last_data_ms(environ.get("gunicorn.socket"))
    return float(known[1]) if known else None


@functools.cache
def is_counted() -> bool:
    """Whether this kernel counts: a sandbox may say 0 for everything, which would pass for no wait."""
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            socket.create_connection(listener.getsockname()) as peer,
        ):
            sock, _ = listener.accept()
            with sock:
                peer.sendall(b"x")
                time.sleep(TICK_SECONDS)
                known = last_data_ms(sock)
    except OSError:
        return False
    return known is not None and known[1] > 0
