"""Starts a program on given cores that dies when its parent does: `python launch.py PARENT CORES PROGRAM …`.

A process in between, as code that runs between fork and exec is not safe beside the thread that draws the progress.
Standard library only, and no import of the package: gunicorn's Python need not have it.
"""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(argv: list[str]) -> None:
    """Become the program.

    Args:
        argv: the parent's process id, the cores separated by commas or "" for all, the program and its arguments.
    """
    parent, cores, program = int(argv[0]), argv[1], argv[2:]
    with contextlib.suppress(OSError, AttributeError):  # not Linux
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before that call
        sys.exit(1)
    if cores:
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    os.execvp(program[0], program)  # noqa: S606 no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
