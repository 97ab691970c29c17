"""Which characters the bytes of a text file stand for, and that they are text at all."""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from headwater.intake.errors import UnreadableFile

CHUNK = 1 << 20
LONGEST_LINE = 64 << 20
_SAMPLE = 1 << 18

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In the order of trust: Windows writes most, Macintosh Excel still writes its own; Latin-1 only where 1252 has holes.
_WESTERN = ("cp1252", "mac_roman", "latin-1")


@dataclass(frozen=True, slots=True)
class TextFacts:
    """A text file looked through byte by byte."""

    sha256: str
    encoding: str
    confidence: float


def bom_encoding(head: bytes) -> str | None:
    """The encoding that a byte order mark at the start of a file declares."""
    return next((name for bom, name in _BOMS if head.startswith(bom)), None)


def inspect_text(path: Path) -> TextFacts:
    """Hash a file and find its encoding; UnreadableFile where it is not text."""
    with path.open("rb") as file:
        head = file.read(4096)
    declared = bom_encoding(head) or _silent_utf16(head)
    scan = _Scan(path, declared or "utf-8")
    scan.run()
    if scan.broken_at is None:
        return TextFacts(scan.sha256, declared or "utf-8", 1.0)
    if declared is not None:
        raise UnreadableFile(
            f"{path}: line {scan.broken_at} is not {declared.removesuffix('-sig')} although the file starts as such; "
            "save it again as CSV UTF-8."
        )
    if scan.utf8_lines > 20 * scan.bad_lines:
        raise UnreadableFile(
            f"{path}: line {scan.broken_at} is not UTF-8 although the rest of the file is; "
            "repair that line or save the file again as CSV UTF-8."
        )
    encoding, confidence = _guess(path, scan.sample())
    if encoding == "cp1252" and not _decodes(path, encoding):
        # A byte that Windows-1252 leaves open stands beyond the sample; Latin-1 agrees with it on every letter.
        encoding, confidence = "latin-1", confidence / 2
    if not _decodes(path, encoding):
        raise _no_encoding(path)
    return TextFacts(scan.sha256, encoding, confidence)


class _Scan:
    """One pass over the bytes: hash, zero bytes, endless lines, lines that are or are not UTF-8."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self.encoding = encoding
        self.sha256 = ""
        self.broken_at: int | None = None
        self.utf8_lines = 0
        self.bad_lines = 0
        self._strange: list[bytes] = []
        self._strange_size = 0

    def run(self) -> None:
        digest = hashlib.sha256()
        decoder = codecs.getincrementaldecoder(self.encoding)()
        with self.path.open("rb") as file:
            line = 1
            for block in _blocks(file.fileno(), self.path):
                digest.update(block)
                self._refuse_zeros(block, line)
                self._decode(decoder, block, line)
                line += block.count(b"\n")
        if self.broken_at is None and self.encoding != "utf-8":
            self._finish(decoder, line)
        self.sha256 = digest.hexdigest()

    def sample(self) -> bytes:
        return b"".join(self._strange)

    def _refuse_zeros(self, block: bytes, line: int) -> None:
        if "16" in self.encoding or "32" in self.encoding or b"\0" not in block:
            return
        at = line + block.count(b"\n", 0, block.index(b"\0"))
        raise UnreadableFile(f"{self.path}: line {at} holds binary data (a zero byte), so this is not a text file.")

    def _decode(self, decoder: codecs.IncrementalDecoder, block: bytes, line: int) -> None:
        if self.encoding != "utf-8":
            self._decode_declared(decoder, block, line)
        elif not block.isascii():
            self._decode_lines(block, line)

    def _decode_declared(self, decoder: codecs.IncrementalDecoder, block: bytes, line: int) -> None:
        if self.broken_at is not None:
            return
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            self.broken_at = line + error.object.count(b"\n", 0, error.start)

    def _finish(self, decoder: codecs.IncrementalDecoder, line: int) -> None:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self.broken_at = line

    def _decode_lines(self, block: bytes, line: int) -> None:
        # A block ends at a line end, so every character is whole; only blocks that fail are looked at line by line.
        if self._is_utf8(block):
            self.utf8_lines += sum(not part.isascii() for part in block.split(b"\n"))
            return
        for offset, part in enumerate(block.split(b"\n")):
            if part.isascii():
                continue
            if self._is_utf8(part):
                self.utf8_lines += 1
                continue
            self.bad_lines += 1
            self.broken_at = self.broken_at or line + offset
            if self._strange_size < _SAMPLE:
                self._strange.append(part[:4096] + b"\n")
                self._strange_size += len(self._strange[-1])

    @staticmethod
    def _is_utf8(part: bytes) -> bool:
        try:
            part.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True


def _blocks(descriptor: int, path: Path) -> Iterator[bytes]:
    """Blocks that end at a line end; a line longer than any real one is refused."""
    rest = b""
    with open(descriptor, "rb", closefd=False, buffering=0) as file:
        while chunk := file.read(CHUNK):
            cut = chunk.rfind(b"\n") + 1 or chunk.rfind(b"\r") + 1
            if cut:
                yield rest + chunk[:cut]
                rest = chunk[cut:]
            else:
                rest += chunk
            if len(rest) > LONGEST_LINE:
                raise UnreadableFile(f"{path}: a line is longer than {LONGEST_LINE >> 20} MB, so this is not a table.")
    if rest:
        yield rest


def _silent_utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of a mostly western text is zero."""
    half = len(head) // 2
    if half < 4 or b"\0" not in head:
        return None
    even, odd = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if odd > 0.7 * half and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd == 0 else None


def _guess(path: Path, sample: bytes) -> tuple[str, float]:
    """The likeliest one-byte encoding of lines that are not UTF-8; other alphabets by charset-normalizer."""
    scores = [(_soundness(sample, name), -rank, name) for rank, name in enumerate(_WESTERN)]
    score, _, name = max(scores)
    if score >= 0.8:
        return name, round(score, 2)
    best = from_bytes(sample).best()
    if best is not None and not best.encoding.startswith(("ascii", "utf_")) and best.percent_chaos < 20:
        return best.encoding, round(max(0.0, best.percent_coherence / 100), 2)
    if score >= 0.5:
        return name, round(score, 2)
    raise _no_encoding(path)


def _no_encoding(path: Path) -> UnreadableFile:
    return UnreadableFile(
        f"{path}: its characters are in no encoding that can be told (tried UTF-8, UTF-16, Windows, Latin and "
        "Macintosh ones); save it again as CSV UTF-8."
    )


def _decodes(path: Path, encoding: str) -> bool:
    """Say whether a whole file is in an encoding that was guessed from a part of it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _soundness(sample: bytes, encoding: str) -> float:
    """Share of the letters above ASCII that sit where western words have them; 0 where a byte has no meaning."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    strange = [index for index, char in enumerate(text) if char > "\x7f"]
    return sum(_sits_well(text, index) for index in strange) / max(1, len(strange))


def _sits_well(text: str, index: int) -> bool:
    char, before, after = text[index], text[index - 1 : index], text[index + 1 : index + 2]
    if not char.isalpha():
        # Dashes, quotes, signs: between words, not within one.
        return char in "\u2019\u2013\xb7" or (char >= "\xa0" and not (before.isalpha() and after.isalpha()))
    if before > "\x7f" and after > "\x7f":
        return False
    # A capital behind a small letter, or a small one between capitals, is a wrong table.
    return not (char.isupper() and before.islower()) and not (char.islower() and before.isupper() and after.isupper())
