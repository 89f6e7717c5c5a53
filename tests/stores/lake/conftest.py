"""A fresh lake for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.lake.lake_world import LakeWorld


@pytest.fixture
def world(tmp_path: Path) -> LakeWorld:
    return LakeWorld(tmp_path / "lake")
