"""JSON that people and other systems give us, read without bending a number.

Python's own reading takes NaN, makes floats of 1.0 and 1e400, forgets the sign of -0, keeps the
last of two equal keys, and reads as many digits as are there. Here each of these is refused.

Lives here      the one reader of given JSON.
Lives elsewhere what the values mean (``rulebook.forms``, readers of files); our own JSON
                (``kernel.canonical``).
"""

from __future__ import annotations

import json
from typing import Any

from meterledger.kernel.money import shown
from meterledger.kernel.refusal import Refusal

DIGITS_MAX = 18
"""Whole numbers of more digits are kept nowhere."""


class NotExactJson(Refusal):
    """A text is not JSON, or holds a number that cannot be held exactly."""


def read_exact_json(data: bytes, *, where: str, do: str) -> Any:
    """What the bytes say: groups, lists, texts, whole numbers, true, false, null.

    :raises NotExactJson: naming what is wrong and the line, and what to ``do``
    """

    def no_float(text: str) -> Any:
        raise NotExactJson(
            f"{shown(text)} is a number that cannot be held exactly",
            where=where,
            do=f'Write it in quotes: "{text[:40]}"' if text[:1] in "-0123456789" else do,
        )

    def whole(text: str) -> int:
        if len(text.lstrip("-")) > DIGITS_MAX or text == "-0":
            raise NotExactJson(f"{shown(text)} is no whole number of ours", where=where, do=do)
        return int(text)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise NotExactJson(f"The key {shown(twice)} stands twice", where=where, do="Keep one")
        return found

    try:
        return json.loads(
            data.decode("utf-8"),
            parse_float=no_float,
            parse_int=whole,
            parse_constant=no_float,
            object_pairs_hook=once,
        )
    except (ValueError, RecursionError) as problem:
        what = problem.msg if isinstance(problem, json.JSONDecodeError) else "its form is unusable"
        line = f", line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else ""
        raise NotExactJson(f"It is not JSON: {what}", where=f"{where}{line}", do=do) from None
