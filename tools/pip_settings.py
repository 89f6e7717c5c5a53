"""Says in uv's words what pip is configured to do.

    pip config list | python3 tools/pip_settings.py

Lives here      the translation of index, certificates and local folders into UV_ variables, printed
                as `export` lines for the shell that asked. Nothing of it is ever kept in a file.
Lives elsewhere what gets installed (lock/), and when (tools/bootstrap.sh).
Read first      the comment at the head of tools/bootstrap.sh.

A variable that is already set wins. Looking in every index at once is safe here because the lock
names the hash of each file.
"""

from __future__ import annotations

import ast
import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

SECTIONS = ("global", "install", ":env:")  # later wins, as in pip


def settings(lines: Iterable[str]) -> dict[str, str]:
    """Read `section.key='value'` lines; the section that pip lets win is the one that stays."""
    found: dict[str, tuple[int, str]] = {}
    for line in lines:
        name, _, value = line.strip().partition("=")
        section, _, key = name.rpartition(".")
        if section not in SECTIONS:
            continue
        rank = SECTIONS.index(section)
        if rank >= found.get(key, (-1, ""))[0]:
            found[key] = (rank, str(ast.literal_eval(value)))
    return {key: value for key, (_, value) in found.items()}


def for_uv(pip: dict[str, str], environment: dict[str, str]) -> dict[str, str]:
    """Name the variables that uv needs so that it installs from where pip would."""
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(
            index for index in pip.get("extra-index-url", "").split() if _has_something(index)
        ),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "SSL_CERT_FILE": pip.get("cert", ""),
    }
    if wanted["UV_INDEX"]:
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        wanted["UV_NO_INDEX"] = "1"
    return {name: value for name, value in wanted.items() if value and name not in environment}


def _has_something(index: str) -> bool:
    """Tell whether an index is there: pip passes over an absent local folder, uv stops at it."""
    scheme, _, rest = index.partition(":")
    return scheme != "file" or Path(rest.removeprefix("//")).is_dir()


def main() -> int:
    """Print one `export` line for each variable."""
    for name, value in for_uv(settings(sys.stdin), dict(os.environ)).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
