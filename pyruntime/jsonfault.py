# SPDX-License-Identifier: Apache-2.0
"""Where things are in a JSON text, and why `jsontext` refused one.

Slow and exact, for texts that are already known to be at fault. It keeps no values.
"""

from __future__ import annotations

import re

from pyruntime.errors import JsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    Path = list[str | int]
    Visit = Callable[[Path, int, int], None]

_SPACE = re.compile(r"[ \t\n\r]*+")
_STRING_BODY = re.compile(
    r'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][-+]?[0-9]++)?")
_WORD = re.compile(r"-?[A-Za-z_]++")
# A pair, or a lone half (group 1), or any other escape.
_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_ESCAPE = re.compile(r"\\(u[dD][89abAB]..\\u[dD][c-fC-F]..|u.{4}|.)")
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# CPython's limit for int(); longer numbers would take quadratic time.
_MAX_DIGITS = 4300


class _Found(Exception):
    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def escape(key: str | int) -> str:
    """One reference token of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")


def pointer_of(path: Path) -> str:
    return "".join("/" + escape(part) for part in path)


def lone_surrogate(text: str) -> bool:
    return any(match.group(1) for match in _SURROGATE.finditer(text))


def fault(text: bytes | str, max_depth: int) -> JsonError:
    """The first thing that makes `jsontext.loads` refuse the text."""
    if isinstance(text, bytes):
        try:
            text = str(text, "utf-8")
        except UnicodeDecodeError as err:
            line, column = line_column(err.object[: err.start].decode("utf-8"), err.start)
            return JsonError("not valid UTF-8", line=line, column=column)
    if text[:1] == "\ufeff":
        return JsonError("begins with a byte order mark", line=1, column=1)
    path: Path = []
    try:
        _Walk(text, path, max_depth).run(lambda path, key, value: None)
    except _Found as found:
        line, column = line_column(text, found.offset)
        return JsonError(found.message, pointer=pointer_of(path), line=line, column=column)
    return JsonError("not a JSON text")


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, in characters."""
    offset = min(offset, len(text))
    before = text.rfind("\n", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - before


def locate(text: str, pointers: Collection[str]) -> dict[str, tuple[int, int]]:
    """Offsets of (key, value) by pointer, for those that the text has; key -1 in an array.

    The text has to be strict JSON.
    """
    wanted = set(pointers)
    found: dict[str, tuple[int, int]] = {}

    def visit(path: Path, key: int, value: int) -> None:
        pointer = pointer_of(path)
        if pointer in wanted:
            found[pointer] = (key, value)

    _Walk(text, [], len(text)).run(visit)
    return found


def unescape(body: str) -> str:
    """The value of a string's inside, whose escapes are known to be valid."""

    def one(match: re.Match[str]) -> str:
        code = match.group(1)
        if code[0] != "u":
            return _SIMPLE.get(code, code)
        if len(code) == 5:
            return chr(int(code[1:], 16))
        high, low = int(code[1:5], 16), int(code[7:], 16)
        return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))

    return _ESCAPE.sub(one, body)


class _Walk:
    """One pass over a text; raises _Found at the first fault, with `path` showing where."""

    def __init__(self, text: str, path: Path, max_depth: int) -> None:
        self.text = text
        self.path = path
        self.max_depth = max_depth
        self.pos = 0
        self.frames: list[set[str] | None] = []  # keys of an open object, None for an array

    def run(self, visit: Visit) -> None:
        self.skip()
        key = -1
        while True:
            visit(self.path, key, self.pos)
            if self.peek() in ("{", "["):
                opened = self.open()
            else:
                self.scalar()
                opened = False
            if not opened and not self.next_item():
                break
            key = self.key() if self.frames[-1] is not None else -1
        self.skip()
        if self.pos < len(self.text):
            raise _Found("text after the end of the document", self.pos)

    def peek(self) -> str:
        return self.text[self.pos : self.pos + 1]

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.pos)
        assert match
        self.pos = match.end()

    def expected(self, what: str) -> _Found:
        if self.pos >= len(self.text):
            return _Found(f"ends where {what} is expected", self.pos)
        return _Found(f"expected {what}", self.pos)

    def open(self) -> bool:
        """Enter an object or array; False if it is empty, and thereby over."""
        is_map = self.peek() == "{"
        if len(self.frames) >= self.max_depth:
            del self.path[1:]
            raise _Found(f"nested deeper than {self.max_depth} levels", self.pos)
        self.pos += 1
        self.skip()
        if self.peek() == ("}" if is_map else "]"):
            self.pos += 1
            return False
        self.frames.append(set() if is_map else None)
        self.path.append("" if is_map else 0)
        return True

    def next_item(self) -> bool:
        """Go to the next member or item, out of what ends here; False at the end of it all."""
        while self.frames:
            keys = self.frames[-1]
            close = "]" if keys is None else "}"
            self.skip()
            if self.peek() == ",":
                self.pos += 1
                self.skip()
                last = self.path[-1]
                self.path[-1] = last + 1 if isinstance(last, int) else ""
                if self.peek() == close:
                    self.path.pop()
                    raise _Found(f'"," before "{close}"', self.pos)
                return True
            if self.peek() != close:
                raise self.expected(f'"," or "{close}"')
            self.pos += 1
            self.frames.pop()
            self.path.pop()
        return False

    def key(self) -> int:
        """Read `"name":`; gives where it began."""
        start = self.pos
        keys = self.frames[-1]
        assert keys is not None
        if self.peek() != '"':
            self.path.pop()
            raise self.expected("a key in double quotes")
        name = unescape(self.string())
        self.path[-1] = name
        if name in keys:
            raise _Found("duplicate key", start)
        keys.add(name)
        self.skip()
        if self.peek() != ":":
            raise self.expected('":"')
        self.pos += 1
        self.skip()
        return start

    def string(self) -> str:
        match = _STRING_BODY.match(self.text, self.pos + 1)
        assert match
        body, end = match.group(), match.end()
        for half in _SURROGATE.finditer(body):
            if half.group(1):
                raise _Found("lone surrogate in a string", self.pos + 1 + half.start())
        stop = self.text[end : end + 1]
        if stop == "\\":
            raise _Found("unknown escape in a string", end)
        if stop != '"':
            raise _Found("control character in a string" if stop else "string without end", end)
        self.pos = end + 1
        return body

    def scalar(self) -> None:
        if self.peek() == '"':
            self.string()
            return
        number = _NUMBER.match(self.text, self.pos)
        if number:
            self.number(number)
            return
        word = _WORD.match(self.text, self.pos)
        if not word:
            raise self.expected("a value")
        if word.group() not in ("true", "false", "null"):
            raise _Found(f"{word.group()[:20]} is not a JSON value", self.pos)
        self.pos = word.end()

    def number(self, match: re.Match[str]) -> None:
        if match.group(1) or match.group(2):
            if float(match.group()) in (float("inf"), float("-inf")):
                raise _Found("number too large", self.pos)
        elif len(match.group().lstrip("-")) > _MAX_DIGITS:
            raise _Found("number too large", self.pos)
        if self.text[match.end() : match.end() + 1].isalnum():
            raise _Found("malformed number", self.pos)
        self.pos = match.end()
