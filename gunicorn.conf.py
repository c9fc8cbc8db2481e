# gunicorn-slots 0.2.0 (MIT), copied from that project, with its folder gunicorn_slots/. Its CHANGELOG says what is new.
"""gunicorn's settings. Edit them here, or set GUNICORN_<SETTING> in the environment, for instance GUNICORN_THREADS=12.

gunicorn finds this file by itself in the folder that it starts in. The folder gunicorn_slots/ belongs beside it.
What a setting does: https://gunicorn.org/reference/settings/
"""

import os
import sys

# The last place to look, and only for this: a module of the app's own comes before one that lies beside this file.
sys.path.append(os.path.dirname(os.path.abspath(__file__)))
try:
    from gunicorn_slots import environment, hooks, preflight, settings
except ModuleNotFoundError as missing:
    raise SystemExit(f"gunicorn.conf.py: {missing}: copy the folder gunicorn_slots/ to where this file is") from None
finally:
    sys.path.pop()

# --- the settings --------------------------------------------------------------------------------

# Processes. gunicorn's own rule of thumb, 2 x vCPU + 1, and the vCPUs as the container has them: measure from there.
workers = environment.default_workers()

# Requests that each process serves at a time. More help requests that wait; none help requests that compute.
threads = 6

# Takes a connection only for a free thread, so that workers x threads requests are served at a time, not up to that
# many. "gthread" is gunicorn's own worker for threads, "sync" its default for one thread.
worker_class = "gunicorn_slots.SlotWorker"

# gunicorn's own is 127.0.0.1, where nobody reaches it from outside of a container. PORT sets the port alone.
bind = "0.0.0.0:8000"

# Seconds without a sign of life until a worker is killed: App Service's value. With threads it bounds no request;
# SLOT_REQUEST_SECONDS does.
timeout = 600

# A line per request, and everything else: stdout and stderr, where a container host looks for them.
accesslog = "-"
errorlog = "-"

# Nobody may set the scheme or the path of a request, as nothing is in front of a container by default. Behind a proxy
# that you trust: its addresses.
forwarded_allow_ips = ""

# Heartbeats on a disk can block a worker, and /tmp is a disk in a container. https://gunicorn.org/faq
worker_tmp_dir = preflight.usable("/dev/shm")

# It writes below HOME, which a container often cannot, and had deadlocks (gunicorn #3509).
control_socket_disable = True

# --- the environment comes before these ----------------------------------------------------------

# GUNICORN_<SETTING>, then App Service's names, then WEB_CONCURRENCY and PORT. gunicorn itself puts GUNICORN_CMD_ARGS
# and the command line on top. A bad value, from wherever it comes, ends the start with one line.
SETTLED = settings.settle(globals(), os.environ, sys.argv[1:])
globals().update(SETTLED.values)

# --- gunicorn's hooks ----------------------------------------------------------------------------

# Write yours here as gunicorn documents them, for instance `def post_fork(server, worker): ...` or
# `def child_exit(server, worker): ...`. Each of them runs besides what this adds: the start line, the Server-Timing
# header, why an app does not start, and that a worker was killed for lack of memory.
globals().update(hooks.beside(globals(), SETTLED))
