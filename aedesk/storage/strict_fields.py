"""A dataclass out of JSON that may come from anywhere: every field there, and each of the type it is declared with."""

from __future__ import annotations

import math
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def checked(cls: type[T], plain: object) -> T:
    """The dataclass `cls` of what `dataclasses.asdict` and JSON made of one. Raises ValueError in words.

    Its fields are finite numbers, lines of text, None where that is declared, dictionaries of lines, and tuples of such
    dataclasses.
    """
    kinds = get_type_hints(cls)
    if not isinstance(plain, dict) or plain.keys() != kinds.keys():
        raise ValueError(f"these are not the fields of a {cls.__name__.lower()}")
    return cls(**{name: _value(name, plain[name], kind) for name, kind in kinds.items()})


def _value(name: str, value: object, kind: Any) -> Any:
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{name} is no list")
        return tuple(checked(get_args(kind)[0], one) for one in value)
    if get_origin(kind) is dict:
        if not isinstance(value, dict) or not all(_is_line(each) for pair in value.items() for each in pair):
            raise ValueError(f"{name} is no table of words")
        return value
    allowed = get_args(kind) or (kind,)
    if type(value) is int and float in allowed:
        value = float(value)
    if type(value) not in allowed:
        raise ValueError(f"{name} is of another type")
    if isinstance(value, str) and not _is_line(value):
        raise ValueError(f"{name} is more than a line of text")
    if isinstance(value, int | float) and not (math.isfinite(value) and abs(value) < 2**63):
        raise ValueError(f"{name} is no number that can be used")
    return value


def _is_line(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()
