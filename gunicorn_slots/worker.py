# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""SlotWorker: takes a connection while a thread is free."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import Any

from gunicorn.http.body import ChunkedReader

from gunicorn_slots import answers, arbiter, arrival, exactness, preflight, server_timing, settings, startup
from gunicorn_slots.aside import Lingering, Parked
from gunicorn_slots.connection import CheckedReader, GivenUpError, SlotConnection, described
from gunicorn_slots.draining import Draining, Farewell
from gunicorn_slots.ending import EndingWorker, LastOnes
from gunicorn_slots.hanging import HangWatch
from gunicorn_slots.limits import Limits
from gunicorn_slots.shaking import Shaking
from gunicorn_slots.sockets import defer_silent, notice_gone
from gunicorn_slots.sparing import Sparing
from gunicorn_slots.stand_in import StandIn, configuration, is_needed


class SlotWorker(EndingWorker):
    """gthread, but a worker takes a connection only while it has a free thread for it.

    gthread accepts up to `worker_connections` (1000). With all threads busy the surplus waits in that worker's queue,
    while other workers have free threads. Here it stays in the kernel's queue, which all workers share. So there is no
    keep-alive: a kept connection is bound to one worker, and its next request would have to wait for that one.

    No client keeps a slot by being silent (`Parked`), slow to send (`Shaking`, `PatientSocket`) or to close
    (`Lingering`), and no request by hanging (`HangWatch`). A worker that ends waits for its requests for long
    (`Draining`), while a new one serves in its place (`ReplacingArbiter`); when all of the server stops, the arbiter
    waits for nobody after graceful_timeout.
    With an untested gunicorn, or settings that contradict exact slots, `StandIn` takes its place, and the start line
    says so. docs/exact-slots.md of this project has the measurements behind all this.
    """

    exact_slots = True

    @classmethod
    def setup(cls) -> None:
        """Called by the arbiter with each configuration, before it forks."""
        settings.check_or_end(os.environ)
        arrival.is_counted()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Called by the arbiter at the start; here nothing is kept alive, so gthread's warning is none."""
        startup.announce(cfg, log)
        preflight.check_or_end(cfg)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        cls.setup()  # `raw_env` has been set meanwhile
        cfg, log = configuration(args, kwargs)
        startup.announce(cfg, log)  # after HUP nobody checks the configuration
        if is_needed(cfg):
            return StandIn(*args, **kwargs)
        arbiter.replace(cfg)
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.limits = Limits.of(os.environ)
        self.aside = self.parked, self.shaking, self.lingering = Parked(self), Shaking(self), Lingering(self)
        self.watch, self.sparing = HangWatch(self, self.limits.request), Sparing()
        self.last_ones, self.draining = LastOnes(self), Draining(self, self.limits.drain)
        self.farewell = Farewell()
        super().__init__(*args, **kwargs)

    def init_process(self) -> None:
        exactness.apply(self.cfg)  # so that gthread announces no keep-alive
        defer_silent(self.sockets)  # not before the fork: HUP may bind anew
        self.sparing.begin(self.log)
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        answers.note_begun(self.cfg)
        server_timing.install(self, held=self.watch.held)

    # --- taking connections --------------------------------------------------------------------

    @property
    def worker_connections(self) -> int:
        """How many connections the main loop may hold before it stops accepting; all those that are aside count too."""
        if self.parked.keeps_all or self.shaking.keeps_all:  # the kernel can keep the others
            return 0
        return int(self.cfg.threads) + sum(map(len, self.aside))

    @worker_connections.setter
    def worker_connections(self, value: int) -> None:
        pass  # gthread's constructor sets it from the configuration

    def accept(self, listener: Any) -> bool:
        """Take a connection; say whether there may be another one to take."""
        if self.nr_conns >= self.worker_connections:
            return False  # two listeners were ready, and one slot was free
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False
        except OSError as error:
            # Out of file descriptors: give up a connection that is as good as over, and try again.
            out = error.errno in (errno.EMFILE, errno.ENFILE)
            if not out or not (self.lingering.end_oldest() or self.parked.end_oldest()):
                raise
            return False
        conn = SlotConnection(self.cfg, sock, client, listener.getsockname(), self.limits, self.lingering.begin)
        notice_gone(sock, self.limits.request)
        self.nr_conns += 1
        try:
            gone = not sock.recv(1, socket.MSG_PEEK)
        except OSError as error:
            if isinstance(error, BlockingIOError) and self.parked.add(sock, conn):
                return True  # it has sent nothing yet, and takes no slot
            gone = True
        if gone:
            self.nr_conns -= 1
            conn.close()
        else:
            self.enqueue_req(conn)
        return True

    # --- serving them --------------------------------------------------------------------------

    def enqueue_req(self, conn: SlotConnection) -> None:
        if conn.cfg.is_ssl and not conn.shaken:
            self.shaking.begin(conn)
        else:
            self.watch.begin(conn)
            super().enqueue_req(conn)

    def handle(self, conn: SlotConnection) -> Any:
        """Runs in a thread of the pool."""
        self.watch.start(conn)
        try:
            return super().handle(conn)
        except GivenUpError as error:
            self.log.warning("Gave up on %s", error)
            if not getattr(conn.parser.mesg, "begun", False):
                answers.refuse(conn.sock, error.status)
            return False
        except BaseException:  # sys.exit() in a view, say: raised again on the main loop, it would end the worker
            self.log.exception("Error handling request of %s", described(conn))
            return False
        finally:
            self.watch.running.discard(conn)

    def handle_request(self, req: Any, conn: SlotConnection) -> Any:
        if isinstance(req.body.reader, ChunkedReader):
            req.body.reader = CheckedReader(conn, req.body.reader)
        try:
            return super().handle_request(req, conn)
        except OSError as error:
            if error.errno not in (errno.ETIMEDOUT, errno.EHOSTUNREACH):
                raise
            raise GivenUpError(conn, error.strerror) from None  # see notice_gone()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        super().handle_error(req, answers.Mended(client), addr, answers.clients_own(exc))

    def finish_request(self, conn: SlotConnection, fs: Any) -> None:
        if not self.watch.end(conn):  # what it ends with concerns nobody
            conn.close()
        elif fs.cancelled():  # it waited for threads that hang
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    # --- time passes --------------------------------------------------------------

    def murder_pending(self) -> None:
        """Called by the main loop at least once a second, and after each batch of events."""
        super().murder_pending()
        now = time.monotonic()
        self.watch.look(now)
        self.last_ones.take(now)
        self.draining.look(now)
        for aside in self.aside:
            aside.end_expired(now)
        self.sparing.say(now)
