"""Each request hashes and compresses for some 20 ms, in C and without the GIL."""

import hashlib
import os
import zlib

from flask import Flask

app = Flask(__name__)
DATA = os.urandom(500_000)


@app.get("/")
def index() -> str:
    """Hash a password, and compress an answer."""
    zlib.compress(DATA[:200_000], 6)
    return hashlib.pbkdf2_hmac("sha256", DATA[:32], DATA[32:48], 25_000).hex()
