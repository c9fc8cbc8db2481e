# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Why an app does not start: what was raised, and where in its own files, in a few lines."""

from __future__ import annotations

import errno
import os
import re
import traceback
from collections.abc import Iterator
from types import FrameType

from gunicorn_slots import missing
from gunicorn_slots.parsing import shortened

MESSAGE_MOST, FRAMES_MOST = 400, 3
HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
LIBRARIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
# SQLite's words.
DATABASE = re.compile("unable to open database file|readonly database")
PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")  # of a database's address, say


def told(error: BaseException, folder: str) -> str:
    """Return why an app does not start.

    Args:
        error: what was raised.
        folder: the app's.
    """
    errors = list(chain(error))
    head = f"the app does not start: {said(error)}"
    if error.__cause__ is not None:
        head += f", from {said(errors[-1])}"
    places = next(filter(None, (frames_of(one, folder) for one in errors)), [])
    return "\n".join(
        [
            head,
            *places[-FRAMES_MOST:],
            *may_not_write(errors, folder),
            *missing.hint(list(chain(error, suppressed=True))),
        ]
    )


def may_not_write(errors: list[BaseException], folder: str) -> list[str]:
    """Return a line on who says whether an app may write into its folder, if that is what it may not."""
    denied = any(
        (isinstance(one, OSError) and one.errno in (errno.EACCES, errno.EROFS, errno.EPERM))
        or DATABASE.search(str(one))
        for one in errors
    )
    if not denied or os.access(folder, os.W_OK):
        return []
    return [f"  it may not write into {folder}: APP_WRITABLE=true in Compose, --build-arg WRITABLE=true for an image"]


def chain(error: BaseException, suppressed: bool = False) -> Iterator[BaseException]:
    """Yield an exception, and what each was raised from; maybe also what `from None` hides."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (
            None if current.__suppress_context__ and not suppressed else current.__context__
        )


def said(error: BaseException) -> str:
    """Return an exception's name and message in one line."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    text = "".join(traceback.format_exception_only(type(error), error))
    return without_password(shortened(text, MESSAGE_MOST))


def frames_of(error: BaseException, folder: str) -> list[str]:
    """Return the places in the app's own files through which an exception came, as a traceback has them."""
    places = [shown(frame.filename, frame.lineno, frame.name, frame.line) for frame in own(error, folder)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append(shown(error.filename, error.lineno, "", error.text))
    return places


def own(error: BaseException, folder: str) -> list[traceback.FrameSummary]:
    """Return the frames of an exception that are the app's own."""
    return [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(frame.filename, folder)]


def is_own(path: str, folder: str) -> bool:
    """Whether a file is one of the app's, and nothing that is installed."""
    if path.startswith("<"):  # no file
        return False
    place = os.path.abspath(path)
    places = (os.path.join(os.path.abspath(folder), ""), os.path.join(os.path.realpath(folder), ""))
    inside = place.startswith(places)
    return inside and not place.startswith(HERE) and not any(part in place for part in LIBRARIES)


def shown(path: str, line: int | None, name: str, text: str | None) -> str:
    """Return a place as a traceback has it."""
    where = f'  File "{path}", line {line}' + (f", in {name}" if name else "")
    return f"{where}\n    {without_password(shortened(text))}" if text and text.strip() else where


def without_password(text: str) -> str:
    """Return a text whose addresses have no password."""
    return PASSWORD.sub(r"\1***@", text)


def where(frame: FrameType | None, folder: str) -> list[str]:
    """Return the places in the app's own files through which a program has come to a frame."""
    places = [one for one in traceback.extract_stack(frame) if is_own(one.filename, folder)]
    return [shown(one.filename, one.lineno, one.name, one.line) for one in places[-FRAMES_MOST:]]
