"""PostgreSQL through libpq, which is there wherever its client is; a wait for the server lets other threads run."""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache

OK = (1, 2)  # PGRES_COMMAND_OK, PGRES_TUPLES_OK


class DatabaseError(RuntimeError):
    """The server refused a connection or a statement, with what it said."""


@cache
def library() -> ctypes.CDLL:
    """Return libpq."""
    lib = ctypes.CDLL(ctypes.util.find_library("pq"))
    for name in ("PQconnectdb", "PQexec"):
        getattr(lib, name).restype = ctypes.c_void_p
    lib.PQerrorMessage.restype = ctypes.c_char_p
    return lib


class Connection:
    """A connection; not for two threads at a time."""

    def __init__(self, where: str) -> None:
        """Open it."""
        self.handle = ctypes.c_void_p(library().PQconnectdb(where.encode()))
        if library().PQstatus(self.handle):
            message = self.error()
            self.close()
            raise DatabaseError(message)

    def execute(self, sql: str) -> None:
        """Run statements; what they return is dropped."""
        result = ctypes.c_void_p(library().PQexec(self.handle, sql.encode()))
        status = library().PQresultStatus(result)
        library().PQclear(result)
        if status not in OK:
            raise DatabaseError(self.error())

    def error(self) -> str:
        """Return what the server said last."""
        message: bytes = library().PQerrorMessage(self.handle)
        return message.decode().strip()

    def close(self) -> None:
        """Close it."""
        library().PQfinish(self.handle)
