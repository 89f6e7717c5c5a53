"""Towns in memory: one that has lived all its months, made once for each test process.

Lives here      fixtures. What holds is in test_*.py beside this file.
Lives elsewhere the same town on PostgreSQL (test_demo_command.py, marked soak).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.town.towns import LivedTown, MemoryUtility, lived_town


@pytest.fixture
def utility(tmp_path: Path) -> Iterator[MemoryUtility]:
    """An empty utility, opened by a viewer."""
    with MemoryUtility.opened(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedTown]:
    """The town after all its months. Tests look at it and change nothing."""
    with MemoryUtility.opened(tmp_path_factory.mktemp("town")) as opened:
        yield lived_town(opened)
