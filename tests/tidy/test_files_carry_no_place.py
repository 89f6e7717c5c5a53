"""Nothing that is committed knows which machine it was made on, or where packages came from."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.tidy.house import ROOT, listing, name, project_files, text_of

FOLDERS_OF_SOMEBODY = re.compile(r"(?<![\w.>*])/(?:work|root|home/[a-z][\w-]*|Users/\w+)/[\w.]")
REGISTRIES = re.compile(
    r"\bpypi\.org|\bpythonhosted\.|\bregistry\.npmjs|\bdeb\.debian|\bcrates\.io|\bproxy\.golang"
)
LOCK = re.compile(
    r"(^|/)(.*\.lock|.*\.in|.*requirements.*\.txt|pylock.*\.toml|package-lock\.json)$"
)
MOST_BYTES = 2_000_000


def texts() -> list[tuple[Path, str]]:
    return [
        (path, text)
        for path in project_files()
        if path.stat().st_size < MOST_BYTES and (text := text_of(path)) is not None
    ]


def test_no_file_carries_a_path_of_a_machine() -> None:
    here = str(ROOT)
    offences = [
        f"{name(path)}:{number} {line.strip()[:100]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if FOLDERS_OF_SOMEBODY.search(line) or (len(here) > 4 and f"{here}/" in line)
    ]
    assert not offences, (
        "A path of one machine is wrong on every other. Start from the project's folder, or take "
        "the path as an argument.\n" + listing(offences)
    )


def test_no_file_names_a_package_index() -> None:
    offences = [
        f"{name(path)}:{number} {line.strip()[:100]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if REGISTRIES.search(line)
    ]
    assert not offences, (
        "Where packages are fetched from is the machine's setting (pip, apt), not ours.\n"
        + listing(offences)
    )


def test_locks_name_versions_and_hashes_only() -> None:
    locks = [path for path in project_files() if LOCK.search(name(path))]
    assert len(locks) >= 6, "lock/ should hold installer, runtime and dev, each as .in and .lock"
    offences = [name(path) for path in locks if "://" in path.read_text(encoding="utf-8")]
    assert not offences, (
        "A lock that says where from cannot be used where there is a mirror. Make it with the "
        "commands of lock/README.md.\n" + listing(offences)
    )
    unhashed = [
        f"{name(path)}: {line.split()[0]}"
        for path in locks
        if path.suffix == ".lock"
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"[a-z0-9]", line) and not line.endswith("\\")
    ]
    assert not unhashed, "A locked package without a hash could be any file.\n" + listing(unhashed)


def pinned(path: Path) -> dict[str, str]:
    found = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[\w,]+\])?==([^\s\\]+)", path.read_text(encoding="utf-8"), re.M
    )
    return {canonicalize_name(package): version for package, version in found}


def requirements(path: Path) -> list[Requirement]:
    return [
        Requirement(line)
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and line[0] not in "#-"
    ]


def test_each_lock_holds_what_was_asked_for() -> None:
    offences = []
    for kind in ("installer", "runtime", "dev"):
        locked = pinned(ROOT / "lock" / f"{kind}.lock")
        for wanted in requirements(ROOT / "lock" / f"{kind}.in"):
            version = locked.get(canonicalize_name(wanted.name))
            if version is None or not wanted.specifier.contains(version, prereleases=True):
                offences.append(f"{kind}: {wanted} is locked at {version}")
    runtime, dev = pinned(ROOT / "lock" / "runtime.lock"), pinned(ROOT / "lock" / "dev.lock")
    offences += [
        f"dev: {package} is {dev.get(package)}, runtime has {version}"
        for package, version in runtime.items()
        if dev.get(package) != version
    ]
    assert not offences, (
        "What is tested must be what runs. Make the locks anew (lock/README.md).\n"
        + listing(offences)
    )


def test_the_package_asks_for_what_the_lock_installs() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {canonicalize_name(r.name): r for r in map(Requirement, project["dependencies"])}
    listed = {canonicalize_name(r.name) for r in requirements(ROOT / "lock" / "runtime.in")}
    assert set(asked) == listed, (
        "pyproject.toml and lock/runtime.in list other packages: "
        f"{', '.join(sorted(set(asked) ^ listed))}"
    )
    locked = pinned(ROOT / "lock" / "runtime.lock")
    offences = [
        f"{wanted} but the lock has {locked[package]}"
        for package, wanted in asked.items()
        if not wanted.specifier.contains(locked[package])
    ]
    assert not offences, "pyproject.toml refuses what the lock installs.\n" + listing(offences)
