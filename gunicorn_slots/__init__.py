# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Exact slots for gunicorn: `-k gunicorn_slots.SlotWorker` serves exactly workers × threads requests at a time.

gunicorn's own gthread worker goes on accepting connections while all its threads are busy, and they wait there although
other workers have free threads. `SlotWorker` takes a connection only for a free thread, and lets no client and no
request that hangs keep one. It needs the standard library and gunicorn only, on Python 3.10 or newer.

    gunicorn -k gunicorn_slots.SlotWorker --workers 3 --threads 6 app:app

Beside it, for a gunicorn.conf.py: every setting from the environment, checked before anything is served (`settings`),
the vCPUs that a container really has (`cgroup`), and a Server-Timing header for any app (`server_timing`).
"""

from gunicorn_slots.versions import TESTED, __version__
from gunicorn_slots.worker import SlotWorker

__all__ = ["TESTED", "SlotWorker", "__version__"]
