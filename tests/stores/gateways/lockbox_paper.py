"""A lockbox file on paper, of the 20th of November 2026."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from meterledger.stores.gateways.lockbox_write import lockbox_text


def lockbox(items: Sequence[tuple[str, int]], **how: Any) -> str:
    return lockbox_text(items, date(2026, 11, 20), **how)
