"""Digits that no model has seen, traced with the mouse in the real window: as good as the scans they follow."""

import numpy as np
import pytest

from aedesk.app.ink import SIZE
from aedesk.sketch.hand import Hand, placed
from aedesk.sketch.strokes import trace

COUNT = 40
HANDS = {
    "as usual": Hand(),
    "thin": Hand(width=12),
    "thick": Hand(width=60),
    "small and off-centre": Hand(width=20, scale=0.4, offset=(150, -120)),
}


@pytest.mark.parametrize("name", HANDS)
def test_traced_digits_are_recognised_and_rebuilt_like_their_scans(app, mnist, name):
    hand = HANDS[name]
    window, pad = app.window, app.window.explore.sketchpad
    active = window.explorer.active
    assert active.reference == "conv-2d"
    digits = mnist.test[:: len(mnist.test) // COUNT][slice(COUNT)]
    scans = digits.pixels()
    scan_errors = ((active.model.reconstruct(scans) - scans) ** 2).mean(axis=(1, 2))
    scans_right = active.neighbours.predict(active.model.encode(scans)) == digits.labels
    window.brush.width = hand.width
    right, errors = [], []
    for image, label in zip(digits.images, digits.labels, strict=True):
        for stroke in placed(trace(image), hand):
            _drag(pad, stroke * pad.edge / SIZE)
        app.pump_until(lambda: not pad.is_waiting)
        reading = window.explorer.reading
        right.append(active.atlas.classes[reading.guess.label] == str(label))
        errors.append(reading.mse)
        window.hands.clear()
    assert np.sum(right) >= scans_right.sum() - 3
    assert np.mean(errors) <= 1.3 * scan_errors.mean()


def _drag(pad, points):
    """A stroke by mouse events, in pixels of the canvas."""
    places = [(round(x), round(y)) for x, y in points]
    pad.event_generate("<ButtonPress-1>", x=places[0][0], y=places[0][1])
    for x, y in places:
        pad.event_generate("<B1-Motion>", x=x, y=y)
    pad.event_generate("<ButtonRelease-1>", x=places[-1][0], y=places[-1][1])
