"""The town that every journey walks through, fresh for each test."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meterledger.rulebook.loading import load_book

TOWN = Path(__file__).parent / "town.py"


def town_module() -> ModuleType:
    """``town.py`` beside this file (tests are no packages)."""
    if "journeys_town" not in sys.modules:
        spec = importlib.util.spec_from_file_location("journeys_town", TOWN)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["journeys_town"] = module
        spec.loader.exec_module(module)
    return sys.modules["journeys_town"]


@pytest.fixture(scope="session")
def towns() -> ModuleType:
    """The words of the town: times, kinds of readings, the town itself."""
    return town_module()


@pytest.fixture(scope="session")
def first_book(towns: ModuleType) -> Any:
    """The book, read once."""
    return towns.open_book(towns.default_book_folder())


@pytest.fixture(scope="session")
def book_of_shops(towns: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The book as if 1M-smart were a schedule of shops: theirs have no prices that are held."""
    folder = tmp_path_factory.mktemp("books") / "union_electric_mo6"
    shutil.copytree(towns.default_book_folder(), folder)
    classes = folder / "sheet_054" / "residential_service_class.yaml"
    told = classes.read_text(encoding="utf-8")
    assert " 1M-smart," in told
    classes.write_text(told.replace(" 1M-smart,", ""), encoding="utf-8")
    shops = told.replace("class: residential", "class: small_general")
    shops = re.sub(r"schedules: \[.*\]}", "schedules: [1M-smart]}", shops)
    (folder / "sheet_054" / "shops_service_class.yaml").write_text(shops, encoding="utf-8")
    return load_book(folder)


@pytest.fixture
def town(towns: ModuleType, first_book: Any) -> Iterator[Any]:
    """An empty town whose store may be looked into."""
    made = towns.Town(book=first_book)
    with made.store.viewing(towns.VIEWER, []):
        yield made
