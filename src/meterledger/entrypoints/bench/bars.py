"""The limits of the benches, and whether a figure keeps its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from meterledger.kernel.ensure import ensure


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: its bar's name, the number as text, and the peers it is set against."""

    bar: str
    value: str
    peers: dict[str, str] = field(default_factory=dict)
    notes: str = ""


@lru_cache(maxsize=1)
def _bars() -> dict[str, Any]:
    text = Path(__file__).with_name("bars.yaml").read_text(encoding="utf-8")
    bars: dict[str, Any] = yaml.safe_load(text)
    return bars


def judge(bench: str, figure: Figure) -> dict[str, Any]:
    """The figure in the shape that stays, with its limit and whether it holds.

    A figure without a bar in ``bars.yaml`` (a peer's own time, say) has no limit and no verdict.
    """
    bar = _bars()[bench].get(figure.bar)
    holds = None
    limit_text = ""
    if bar is not None:
        ensure(bar["at"] in ("least", "most"), "a bar is at least or at most")
        measured, limit = _milli(figure.value), _milli(str(bar["limit"]))
        holds = measured >= limit if bar["at"] == "least" else measured <= limit
        limit_text = f"at {bar['at']} {bar['limit']}"
    return {
        "bench": bench,
        "bar": figure.bar,
        "figure": figure.value,
        "peers": figure.peers,
        "limit_text": limit_text,
        "holds": holds,
        "is": bar["is"] if bar else figure.notes,
        "notes": figure.notes,
    }


def _milli(text: str) -> int:
    whole, _, decimals = text.partition(".")
    return int(whole) * 1000 + int((decimals + "000")[:3])
