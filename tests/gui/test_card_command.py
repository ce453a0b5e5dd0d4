"""The ways from the main window to the quality card of the model in use."""

from __future__ import annotations

from typing import Any


def test_the_key_the_menu_and_the_button_open_the_card_of_the_model_in_use(app: Any) -> None:
    window = app.window
    app.key("<Control-i>")
    (card,) = window.cards.open.values()
    assert card.quality.model is window.explorer.active.model
    assert card.winfo_ismapped()
    card.focus_force()
    app.root.update()
    card.event_generate("<Escape>")
    app.pump()
    assert not window.cards.open
    window.header.card_button.invoke()
    app.pump()
    (again,) = window.cards.open.values()
    assert again.title() == "Quality card: conv-2d"
    assert any(command.label.startswith("Quality card") and command.shown for command in window.commands)
