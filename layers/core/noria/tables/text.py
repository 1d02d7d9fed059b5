"""The bytes of a CSV as UTF-8 text, checked on the way: what Arrow's reader would take wrongly, or without saying where, ends here."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

import numpy as np

from noria.kernel.errors import UnreadableDatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from noria.tables.dialect import Dialect

#: Longest row, and longest line without its end (bytes): Arrow's reader must have it within one block.
LONGEST_ROW = 1024 * 1024
PIECE_BYTES = 256 * 1024
NEWLINE, RETURN = 10, 13


class EncodingError(UnreadableDatasetError):
    """Bytes that are not of the encoding that the beginning is in.

    Attributes:
        plain: whether all text before them is ASCII, so that another encoding may explain the whole file.
    """

    def __init__(self, message: str, plain: bool) -> None:
        super().__init__(message)
        self.plain = plain


class Text:
    """The lines of a CSV after its header.

    Args:
        pieces: the file's bytes, from the beginning.
        before: lines up to the end of the header, which are left out.
    """

    def __init__(self, pieces: Iterator[bytes], dialect: Dialect, before: int) -> None:
        self._pieces, self._dialect, self._before = pieces, dialect, before
        self._line, self._rest = 1, b""
        self._ascii = True
        self._decoder = codecs.getincrementaldecoder(dialect.encoding)()
        self._quotes = _Quotes(dialect) if dialect.quote else None

    def pieces(self) -> Iterator[bytes]:
        """The text in UTF-8, in pieces of whole lines.

        Raises:
            EncodingError: bytes are not of the encoding.
            UnreadableDatasetError: a zero byte, a line that is too long, or a quote where none can be; the message names the line.
        """
        for piece in self._whole_lines():
            yield self._checked(piece)
        if rest := self._drop_header(self._rest):
            yield self._checked(rest)
        if self._quotes:
            self._quotes.end()

    def _whole_lines(self) -> Iterator[bytes]:
        first = True
        for raw in _cut(self._pieces):
            text = self._decoded(raw, final=False)
            if first:
                text, first = text.removeprefix(codecs.BOM_UTF8), False
            yield from self._lines(text)
        yield from self._lines(self._decoded(b"", final=True))

    def _lines(self, text: bytes) -> Iterator[bytes]:
        """Whole lines out of the text so far; the lines up to the header's end are dropped."""
        self._rest += text
        end = self._rest.rfind(b"\n") + 1 or (self._rest.rfind(b"\r") + 1 if len(self._rest) > LONGEST_ROW else 0)
        if len(self._rest) - end > LONGEST_ROW:
            line = self._line + self._rest.count(b"\n", 0, end)
            raise UnreadableDatasetError(f"line {line} has more than {LONGEST_ROW // 2**20} MiB: it is no row of a table")
        piece, self._rest = self._rest[:end], self._rest[end:]
        if piece := self._drop_header(piece):
            yield piece

    def _drop_header(self, piece: bytes) -> bytes:
        """Without the lines up to the header's end."""
        if not self._before:
            return piece
        lines = piece.splitlines(keepends=True)
        dropped = lines[: self._before]
        self._before -= len(dropped)
        self._line += len(dropped)
        return b"".join(lines[len(dropped) :])

    def _decoded(self, raw: bytes, final: bool) -> bytes:
        """Bytes in UTF-8."""
        if self._dialect.encoding == "utf-8" and raw.isascii() and not final and not self._decoder.getstate()[0]:
            return raw
        try:
            text = self._decoder.decode(raw, final)
        except UnicodeDecodeError as error:
            raise self._encoding_error(raw, error) from error
        self._ascii = self._ascii and text.isascii()
        return text.encode()

    def _encoding_error(self, raw: bytes, error: UnicodeDecodeError) -> EncodingError:
        before = self._rest + error.object[: error.start]
        plain = self._ascii and error.object[: error.start].isascii()
        line = self._line + before.count(b"\n")
        shown = " ".join(f"{byte:02x}" for byte in error.object[error.start : error.start + 4])
        return EncodingError(
            f"line {line} has bytes ({shown}) that are no {self._dialect.encoding.upper()}: name the encoding under data.csv.encoding, "
            "or export the file as UTF-8",
            plain,
        )

    def _checked(self, piece: bytes) -> bytes:
        if (zero := piece.find(b"\0")) >= 0:
            raise UnreadableDatasetError(f"line {self._line + piece.count(b'\n', 0, zero)} holds a zero byte: the file is no text, or is damaged")
        if self._dialect.comment:
            piece = self._without_comments(piece)
        if self._quotes:
            self._quotes.check(piece, self._line)
        self._line += piece.count(b"\n")
        return piece

    def _without_comments(self, piece: bytes) -> bytes:
        """Comments become blank lines, so that the rows after them keep their numbers."""
        mark = self._dialect.comment.encode()
        return b"".join(b"\n" if line.startswith(mark) else line for line in piece.splitlines(keepends=True))


def _cut(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of at most `PIECE_BYTES`."""
    for piece in pieces:
        for begin in range(0, len(piece), PIECE_BYTES):
            yield piece[begin : begin + PIECE_BYTES]


class _Quotes:
    """Holds a text against the rules of quoting, by its quotes alone: a field is quoted from its beginning to its end."""

    def __init__(self, dialect: Dialect) -> None:
        self._quote = ord(dialect.quote)
        self._ends = np.zeros(256, bool)
        self._ends[[ord(dialect.delimiter), NEWLINE, RETURN]] = True
        self._inside, self._opened, self._size = False, 0, 0

    def check(self, piece: bytes, line: int) -> None:
        """Check a piece of whole lines; `line` is the number of its first."""
        data = np.frombuffer(piece, np.uint8)
        places = np.flatnonzero(data == self._quote)
        if len(places):
            if not self._is_regular(data, places):
                self._walk(piece, data, places.tolist(), line)
                return
            self._inside ^= bool(len(places) & 1)
            if self._inside:
                self._opened, self._size = line + piece.count(b"\n", 0, int(places[-1])), len(piece) - int(places[-1])
        elif self._inside:
            self._size += len(piece)
        if self._inside and self._size > LONGEST_ROW:
            raise UnreadableDatasetError(self._unclosed())

    def end(self) -> None:
        if self._inside:
            raise UnreadableDatasetError(self._unclosed())

    def _unclosed(self) -> str:
        return f"the quote that opens on line {self._opened} is not closed: close it, or write it twice if it belongs to the text"

    def _is_regular(self, data: Any, places: Any) -> bool:
        """Whether each quote opens after an end of a field, or closes before one, or is written twice."""
        opening, closing = places[int(self._inside) :: 2], places[int(not self._inside) :: 2]
        before = data[np.maximum(opening - 1, 0)]
        after = data[np.minimum(closing + 1, len(data) - 1)]
        opens = self._ends[before] | (before == self._quote) | (opening == 0)
        closes = self._ends[after] | (after == self._quote) | (closing == len(data) - 1)
        return bool(opens.all() and closes.all())

    def _walk(self, piece: bytes, data: Any, places: list[int], line: int) -> None:
        """Quote by quote: one inside an unquoted field is text."""
        skip = -1
        for place in places:
            if place == skip:
                continue
            after = int(data[place + 1]) if place + 1 < len(data) else NEWLINE
            if not self._inside:
                if place == 0 or self._ends[data[place - 1]]:
                    self._inside, self._opened = True, line + piece.count(b"\n", 0, place)
            elif after == self._quote:
                skip = place + 1
            elif self._ends[after]:
                self._inside = False
            else:
                at, shown = line + piece.count(b"\n", 0, place), piece[max(0, place - 20) : place + 20].decode(errors="replace")
                raise UnreadableDatasetError(f"line {at}: a quote stands inside a quoted field, near {shown!r}: write it twice, or leave it out")
        self._size = len(piece)
