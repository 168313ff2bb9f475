"""CSV that is safe to open in a spreadsheet, written row by row."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

from releasehub.core.logs import one_line

# The full-width characters are included because spreadsheets in East Asian locales treat them like the ASCII ones.
_FORMULA_STARTS = frozenset("=+-@\t\r\n|%＝＋－＠")  # noqa: RUF001


def csv_lines(header: Sequence[str], rows: Iterable[Iterable[str | int]]) -> Iterator[str]:
    """Yield the header and the rows as lines of CSV, without holding more than one row in memory."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow(row)


def csv_response(lines: Iterable[str], filename: str) -> StreamingHttpResponse:
    """Return a response that browsers save under the name, which must need no quoting."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-cache"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def safe_cell(text: str) -> str:
    """Return the text as one line that no spreadsheet interprets as a formula."""
    is_formula = text[:1] in _FORMULA_STARTS or text.strip()[:1] in _FORMULA_STARTS
    return one_line(f"'{text}" if is_formula else text)


class _Echo:
    """A file object that returns the text it is given. `csv.writer.writerow` passes the result on."""

    def write(self, text: str) -> str:
        return text
