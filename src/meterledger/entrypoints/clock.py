"""The clock. Doors read it here; nothing below them does."""

from __future__ import annotations

from datetime import UTC, datetime


def now_utc() -> datetime:
    """The instant now, whole seconds, UTC."""
    return datetime.now(UTC).replace(microsecond=0)
