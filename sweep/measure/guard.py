"""Ends the process groups that a sweep has started when the sweep is gone, however it went.

A process of its own, in a session of its own: `kill -9` of the sweep closes the pipe that is this one's standard
input. A line `+123` puts group 123 under guard, `-123` takes it out again.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Guard until standard input ends."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
