"""A certificate for 127.0.0.1, as a server of a test needs one for TLS."""

from __future__ import annotations

from pathlib import Path

from tests.bed.programs import ended


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make one, and return the files of the certificate and of its key.

    Raises:
        RuntimeError: openssl did not make it.
    """
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-days", "2"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    done = ended(["openssl", "req", "-x509", *kind, *subject, "-keyout", str(key), "-out", str(cert)])
    if done.returncode:
        raise RuntimeError(f"openssl ended with {done.returncode}: {done.stderr}")
    return cert, key
