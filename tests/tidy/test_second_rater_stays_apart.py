"""Two raters that share code share mistakes: the second may know the kernel and nothing more."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "second_rater"
FILES = sorted(FOLDER.glob("*.py"))
MAY_KNOW = ("meterledger.kernel", "tests.second_rater", "yaml", "zoneinfo")
OF_OURS = ("meterledger", "meterledger_verify", "tests", "numpy", "pyarrow", "numba", "polars")


def imported(text: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say where they come from"
            names.append(node.module or "")
    return names


def strangers(text: str) -> list[str]:
    """Modules of ours, or of columns, that a file imports and the second rater may not."""
    return [
        name
        for name in imported(text)
        if name.split(".")[0] in OF_OURS
        and not any(name == one or name.startswith(f"{one}.") for one in MAY_KNOW)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_imports_nothing_of_the_first(path: Path) -> None:
    assert strangers(path.read_text(encoding="utf-8")) == []


def test_it_is_there() -> None:
    assert len(FILES) >= 4


def test_the_rule_sees_a_stranger() -> None:
    assert strangers("from meterledger.rating import price\nimport numpy as np\n") == [
        "meterledger.rating",
        "numpy",
    ]
    assert strangers("from meterledger.kernel.rounding import to_whole_down\n") == []
