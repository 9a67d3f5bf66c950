"""Frozen values that are made quickly are the same values: only the way into their slots is shorter."""

import inspect
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.slots import set_by_slot


@dataclass(frozen=True, slots=True)
class Plain:
    first: object
    second: object = "two"
    third: Mapping[str, Any] = field(default_factory=dict)
    fourth: bool = True

    def __post_init__(self) -> None:
        if self.first is None:
            raise ValueError(self.second)


@set_by_slot
@dataclass(frozen=True, slots=True)
class Quick:
    first: object
    second: object = "two"
    third: Mapping[str, Any] = field(default_factory=dict)
    fourth: bool = True

    def __post_init__(self) -> None:
        if self.first is None:
            raise ValueError(self.second)


_given = st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=3)), max_size=6)
_named = st.dictionaries(
    st.sampled_from(["first", "second", "third", "fourth", "fifth"]), st.integers() | st.none(), max_size=4
)


def made(kind, given, named):
    """Give the fields of what is made, or the error in its words."""
    try:
        value = kind(*given, **named)
    except (TypeError, ValueError) as error:
        return type(error), str(error).replace("Quick", "Plain")
    return value.first, value.second, value.third, value.fourth


@given(given=_given, named=_named)
def test_whatever_is_given_makes_the_same_value_or_is_refused_in_the_same_words(given, named):
    assert made(Quick, given, named) == made(Plain, given, named)


def test_it_is_as_frozen_equal_hashed_and_replaced_as_before():
    value = Quick(1, fourth=False, third=())

    with pytest.raises(FrozenInstanceError):
        value.first = 2
    assert replace(value, first=2) == Quick(2, "two", (), fourth=False) != value
    assert hash(value) == hash(Plain(1, "two", (), fourth=False))
    assert repr(value) == "Quick(first=1, second='two', third=(), fourth=False)"


def test_a_default_that_is_made_is_made_anew_for_each_value():
    assert Quick(1).third == Quick(2).third == {}
    assert Quick(1).third is not Quick(2).third


def test_its_signature_and_names_are_told_as_before():
    assert str(inspect.signature(Quick)) == str(inspect.signature(Plain))
    assert Quick.__init__.__qualname__ == "Quick.__init__"


def test_a_field_that_is_not_simply_given_is_refused_when_the_class_is_made():
    @dataclass(frozen=True, slots=True)
    class ByKeyword:
        first: int = field(kw_only=True)

    @dataclass(frozen=True, slots=True)
    class NotGiven:
        first: int = field(init=False)

    for kind in (ByKeyword, NotGiven):
        with pytest.raises(TypeError, match="first"):
            set_by_slot(kind)
