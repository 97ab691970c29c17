"""Keyed hashes and encryption from one secret of the installation.

The secret is 32 random bytes in the data folder (mode 0600), or ``HEADWATER_SECRET`` (base64) where several machines
share one database. Each use has a key of its own, derived by HMAC-SHA-256 with the use's name (as HKDF-Expand, RFC
5869, with one block).
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from headwater.kit.errors import BadInput

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
        except InvalidTag:
            return None


def _derive(root: bytes, use: bytes) -> bytes:
    return hmac.new(root, use + b"\x01", hashlib.sha256).digest()


def load_secret(home: Path, given: str | None) -> Secret:
    """The installation's secret, made on first use."""
    if given is None:
        return Secret(_from_file(home / "secret.key"))
    try:
        root = base64.b64decode(given, validate=True)
    except binascii.Error:
        root = b""
    if len(root) < 32:
        raise BadInput("HEADWATER_SECRET must be at least 32 random bytes in base64 (openssl rand -base64 32).")
    return Secret(root)


def _from_file(path: Path) -> bytes:
    """Written whole under another name first, then linked: two processes that start at once agree on one secret."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # the other process was first: its secret is the one
        finally:
            draft.unlink()
    return path.read_bytes()
