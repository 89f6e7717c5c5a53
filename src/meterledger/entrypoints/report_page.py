"""Reports in one file: a page with its styles and pictures inside, for a folder or a mail.

Lives here      the frame, tables, and bars drawn as SVG. Pure: all is given, nothing is fetched.
Lives elsewhere what is reported (``shadow_report``, ``impact_report``), styles (``web/static``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

STYLES = ("base.css", "pages.css")
WIDTH = 760
LABEL = 220
FIGURE = 130
ROW = 26
SIGN = 7
"""Room of a letter of a label; a longer label takes room from the bars, up to ``LABEL_MOST``."""
LABEL_MOST = 340


def report_page(title: str, parts: Iterable[str]) -> str:
    """A whole page: the heading, then the parts as they are."""
    folder = Path(__file__).with_name("web") / "static" / "web"
    styles = "\n".join((folder / name).read_text("utf-8") for name in STYLES)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{styles}\n</style>\n</head>\n<body>\n"
        '<main class="wide">\n'
        f"<h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def paragraph(text: str) -> str:
    """A paragraph of plain words."""
    return f"<p>{escape(text)}</p>"


def table(
    heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1
) -> str:
    """A table with a caption; all but the first ``words`` columns are figures, to the right."""

    def cell(number: int, text: str, tag: str) -> str:
        side = ' class="number" style="text-align:right"' if number >= words else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{side}{scope}>{escape(text)}</{tag}>"

    head = "".join(cell(number, name, "th") for number, name in enumerate(columns))
    body = "\n".join(
        f"<tr>{''.join(cell(number, text, 'td') for number, text in enumerate(row))}</tr>"
        for row in rows
    )
    return (
        f"<h2>{escape(heading)}</h2>\n<table>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def bars(heading: str, rows: Sequence[tuple[str, int, str]]) -> str:
    """Bars on both sides of a zero line: label, length, and the figure as words."""
    most = max((abs(length) for _, length, _ in rows), default=0)
    longest = max((len(label) for label, _, _ in rows), default=0)
    side = min(max(LABEL, longest * SIGN + 16), LABEL_MOST)
    room = WIDTH - side - FIGURE
    low = min((length for _, length, _ in rows), default=0) < 0
    high = max((length for _, length, _ in rows), default=0) > 0
    zero = side + (room // 2 if low and high else room if low else 0)
    span = room // 2 if low and high else room
    drawn = []
    for number, (label, length, figure) in enumerate(rows):
        top = number * ROW
        width = abs(length) * span // most if most else 0
        left = zero - width if length < 0 else zero
        drawn.append(
            f'<text x="{side - 8}" y="{top + 17}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{left}" y="{top + 4}" width="{max(width, 1)}" height="{ROW - 8}" '
            f'fill="{"#2f7d4f" if length < 0 else "#b3541e"}"/>'
            f'<text x="{WIDTH - 4}" y="{top + 17}" text-anchor="end">{escape(figure)}</text>'
        )
    height = max(1, len(rows)) * ROW
    told = "; ".join(f"{label}: {figure}" for label, _, figure in rows)
    return (
        f'<figure>\n<figcaption>{escape(heading)}</figcaption>\n<svg viewBox="0 0 {WIDTH} '
        f'{height}" role="img" aria-label="{escape(f"{heading}. {told}")}" '
        f'style="max-width:{WIDTH}px;width:100%;font-size:13px" fill="currentColor">\n'
        f'<line x1="{zero}" y1="0" x2="{zero}" y2="{height}" stroke="currentColor"/>\n'
        + "\n".join(drawn)
        + "\n</svg>\n</figure>"
    )
