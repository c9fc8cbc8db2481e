# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""A server's start until its app is loaded: whatever keeps it from that is said once, by the arbiter, at the end.

Each worker loads the app by itself, so each would say the same. They tell the arbiter through a pipe instead.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from gunicorn_slots import note
from gunicorn_slots.cgroup import memory_limit, oom_kills
from gunicorn_slots.failure import told, where

LOADED, FAILED, END = b"+", b"-", b"\0"
TOLD_MOST = 4000  # bytes; a pipe takes so many in one piece
LONG_SECONDS = 20.0


class Boot:
    """The start of a server with one configuration.

    Attributes:
        loaded: whether a worker has loaded the app.
        reason: why none has.
        ended: how many workers have ended before one had; halting: whether the server ends for it.
        first: the age of the first worker, which says for all of them where loading hangs.
        done: called when the app is loaded; said: whether it took long.
    """

    def __init__(self, server: Any) -> None:
        self.log, self.folder, self.arbiter = server.log, server.cfg.chdir, os.getpid()
        self.loaded, self.reason, self.ended, self.kills = False, "", 0, oom_kills()
        self.said = self.halting = False
        self.done: Callable[[], None] = lambda: None
        self.first = server.worker_age + 1 if hasattr(server, "worker_age") else 1
        self.read_end, self.write_end = os.pipe()
        for end in (self.read_end, self.write_end):
            os.set_blocking(end, False)
        if server.cfg.preload_app:  # here and now, and not in a worker
            server.app.load = functools.partial(self.preload, server.app)

    def close(self) -> None:
        """Give the pipe back, as the next configuration has its own."""
        os.close(self.read_end)
        os.close(self.write_end)

    # --- in the process that loads the app -----------------------------------------------------

    def preload(self, app: Any) -> Any:
        """Load the app before there are workers."""
        load = functools.partial(type(app).load, app)
        try:
            with self.watched():
                loaded = load()
        except (Exception, SystemExit) as error:
            self.reason = told(error, self.folder)
            self.say_why()
            raise SystemExit(Arbiter.APP_LOAD_ERROR) from None
        del app.load  # after a HUP, say, it may be for the workers to load it
        return loaded

    def attend(self, worker: Any) -> None:
        """Have a worker tell what keeps it from loading the app. As post_fork."""
        begin = worker.init_process

        def init_process() -> None:
            watched = self.watched() if worker.age == self.first else contextlib.nullcontext()
            try:
                with watched as end:
                    self.done = end or self.done
                    begin()
            except (Exception, SystemExit) as error:
                told_to_end = not worker.alive
                if worker.booted or (told_to_end and isinstance(error, SystemExit)):
                    raise
                if not told_to_end:
                    self.tell(FAILED + told(error, self.folder).encode()[:TOLD_MOST] + END)
                raise SystemExit(0) from None  # of each other status the arbiter says a line, and of two a traceback

        worker.init_process = init_process

    def note_loaded(self) -> None:
        """A worker has loaded the app. As post_worker_init."""
        self.done()
        if self.said:
            note.clear()
        self.tell(LOADED)

    def tell(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # full: the arbiter has heard enough
            os.write(self.write_end, message)

    @contextlib.contextmanager
    def watched(self) -> Iterator[Callable[[], None]]:
        """Say after a while where loading the app is; yields what ends that. By a signal, as apps may patch threads."""
        before = signal.signal(signal.SIGALRM, self.say_where)
        signal.setitimer(signal.ITIMER_REAL, LONG_SECONDS)

        def end() -> None:
            if signal.getsignal(signal.SIGALRM) == self.say_where:  # else the app has a use of its own for it
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)

        try:
            yield end
        finally:
            end()

    def say_where(self, _signal: int, frame: FrameType | None) -> None:
        """Say where the app is, in its own files."""
        self.said = True
        text = "\n".join([f"the app is still loading after {LONG_SECONDS:.0f} s", *where(frame, self.folder)])
        self.log.warning("gunicorn_slots: %s", text)
        note.write(text)

    # --- in the arbiter ------------------------------------------------------------------------

    def listen(self) -> None:
        """Hear what workers have told."""
        heard = b""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.read_end, 65536):
                heard += data
        for part in heard.split(END):
            plain, failed, text = part.partition(FAILED)
            self.loaded = self.loaded or LOADED in plain
            if failed and not self.reason:
                self.reason = text.decode(errors="replace")

    def note_end(self, server: Any, worker: Any) -> bool:
        """Note the end of a worker, and say whether the app had been loaded. As child_exit.

        One that was there before this configuration has no say in that: a reload ends them all.

        Raises:
            HaltServer: the app cannot be loaded. Also where each worker has had its try and one more, none could say
                why, and gunicorn would go on for ever.
        """
        if worker.age < self.first:
            return True
        self.listen()
        self.ended += not self.loaded
        if not self.reason and not self.loaded and self.ended > server.num_workers:
            killed = oom_kills() > self.kills
            self.reason = f"the app does not start: {self.ended} workers ended before they had loaded it, " + (
                f"as the kernel has killed some for lack of memory: the limit is {memory_limit()}"
                if killed
                else "as the lines above say"
            )
        serving = bool(server.LISTENERS) or server.cfg.reuse_port  # else it ends anyway
        if self.reason and serving and not self.halting:
            self.halting = True
            raise HaltServer("App failed to load.", Arbiter.APP_LOAD_ERROR)
        return self.loaded

    def say_why(self) -> None:
        """Say why the server ends, if the app is the reason. As on_exit."""
        self.listen()
        if self.reason and os.getpid() == self.arbiter:
            note.write(self.reason)
            self.log.error("gunicorn_slots: %s", "the same again" if note.was_said(self.reason) else self.reason)
