"""Numbers of settings: variables of the environment, and the ports of addresses in them.

``NUMERIC`` and ``NOT_NUMBERS`` register every variable that the source reads; a new one has to be
put into one of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from unittest.mock import patch

from tests.poison.fields import NumericField
from tests.poison.money_files import asking
from tests.poison.numbers import poison_numbers
from tests.tidy.house import ROOT

from meterledger.entrypoints import wiring
from meterledger.stores.gateways.processor import HttpProcessor

NUMERIC = frozenset(
    {"METERLEDGER_HEAD_END", "METERLEDGER_HEAD_END_SECONDS", "METERLEDGER_PROCESSOR"}
)
NOT_NUMBERS = {
    "DATABASE_URL": "an address that PostgreSQL's own library reads and refuses",
    "DJANGO_SETTINGS_MODULE": "a module",
    "METERLEDGER_BANK_KEY_FILE": "a path",
    "METERLEDGER_DATA": "a path",
    "METERLEDGER_DOCUMENT_KEY_FILE": "a path",
    "METERLEDGER_OWNER_DATABASE_URL": "likewise",
    "METERLEDGER_POSTGRES_PROGRAMS": "a path",
    "METERLEDGER_PROCESSOR_SECRET_FILE": "a path",
    "METERLEDGER_SERVER_ACCOUNT": "the name of an account of this machine",
    "METERLEDGER_TARIFFS": "a path",
    "METERLEDGER_VAULT_KEY_FILE": "a path",
    "XDG_DATA_HOME": "a path",
}
_READ = re.compile(
    r"environ(?:\.get\(|\.setdefault\(|\[)\s*(?:\"(\w+)\"|(\w+))|getenv\(\s*(?:\"(\w+)\"|(\w+))"
)


def variables() -> set[str]:
    """The name of every variable that the source reads; of a constant, what it is."""
    found = set()
    sources = {one: one.read_text("utf-8") for one in (ROOT / "src").rglob("*.py")}
    everything = "\n".join(sources.values())
    for text in sources.values():
        for match in _READ.finditer(text):
            name = match[1] or match[3]
            constant = match[2] or match[4]
            if constant:
                (name,) = set(re.findall(rf'^{constant} = "(\w+)"', everything, re.MULTILINE))
            found.add(name)
    return found


def fields() -> Iterator[NumericField]:
    """All of them. A port of an address may be left out, and then is the usual one."""
    seconds = {"METERLEDGER_HEAD_END": "http://127.0.0.1:8650/"}
    yield NumericField(
        "METERLEDGER_HEAD_END_SECONDS",
        _head_end(lambda text: seconds | {"METERLEDGER_HEAD_END_SECONDS": text}),
        low=1,
        high=600,
        digits=18,
    )
    ended = {one.text for one in poison_numbers() if re.match(r"[0-9]{0,5}[/?#]", one.text)}
    port = {"low": 1, "high": 65_535, "digits": 4_000, "also": frozenset({"", *ended})}
    yield NumericField(
        "METERLEDGER_HEAD_END, port",
        _head_end(lambda text: {"METERLEDGER_HEAD_END": f"http://127.0.0.1:{text}/"}),
        **port,  # type: ignore[arg-type]
    )
    yield NumericField(
        "METERLEDGER_PROCESSOR, port",
        asking(lambda text: vars(HttpProcessor(f"http://127.0.0.1:{text}/v1", b"s" * 32))["_port"]),
        **port,  # type: ignore[arg-type]
    )


def _head_end(told: Callable[[str], dict[str, str]]) -> Callable[[str], object]:
    def read(text: str) -> object:
        if "\x00" in text or "\ud800" in text:
            text = "NaN"  # no environment holds them
        with patch.dict(os.environ, told(text)):
            return {
                name: one
                for name, one in vars(wiring.open_head_end()).items()
                if name in ("_port", "_seconds")
            }

    return asking(read)
