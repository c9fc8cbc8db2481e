# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""SlotWorker: takes a connection while a thread is free."""

from __future__ import annotations

import errno
import os
import time
from typing import Any

from gunicorn.http.body import ChunkedReader

from gunicorn_slots import answers, arbiter, arrival, exactness, joined, preflight, server_timing, settings, startup
from gunicorn_slots.connection import CheckedReader, GivenUpError, NothingYetError, SlotConnection, described
from gunicorn_slots.draining import Draining, Farewell
from gunicorn_slots.ending import EndingWorker, LastOnes
from gunicorn_slots.hanging import HangWatch
from gunicorn_slots.known import know_all
from gunicorn_slots.limits import LOOK_SECONDS, Limits
from gunicorn_slots.poller import poller
from gunicorn_slots.sockets import defer_silent
from gunicorn_slots.sparing import Sparing
from gunicorn_slots.stand_in import StandIn, configuration, is_needed
from gunicorn_slots.taking import TakingWorker
from gunicorn_slots.unread import closes, has_body


class SlotWorker(EndingWorker, TakingWorker):
    """gthread, but a worker takes a connection only while it has a free thread for it.

    gthread accepts up to `worker_connections` (1000). With all threads busy the surplus waits in that worker's queue,
    while other workers have free threads. Here it stays in the kernel's queue, which all workers share, and a kept
    connection whose next request finds its worker busy goes into another one, which they share, too (`Handover`).

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
        """Called by the arbiter at the start; what is kept here takes no thread, so gthread's warning is none."""
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
        self.watch, self.sparing = HangWatch(self, self.limits.request), Sparing()
        self.last_ones, self.draining = LastOnes(self), Draining(self, self.limits.drain)
        self.farewell = Farewell()
        self.looked_at = 0.0
        super().__init__(*args, **kwargs)

    def init_process(self) -> None:
        self.kept.seconds = exactness.keep_seconds(self.cfg)
        self.cfg.set("keepalive", self.kept.seconds)
        defer_silent(self.sockets)  # not before the fork: HUP may bind anew
        self.sparing.begin(self.log)
        super().init_process()

    def load_wsgi(self) -> None:
        self.poller.close()
        self.poller: Any = poller()  # in the place of the one that gunicorn has just made
        super().load_wsgi()
        know_all(self.cfg)
        answers.note_begun(self.cfg)
        joined.join()
        server_timing.install(self, held=self.watch.held)

    # --- serving them --------------------------------------------------------------------------

    def enqueue_req(self, conn: SlotConnection) -> None:
        """Have a thread of the pool serve a connection that has a slot."""
        self.watch.begin(conn)
        self.tpool.submit(conn)

    def work(self, conn: SlotConnection | None) -> bool:
        """Serve a connection in a thread of the pool, and then what waits, as long as something does.

        Returns:
            Whether the thread is needed: another one has taken the place of one that has hung.
        """
        while conn is not None:
            kept = self.handle(conn)
            if not self.watch.end(conn):  # it was given up, and its slot with it
                conn.close()
                return False
            self.part(conn, kept)
            conn = self.after()
            if conn:
                self.watch.begin(conn)
        return True

    def part(self, conn: SlotConnection, kept: bool) -> None:
        """Leave a connection whose response is written."""
        try:
            if not kept:
                conn.close(graceful=True)
                return
            conn.again()
            if conn.has_read_ahead:
                self.ahead.append((time.monotonic(), conn))
            elif not self.kept.add(conn.sock, conn):
                conn.close(graceful=True)
        except Exception:
            self.log.exception("Error after a request of %s", described(conn))
            conn.close()

    def handle(self, conn: SlotConnection) -> Any:
        """Runs in a thread of the pool."""
        self.watch.start(conn)
        try:
            return super().handle(conn)
        except NothingYetError:
            return True
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
        if self.kept.seconds and has_body(req):
            req.should_close = closes(conn, req.should_close, req)
        try:
            return super().handle_request(req, conn)
        except OSError as error:
            if error.errno not in (errno.ETIMEDOUT, errno.EHOSTUNREACH):
                raise
            raise GivenUpError(conn, error.strerror) from None  # see notice_gone()
        finally:
            vars(req).pop("should_close", None)  # it knows the request: only the garbage collector would free the two

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        super().handle_error(req, answers.Mended(client), addr, answers.clients_own(exc))

    # --- time passes ---------------------------------------------------------------------------

    def murder_pending(self) -> None:
        """Called by the main loop at least once a second, and after each batch of events."""
        now = time.monotonic()
        if self.pending:
            self.pass_on(now)
        if self.alive and now - self.looked_at < LOOK_SECONDS:
            return
        self.looked_at = now
        self.watch.look(now)
        if self.alive:
            self.set_accept_enabled(True)
        self.fill()
        self.last_ones.take(now)
        self.draining.look(now)
        self.kept.look(now)
        for aside in self.aside:
            aside.end_expired(now)
        self.sparing.say(now)
