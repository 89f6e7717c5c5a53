"""One way to write a record down, so that the same facts have the same bytes everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any


def canonical_bytes(record: Any) -> bytes:
    """JSON in UTF-8: keys sorted, no spaces, no floats, one line feed at the end.

    Floats are refused, because their text is not a promise we can keep for years.

    :raises TypeError: if the record holds a float, a name that is not text, or what is not JSON
    """
    _refuse_floats(record)
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8") + b"\n"


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of the bytes, in 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _refuse_floats(record: Any) -> None:
    # A loop and not a recursion: a bill's record has hundreds of values, most of them text, and
    # every bill of a cycle comes through here.
    waiting = [record]
    while waiting:
        one = waiting.pop()
        if isinstance(one, float):
            raise TypeError(f"{one!r} is a float; write quantities as whole numbers or text")
        if isinstance(one, dict):
            for name in one:
                if not isinstance(name, str):  # JSON would turn it into text, and 1 into "1"
                    raise TypeError(f"{name!r} is not text; name what is recorded with a word")
            values: Iterable[Any] = one.values()
        elif isinstance(one, (list, tuple)):
            values = one
        else:
            continue
        waiting += [value for value in values if type(value) is not str and type(value) is not int]
