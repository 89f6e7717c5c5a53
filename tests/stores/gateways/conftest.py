"""Reading bytes and sample files as on 25 November 2026, noon UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meterledger.facts.readings import ReadingFile
from meterledger.stores.gateways import read_bytes, read_file

RECEIVED = datetime(2026, 11, 25, 12, tzinfo=UTC)
DATA = Path(__file__).parents[2] / "data"

Reader = Callable[..., ReadingFile]


@pytest.fixture
def read() -> Reader:
    """Read text or bytes as a file of that name."""

    def reader(content: str | bytes, name: str = "given.file", **options: str) -> ReadingFile:
        data = content.encode() if isinstance(content, str) else content
        return read_bytes(name, data, received_at=RECEIVED, **options)

    return reader


@pytest.fixture
def sample() -> Reader:
    """Read a sample file of tests/data."""

    def reader(name: str, **options: str) -> ReadingFile:
        return read_file(DATA / name, received_at=RECEIVED, **options)

    return reader
