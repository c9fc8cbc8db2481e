"""What several of the apps do."""

import time


def compute(seconds: float) -> None:
    """Use so much CPU, in Python and so under the GIL."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(500))
