"""Keyed hashes and encryption from one secret of the installation.

The secret is 32 random bytes in the data folder (mode 0600), or ``HEADWATER_SECRET`` (base64) where several machines
share one database. Each use has a key of its own, derived by HMAC-SHA-256 with the use's name (as HKDF-Expand, RFC
5869, with one block).
"""

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from headwater.kit.errors import BadInput

_ROOT = 32  # bytes
_NONCE = 12  # bytes, as NIST SP 800-38D recommends for GCM


class Secret:
    """Makes keyed hashes and seals values; never prints."""

    def __init__(self, root: bytes) -> None:
        self._index = _derive(root, b"headwater index")
        self._cipher = AESGCM(_derive(root, b"headwater values"))

    def digest(self, text: str) -> bytes:
        """A keyed hash under which a text can be found again without holding it."""
        return hmac.new(self._index, text.encode(), hashlib.sha256).digest()

    def seal(self, text: str, *, about: bytes) -> bytes:
        """Encrypt a text, bound to what it is about."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), about)

    def unseal(self, sealed: bytes, *, about: bytes) -> str | None:
        """The text, or None if it was sealed with another secret or about something else."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about).decode()
        except (InvalidTag, ValueError):  # ValueError: too short to hold even a nonce
            return None


def _derive(root: bytes, use: bytes) -> bytes:
    return hmac.new(root, use + b"\x01", hashlib.sha256).digest()


def load_secret(home: Path, given: str | None) -> Secret:
    """The installation's secret, made on first use."""
    if given is None:
        return Secret(_from_file(home / "secret.key"))
    try:
        root = base64.b64decode(given.strip(), validate=True)
    except ValueError:
        root = b""
    if len(root) < _ROOT:
        raise BadInput("HEADWATER_SECRET must be at least 32 random bytes in base64 (openssl rand -base64 32).")
    return Secret(root)


def _from_file(path: Path) -> bytes:
    try:
        if not path.exists():
            _make(path)
        root = path.read_bytes()
    except OSError as error:
        raise BadInput(f"The installation's secret {path} can not be used: {error.strerror}.") from error
    if len(root) < _ROOT:
        raise BadInput(f"The installation's secret {path} is damaged; restore it, or all that it sealed is lost.")
    return root


def _make(path: Path) -> None:
    """Written whole under a name of its own first, then linked: all who start at once agree on one secret."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by us alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_ROOT))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):  # another was first: its secret is the one
            os.link(draft, path)
    finally:
        os.unlink(draft)
