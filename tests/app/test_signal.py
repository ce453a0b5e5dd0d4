"""Signals: who is connected hears everything, in order; who is not hears nothing."""

import pytest

from aedesk.app.signal import Signal


def test_every_listener_hears_every_value_in_the_order_of_connection() -> None:
    heard: list[tuple[str, int]] = []
    signal: Signal[int] = Signal()
    for name in "abc":
        signal.connect(lambda value, name=name: heard.append((name, value)))
    signal.emit(1)
    signal.emit(2)
    assert heard == [(name, value) for value in (1, 2) for name in "abc"]


def test_nobody_needs_to_listen() -> None:
    Signal[int]().emit(1)


def test_who_has_left_hears_nothing_more() -> None:
    heard: list[int] = []
    signal: Signal[int] = Signal()
    leave = signal.connect(heard.append)
    signal.emit(1)
    leave()
    signal.emit(2)
    assert heard == [1]
    signal.connect(heard.append)
    signal.emit(3)
    assert heard == [1, 3]


def test_leaving_while_the_value_goes_round_passes_over_nobody_else() -> None:
    heard: list[str] = []
    signal: Signal[None] = Signal()
    leave_a = signal.connect(lambda _: (heard.append("a"), leave_a()))
    signal.connect(lambda _: heard.append("b"))
    signal.emit(None)
    signal.emit(None)
    assert heard == ["a", "b", "b"]


def test_who_was_disconnected_while_the_value_goes_round_is_not_called_any_more() -> None:
    heard: list[str] = []
    signal: Signal[None] = Signal()
    signal.connect(lambda _: leave_b())
    leave_b = signal.connect(lambda _: heard.append("b"))  # say, a widget that the first one destroys
    signal.connect(lambda _: heard.append("c"))
    signal.emit(None)
    assert heard == ["c"]


def test_who_joins_while_the_value_goes_round_hears_the_next_one() -> None:
    heard: list[int] = []
    signal: Signal[int] = Signal()
    signal.connect(lambda value: signal.connect(heard.append) if value == 1 else None)
    signal.emit(1)
    signal.emit(2)
    assert heard == [2]


def test_a_listener_may_emit_again() -> None:
    heard: list[int] = []
    signal: Signal[int] = Signal()
    signal.connect(lambda value: signal.emit(value - 1) if value else None)
    signal.connect(heard.append)
    signal.emit(3)
    assert heard == [0, 1, 2, 3]


def test_leaving_twice_is_leaving_once() -> None:
    signal: Signal[int] = Signal()
    leave = signal.connect(lambda value: None)
    leave()
    leave()


def test_a_listeners_mistake_reaches_who_emits() -> None:
    signal: Signal[int] = Signal()
    signal.connect(lambda value: 1 // value)
    with pytest.raises(ZeroDivisionError):
        signal.emit(0)
