"""From a path to bytes: bounded, hashed, unpacked. Nothing is believed of a file's name.

Lives here      reading, the SHA-256 of the file as it lies on disk, gzip, text encoding.
Lives elsewhere what the bytes say (the readers beside this file).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from meterledger.kernel.canonical import sha256_hex
from meterledger.stores.gateways.refusals import (
    MAX_FILE_BYTES,
    EnvelopeBroken,
    FileUnreadable,
    FormatUnknown,
)

_GZIP = b"\x1f\x8b"
_BOM_UTF8 = b"\xef\xbb\xbf"
_BOMS_OTHER = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_CHUNK = 1024 * 1024
_HASHED_BESIDE_FROM = 4 * 1024 * 1024
_SHOWN_PATH = 200


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The file's base name, its content, unpacked, and what gives the hash of its bytes on disk."""

    name: str
    hashed: Callable[[], str]
    data: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file as it lies on disk; of a large one it may take a moment."""
        return self.hashed()


def open_bytes(path: Path) -> OpenedFile:
    """Read the file, and unpack it if it is gzip.

    :raises FileUnreadable: if it is not there, may not be read, is no file, or is too large
    :raises EnvelopeBroken: if it is gzip and damaged or cut off
    """
    return opened(path.name, raw_bytes(path))


def raw_bytes(path: Path) -> bytes:
    """The file's bytes as they lie on disk; nothing of them is looked at.

    :raises FileUnreadable: if it is not there, may not be read, is no file, or is too large
    """
    shown = str(path) if len(str(path)) <= _SHOWN_PATH else f"{str(path)[:_SHOWN_PATH]}..."
    try:
        if path.is_dir():
            raise FileUnreadable("This is a folder", where=shown, do="Name the files in it")
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise FileUnreadable(
            "The file cannot be read",
            where=shown,
            why=f"The system says: {why or problem}",
            do="Check the name and that you may read it",
        ) from problem
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(path.name)
    return data


def opened(name: str, data: bytes) -> OpenedFile:
    """The same for bytes that are already in memory."""
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(name)
    plain = _unpack(name, data) if data.startswith(_GZIP) else data
    if not plain or plain.isspace():
        raise EnvelopeBroken("The file is empty", where=name, do="Ask the sender to send it again")
    return OpenedFile(name, _hashed(data), plain)


def _hashed(data: bytes) -> Callable[[], str]:
    """The hash of the bytes; of many it is reckoned beside the reading of them."""
    if len(data) < _HASHED_BESIDE_FROM:
        text = sha256_hex(data)
        return lambda: text
    with_it = ThreadPoolExecutor(max_workers=1)
    waiting = with_it.submit(sha256_hex, data)
    with_it.shutdown(wait=False)
    return waiting.result


def without_bom(name: str, data: bytes) -> bytes:
    """The bytes of a text file, without the mark that says it is UTF-8.

    :raises EnvelopeBroken: if the mark says it is UTF-16 or UTF-32
    """
    for mark, encoding in _BOMS_OTHER.items():
        if data.startswith(mark):
            raise EnvelopeBroken(
                f"The text is {encoding} (seen at byte 0)",
                where=name,
                do="Save it as UTF-8 or ASCII and ingest it again",
            )
    return data.removeprefix(_BOM_UTF8)


def decode(name: str, data: bytes) -> str:
    """The text of a UTF-8 (or ASCII) file.

    :raises EnvelopeBroken: naming the first byte that is not UTF-8, or not text
    """
    plain = without_bom(name, data)
    skipped = len(data) - len(plain)
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise EnvelopeBroken(
            f"The text is not UTF-8: byte {problem.start + skipped} "
            f"(hexadecimal {plain[problem.start]:02x})",
            where=name,
            do="Save it as UTF-8 or ASCII and ingest it again",
        ) from problem
    zero = plain.find(b"\0")
    if zero >= 0:
        raise EnvelopeBroken(
            f"The file is not text: byte {zero + skipped} is zero",
            where=name,
            do="Ask the sender to send it again",
        )
    return text


def refuse_binary(name: str, data: bytes) -> None:
    """Turn away containers.

    :raises FormatUnknown: naming what it is
    """
    if data.startswith(b"PK\x03\x04"):
        raise FormatUnknown(
            "This is a ZIP archive or a spreadsheet",
            where=name,
            do="Unpack it, or save the sheet as CSV, and ingest the files inside",
        )


def _unpack(name: str, data: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = data
    while rest:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            while not unpacker.eof:
                part = unpacker.decompress(rest, _CHUNK)
                rest = unpacker.unconsumed_tail
                size += len(part)
                if size > MAX_FILE_BYTES:
                    raise _too_large(name)
                parts.append(part)
                if not part and not rest:
                    break
        except zlib.error as problem:
            raise _damaged(name, str(problem)) from problem
        if not unpacker.eof:
            raise _damaged(name, "it ends before its last block")
        rest = unpacker.unused_data
        if rest and not rest.startswith(_GZIP):
            if rest.strip(b"\0"):
                raise _damaged(name, "other bytes follow the compressed ones")
            break
    return b"".join(parts)


def _damaged(name: str, why: str) -> EnvelopeBroken:
    return EnvelopeBroken(
        "The gzip file does not unpack",
        where=name,
        why=f"It is damaged: {why}",
        do="Ask the sender to send it again",
    )


def _too_large(name: str) -> FileUnreadable:
    return FileUnreadable(
        f"The file is larger than {MAX_FILE_BYTES // 1024 // 1024} MB",
        where=name,
        do="Split it into smaller files and ingest them one after another",
    )
