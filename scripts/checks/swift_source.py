"""A Swift file as the checks need it: code without the contents of its comments and strings."""

from __future__ import annotations

import re
from pathlib import Path

_OPENING = re.compile(r'//|/\*|(#*)("""|")|`|[()]')
_BRACE = re.compile(r"[{}]")
_BLOCK_COMMENT = re.compile(r"/\*|\*/")


class SwiftSource:
    """The text of a file, `code`: the same with every comment and literal blanked, offsets unchanged; and where the literals are."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._blanked = list(text)
        self.literals: list[tuple[int, int]] = []
        self._scan_code(0, inside_interpolation=False)
        self.code = "".join(self._blanked)
        self.lines = text.split("\n")
        self.code_lines = self.code.split("\n")

    @classmethod
    def read(cls, root: Path, path: str) -> SwiftSource:
        return cls(path, (root / path).read_text(encoding="utf-8"))

    def line_at(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def closing_brace(self, opening: int) -> int:
        """Where the block ends that begins with the brace at `opening`."""
        depth = 0
        for match in _BRACE.finditer(self.code, opening):
            depth += 1 if match.group(0) == "{" else -1
            if depth == 0:
                return match.start()
        return len(self.code)

    def _blank(self, start: int, end: int) -> None:
        for index in range(start, min(end, len(self.text))):
            if self._blanked[index] != "\n":
                self._blanked[index] = " "

    def _scan_code(self, index: int, inside_interpolation: bool) -> int:
        depth = 0
        while (match := _OPENING.search(self.text, index)) is not None:
            opening, start, index = match.group(0), match.start(), match.end()
            if opening == "//":
                index = self._end_of_line(start)
                self._blank(start, index)
            elif opening == "/*":
                index = self._end_of_block_comment(index)
                self._blank(start, index)
            elif opening == "`":
                index = self._end_of_raw_identifier(index)
                self._blank(start, index)
            elif opening == "(":
                depth += 1
            elif opening == ")":
                if depth == 0 and inside_interpolation:
                    return index
                depth -= 1
            else:
                index = self._scan_string(index, hashes=match.group(1), quote=match.group(2))
                self._blank(start, index)
                self.literals.append((start, index))
        return len(self.text)

    def _scan_string(self, index: int, hashes: str, quote: str) -> int:
        escape, closing = "\\" + hashes, quote + hashes
        while index < len(self.text):
            if self.text.startswith(closing, index):
                return index + len(closing)
            if self.text.startswith(escape + "(", index):
                index = self._scan_code(index + len(escape) + 1, inside_interpolation=True)
            elif self.text.startswith(escape, index):
                index += len(escape) + 1
            elif quote == '"' and self.text[index] == "\n":
                return index
            else:
                index += 1
        return index

    def _end_of_line(self, index: int) -> int:
        end = self.text.find("\n", index)
        return len(self.text) if end < 0 else end

    def _end_of_block_comment(self, index: int) -> int:
        depth = 1
        while depth > 0 and (match := _BLOCK_COMMENT.search(self.text, index)) is not None:
            depth += 1 if match.group(0) == "/*" else -1
            index = match.end()
        return index if depth == 0 else len(self.text)

    def _end_of_raw_identifier(self, index: int) -> int:
        end = self.text.find("`", index)
        return len(self.text) if end < 0 else end + 1
