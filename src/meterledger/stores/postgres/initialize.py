"""Make the database folder of a private server: complete with its roles, or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

from meterledger.stores.postgres.binaries import Programs, ServerAccount, ServerUnavailable

SUPERUSER = "meterledger_server"
OWNER = "meterledger_owner"
APPLICATION = "meterledger_app"
DATABASE = "meterledger"
BYTES_NEEDED = 200_000_000

SETTINGS = """
listen_addresses = ''                   # a unix socket only
unix_socket_permissions = 0777          # its folder and a password say who may connect
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
max_connections = 100
shared_buffers = '{buffers_mb}MB'
max_wal_size = '{wal_mb}MB'
checkpoint_timeout = '15min'            # a long run writes the changed pages of its indexes seldom
autovacuum_vacuum_cost_delay = '20ms'   # tidying up beside a run takes a tenth of a core, not half
"""
BUFFERS_MB = (128, 2048)
"""Least and most; between them an eighth of the machine's memory. The indexes of a city's bills
are met at random places, so what of them does not fit is read again for each batch."""
WAL_MB = (1024, 12_288)
"""Least and most; between them a sixth of the free disk. After each checkpoint every page of an
index is logged whole once more, and bills meet all of them; a city's bills log some ten GB."""
WITHOUT_DURABILITY = """
fsync = off
synchronous_commit = off
full_page_writes = off
"""


def initialize(
    folder: Path, data: Path, programs: Programs, account: ServerAccount, *, durable: bool
) -> None:
    """Make ``data`` with three roles, each with a password of its own, and one database.

    Everything is made beside and moved into place at the end, so that being killed on the way
    leaves nothing that looks finished.

    :raises ServerUnavailable: if the disk is too full, or PostgreSQL's own programs refuse
    """
    free = shutil.disk_usage(folder).free
    if free < BYTES_NEEDED:
        raise ServerUnavailable(
            f"A new database needs {BYTES_NEEDED // 1_000_000} MB, and {free // 1_000_000} MB "
            "are free",
            where=str(folder),
            do="Free disk space, or choose another data folder with METERLEDGER_DATA",
        )
    for left_behind in folder.glob("making-*"):
        _remove_unfinished(left_behind)
    passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APPLICATION)}
    fresh = folder / f"making-{secrets.token_hex(4)}"
    fresh.mkdir(mode=0o700)
    account.give(fresh)
    _initdb(fresh, programs, account, passwords[SUPERUSER], durable=durable)
    with (fresh / "postgresql.conf").open("a", encoding="ascii") as settings:
        free_mb = free // 1_000_000
        settings.write(SETTINGS.format(buffers_mb=_buffers_mb(), wal_mb=_wal_mb(free_mb)))
        settings.write("" if durable else WITHOUT_DURABILITY)
    _make_roles(fresh, programs, account, passwords)
    _write_passwords(folder / "passwords.json", passwords)
    fresh.rename(data)
    if durable:
        _sync_folder(folder)


def _buffers_mb() -> int:
    least, most = BUFFERS_MB
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(least, min(most, memory // 8 // 2**20))


def _wal_mb(free_mb: int) -> int:
    least, most = WAL_MB
    return max(least, min(most, free_mb // 6))


def _remove_unfinished(folder: Path) -> None:
    """Remove what a killed command was making. Its initdb may go on writing: end it first."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder) in command.read_bytes().split(b"\0"):
                os.kill(int(command.parent.name), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)  # initdb's own children end when they miss it


def _initdb(
    data: Path, programs: Programs, account: ServerAccount, password: str, *, durable: bool
) -> None:
    # The password goes through a pipe: on no disk, in no argument list.
    reading, writing = os.pipe()
    os.write(writing, password.encode() + b"\n")
    os.close(writing)
    if account.entry is not None:
        os.fchown(reading, account.entry.pw_uid, account.entry.pw_gid)
    # One sort order on every machine: by code point.
    order = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if programs.major >= 17 else []
    )
    try:
        _run(
            [
                str(programs.initdb),
                *("-D", str(data), "-U", SUPERUSER, "-E", "UTF8", "--no-locale", *order),
                *("--data-checksums", "--auth=scram-sha-256", f"--pwfile=/dev/fd/{reading}"),
                *([] if durable else ["--no-sync"]),
            ],
            account,
            pass_fds=(reading,),
        )
    finally:
        os.close(reading)


def _make_roles(
    data: Path, programs: Programs, account: ServerAccount, passwords: dict[str, str]
) -> None:
    plain = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    statements = [
        f"CREATE ROLE {OWNER} {plain} PASSWORD '{passwords[OWNER]}'",
        f"CREATE ROLE {APPLICATION} {plain} PASSWORD '{passwords[APPLICATION]}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}",
    ]
    _run(
        [str(programs.postgres), "--single", "-D", str(data), "postgres"],
        account,
        text="".join(f"{one}\n" for one in statements),
    )


def _run(
    command: list[str], account: ServerAccount, *, text: str = "", pass_fds: tuple[int, ...] = ()
) -> None:
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=pass_fds,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        **account.run_as,
    )
    wrong = [line for line in done.stderr.splitlines() if "ERROR" in line or "FATAL" in line]
    if done.returncode != 0 or wrong:
        said = " ".join((wrong or done.stderr.splitlines() or ["nothing"])[-1].split())
        raise ServerUnavailable(
            f"PostgreSQL's {Path(command[0]).name} could not make a database: {said}",
            where=command[command.index("-D") + 1],
            do="Free disk space if it is full, or choose another folder with METERLEDGER_DATA",
        )


def _write_passwords(path: Path, passwords: dict[str, str]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump(passwords, file)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
