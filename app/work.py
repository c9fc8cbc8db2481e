"""The two ways in which a request spends its time."""

import time


def wait(ms: float) -> None:
    """Wait for `ms` milliseconds as for a remote API or a database: the thread is busy, the CPU is not."""
    time.sleep(ms / 1e3)


def burn(ms: float) -> None:
    """Use `ms` milliseconds of this thread's CPU time in pure Python, so under the GIL.

    CPU time, not wall time: with other threads on the same core it takes as much longer as they use.
    """
    end = time.thread_time() + ms / 1e3
    while time.thread_time() < end:
        sum(range(200))
