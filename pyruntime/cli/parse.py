# SPDX-License-Identifier: Apache-2.0
"""Arguments to an Invocation, by the option table.

`--name VALUE`, `--name=VALUE`, `-b VALUE`, `-bVALUE`, `-b=VALUE` and runc's `-name` are
accepted; options may stand before or after the positionals; `--` ends the options.
"""

from __future__ import annotations

from pyruntime.cli.options import GLOBAL_OPTIONS, HELP, VERBS, Option, Verb, find_verb
from pyruntime.errors import UnknownCommand, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Value = bool | int | str | list[str]

_TRUE = ("true", "1", "t", "yes")
_FALSE = ("false", "0", "f", "no")
# crun's other words for ours
_OTHERWISE = {"V": "version", "?": "help", "usage": "help"}


class Values:
    """Option values by key; unset ones have the table's default."""

    __slots__ = ("_given", "_options")

    def __init__(self, options: tuple[Option, ...]) -> None:
        self._options = {option.key: option for option in options}
        self._given: dict[str, Value] = {}

    def given(self, key: str) -> bool:
        return key in self._given

    def text(self, key: str) -> str:
        value = self._given.get(key, self._options[key].default)
        return str(value)

    def flag(self, key: str) -> bool:
        self._options[key]  # a misspelt key is a bug here, not False
        return bool(self._given.get(key, False))

    def number(self, key: str) -> int:
        return int(self.text(key))

    def items(self, key: str) -> list[str]:
        self._options[key]
        value = self._given.get(key, [])
        return list(value) if isinstance(value, list) else [str(value)]

    def put(self, option: Option, value: Value) -> None:
        if option.kind == "list":
            held = self._given.setdefault(option.key, [])
            assert isinstance(held, list)
            held.append(str(value))
        else:
            self._given[option.key] = value


class Invocation:
    """What the user asked: global options, the verb, its options and positionals."""

    __slots__ = ("args", "common", "options", "verb")

    def __init__(self, common: Values, verb: Verb | None, options: Values, args: list[str]) -> None:
        self.common = common
        self.verb = verb
        self.options = options
        self.args = args


def parse(argv: Sequence[str], common: Values | None = None) -> Invocation:
    """argv without the program's name; common is to take the global options, those before an
    error, too. Raises UsageError.

    verb is None when there is no command: then --help or --version was asked for, or nothing,
    which is answered by help, too.
    """
    if common is None:
        common = Values(GLOBAL_OPTIONS)
    head, rest = _scan(argv, GLOBAL_OPTIONS, common, 0, "")
    if not head and rest:  # behind --
        head, rest = rest[:1], rest[1:]
    if not head or common.flag("version"):
        if not common.flag("version"):
            common.put(HELP, True)
        return Invocation(common, None, Values(()), [])
    if head[0] in ("help", "h"):
        common.put(HELP, True)
        return Invocation(common, _verb(rest[0]) if rest else None, Values(()), [])
    verb = _verb(head[0])
    options = Values((*verb.options, HELP))
    args, raw = _scan(rest, (*verb.options, HELP), options, verb.raw_after, verb.name)
    args += raw
    if not options.flag("help"):
        _check_count(verb, args)
    return Invocation(common, verb, options, args)


def _scan(
    argv: Sequence[str], options: tuple[Option, ...], values: Values, raw_after: int, verb: str
) -> tuple[list[str], list[str]]:
    """Fill values; give the positionals and, once raw_after + 1 of them were seen, the rest."""
    args: list[str] = []
    index = 0
    limit = 1 if not verb else raw_after
    while index < len(argv):
        word = argv[index]
        index += 1
        if word == "--":
            return args, list(argv[index:])
        if len(word) < 2 or word[0] != "-":
            args.append(word)
            if len(args) == limit:
                rest = list(argv[index:])
                return args, rest[1:] if verb and rest[:1] == ["--"] else rest
            continue
        option, value = _option(word, options, verb)
        if option.kind == "flag":
            values.put(option, True if value is None else _boolean(option, value))
            continue
        if value is None:
            if index == len(argv):
                raise UsageError(
                    f"option --{option.name} needs a value: {option.metavar}", code="bad-value"
                )
            value = argv[index]
            index += 1
        values.put(option, _checked(option, value))
    return args, []


def _option(word: str, options: tuple[Option, ...], verb: str) -> tuple[Option, str | None]:
    name, equals, value = word.lstrip("-").partition("=")
    name = _OTHERWISE.get(name, name)
    for option in options:
        if name in (option.name, option.short):
            return option, value if equals else None
    if word[1] != "-":
        for option in options:
            if option.short and word[1] == option.short and option.kind != "flag":
                return option, word[2:]
        letters = {option.short for option in options if option.short}
        if not equals and len(name) > 1 and letters.issuperset(name):
            raise UsageError(f"write -{' -'.join(name)} instead of -{name}", code="unknown-option")
    where = f'"{verb}" has no option' if verb else "unknown option"
    shown = word.partition("=")[0]
    raise UsageError(
        f"{where} {shown}",
        hint=_suggest(name, [o.name for o in options], "--"),
        code="unknown-option",
    )


def _boolean(option: Option, value: str) -> bool:
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise _bad(f'option --{option.name}: "{value}" is neither true nor false')


def _checked(option: Option, value: str) -> str:
    if option.kind == "number" and not (value.isascii() and value.isdigit()):
        raise _bad(f'option --{option.name}: "{value}" is not a number')
    if option.choices and value not in option.choices:
        accepted = ", ".join(option.choices)
        # the engines know runc's own words for these two
        if option.name == "log-format":
            raise _bad(f"invalid log-format: {value}", f"one of {accepted}")
        if option.name == "format":
            raise _bad(f"invalid format option: {value}", f"one of {accepted}")
        raise _bad(f'option --{option.name}: "{value}" is not one of {accepted}')
    return value


def _bad(message: str, hint: str = "") -> UsageError:
    return UsageError(message, hint=hint, code="bad-value")


def _check_count(verb: Verb, args: list[str]) -> None:
    least, most = verb.count
    usage = f"usage: pyruntime {verb.name} [OPTION...] {verb.arguments}".rstrip()
    if len(args) < least:
        message = f'"{verb.name}" needs at least {least} argument(s)'
        raise UsageError(message, hint=usage, code="argument-count")
    if most >= 0 and len(args) > most:
        message = f'"{verb.name}" takes at most {most} argument(s)'
        raise UsageError(message, hint=usage, code="argument-count")


def _verb(name: str) -> Verb:
    verb = find_verb(name)
    if verb is None:
        hint = _suggest(name, [known.name for known in VERBS])
        raise UnknownCommand(f'unknown command "{name}"', hint=hint)
    return verb


def _suggest(word: str, known: list[str], prefix: str = "") -> str:
    from difflib import get_close_matches  # only once something is wrong

    close = get_close_matches(word, known, n=1)
    return f'did you mean "{prefix}{close[0]}"?' if close else ""
