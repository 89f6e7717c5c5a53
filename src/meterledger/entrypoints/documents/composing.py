"""Setting contents as tagged paper: the same bytes for the same content and template, for ever.

Lives here      the templates with their revisions, one compiler in each process, page counts.
Lives elsewhere what is set (``content``), setting many at once (``pool``), one file of many
                (``binding``).

Only the fonts that come with the compiler are used: other machines have others.
"""

from __future__ import annotations

import json
import re
import threading
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal, cast

import typst

from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal

TEMPLATES = Path(__file__).with_name("templates")
REVISION = "bill_4"
"""The template that is used from now on; every revision ever used stays beside it."""
ACCESSIBLE: Literal["ua-1"] = "ua-1"
_PAGE = re.compile(rb"/Type */Page\b")
_FIGURE = re.compile(rb"/S */Figure\b")
_ALT = re.compile(rb"/Alt *[(<]")

_one_at_a_time = threading.Lock()


class NotPrintable(Refusal):
    """The words of a bill cannot be set in the fonts that come with us."""


class NoSuchTemplate(Refusal):
    """A document names a template that this version does not hold."""


def compiler_name() -> str:
    """What sets the documents, with its version: other versions may give other bytes."""
    return f"typst {version('typst')}"


def template_sha256(revision: str) -> str:
    """The hash of a template: a document is made again only with the very same.

    :raises NoSuchTemplate: if it is not held
    """
    return sha256_hex(_template(revision).read_bytes())


def compose(content: bytes, *, revision: str = REVISION) -> bytes:
    """One document as PDF/UA-1, US letter. Pure: its date is the day of issue.

    :raises NotPrintable: if a name or address has letters that our fonts lack
    :raises NoSuchTemplate: if the revision is not held
    """
    made = _set(revision, content.decode())
    ensure(
        len(_FIGURE.findall(made)) == len(_ALT.findall(made)),
        "every figure of a document has words for those who listen",
    )
    return made


def picture(content: bytes, *, revision: str = REVISION, ppi: int = 110) -> list[bytes]:
    """The pages as PNG, for eyes."""
    with _one_at_a_time:
        made = _compiler(revision).compile(
            format="png", ppi=ppi, sys_inputs={"bill": content.decode()}
        )
    return made if isinstance(made, list) else [cast(bytes, made)]


def page_count(pdf: bytes) -> int:
    """How many pages a document of ours has."""
    return len(_PAGE.findall(pdf))


def _set(revision: str, content: str) -> bytes:
    with _one_at_a_time:
        try:
            made = _compiler(revision).compile(
                format="pdf", sys_inputs={"bill": content}, pdf_standards=ACCESSIBLE
            )
        except typst.TypstError as problem:
            raise NotPrintable(
                "This bill cannot be set as an accessible PDF",
                where=str(json.loads(content)["number"]),
                why=str(problem.message),
                do="Read the bill on its page, and report its number to whoever runs this system",
            ) from problem
    ensure(isinstance(made, bytes), "a document is one file")
    return cast(bytes, made)


def _template(revision: str) -> Path:
    path = TEMPLATES / f"{revision}.typ"
    if not re.fullmatch(r"[a-z]+_[0-9]+", revision) or not path.is_file():
        raise NoSuchTemplate(
            f"The template '{revision[:40]}' is not held by this version",
            where="documents",
            do="Use the version that made the document, or read the document as it is kept",
        )
    return path


@lru_cache(maxsize=4)
def _compiler(revision: str) -> typst.Compiler:
    """One for each template and process: fonts are read once, and only those of the wheel."""
    return typst.Compiler(str(_template(revision)), ignore_system_fonts=True)
