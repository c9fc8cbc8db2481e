"""What the sweep refuses, in one line that names the input, its value and what was expected."""


class SweepError(Exception):
    """What ends the command line with this one line."""


class BadOptionError(SweepError):
    """An option that cannot be used."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        """Name the option, its value, and what was expected."""
        super().__init__(f"--{name}={value}: expected {expected}")
