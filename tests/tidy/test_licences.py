"""Whatever is installed may be used, changed and passed on together with Apache-2.0 code."""

from __future__ import annotations

import re
from importlib import metadata

import pytest
from packaging.utils import canonicalize_name
from tests.tidy.house import ROOT

ALLOWED = {
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",  # the exception gives more, and takes nothing
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "MIT-0",
    "ISC",
    "PSF-2.0",
    "Zlib",
    "CC0-1.0",
    "PostgreSQL",
    "MPL-2.0",  # file by file: installed unchanged, none of its files lies in our tree
    "LGPL-3.0-only",  # a library that is called, installed unchanged and replaceable
    "CNRI-Python",  # permissive: that of Python's first releases
}

RUN_BESIDE = {
    # reads the journal that `ledger export` writes: a program that tests start beside ours
    "beancount": "GPL-2.0-only",
}
"""Programs of another licence that tests run. None is imported, and none is passed on with ours."""

OLD_NAMES = {
    "apache software license": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "mit license": "MIT",
    "bsd license": "BSD-3-Clause",
    "bsd": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "isc license": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
"""How older packages write it, in small letters."""

READ_BY_HAND = {
    # says nothing in its metadata; its repository and the head of its file say:
    "axe-playwright-python": "MIT AND MPL-2.0",
}


def licence_of(package: str) -> str:
    """Return a package's licence as an SPDX expression, or what it wrote instead."""
    if package in READ_BY_HAND:
        return READ_BY_HAND[package]
    found = metadata.metadata(package)
    if found.get("License-Expression"):
        return str(found["License-Expression"])
    written = [str(found["License"])] if found.get("License") else []
    written += [
        line.rpartition("::")[2].strip()
        for line in found.get_all("Classifier") or []
        if line.startswith("License ::") and line.count("::") > 1
    ]
    for words in written:
        known = OLD_NAMES.get(words.lower(), words)
        if known in ALLOWED:
            return known
    return written[0][:60] if written else "nothing"


def is_allowed(expression: str) -> bool:
    """Judge `A AND (B OR C)`: every part of an AND, one part of an OR."""
    if expression in OLD_NAMES.values() or expression in ALLOWED:
        return expression in ALLOWED
    parts = [part.strip() for part in re.split(r"\bAND\b", expression)]
    return all(
        any(choice.strip(" ()") in ALLOWED for choice in re.split(r"\bOR\b", part))
        for part in parts
    )


def locked(kind: str) -> list[str]:
    lines = (ROOT / "lock" / f"{kind}.lock").read_text(encoding="utf-8").splitlines()
    return [canonicalize_name(line.split("==")[0].split("[")[0]) for line in lines if "==" in line]


@pytest.mark.parametrize("package", [one for one in locked("dev") if one not in RUN_BESIDE])
def test_a_package_has_a_licence_that_goes_with_ours(package: str) -> None:
    licence = licence_of(package)
    assert is_allowed(licence), (
        f"{package} says of its licence: {licence}. If that goes with Apache-2.0, add it to "
        "ALLOWED with the reason; if it says nothing, read its licence and add it to "
        "READ_BY_HAND; if it does not, do without the package."
    )


@pytest.mark.parametrize("package", RUN_BESIDE)
def test_a_program_that_is_run_beside_ours_is_no_part_of_it(package: str) -> None:
    assert package in locked("dev")
    assert package not in locked("runtime")
    imports = re.compile(rf"^(?:import|from) {package}\b", re.MULTILINE)
    for path in sorted((ROOT / "src").rglob("*.py")):
        found = imports.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path} imports {package}; start it as a program"


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("AGPL-3.0-or-later", False),
        ("nothing", False),
    ],
)
def test_expressions_are_read_as_lawyers_would(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


def test_our_own_licence_is_the_whole_text() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert (ROOT / "NOTICE").is_file()
