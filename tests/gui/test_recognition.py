"""Digits that no model has seen, traced with the mouse in the real window: as good as the scans they follow."""

import numpy as np
import pytest
from strokes import Pen, placed, trace

from aedesk.app.ink import SIZE

COUNT = 40
PENS = {
    "as usual": Pen(),
    "thin": Pen(width=12),
    "thick": Pen(width=60),
    "small and off-centre": Pen(width=20, scale=0.4, offset=(0.15, -0.12)),
}


@pytest.mark.parametrize("name", PENS)
def test_traced_digits_are_recognised_and_rebuilt_like_their_scans(app, mnist, name):
    pen = PENS[name]
    window, pad = app.window, app.window.explore.sketchpad
    active = window.explorer.active
    assert active.reference == "dense-32"
    digits = mnist.test[:: len(mnist.test) // COUNT][slice(COUNT)]
    scans = digits.pixels()
    scan_errors = ((active.model.reconstruct(scans) - scans) ** 2).mean(axis=(1, 2))
    scans_right = active.neighbours.predict(active.model.encode(scans)) == digits.labels
    window.brush.width = pen.width
    right, errors = [], []
    for image, label in zip(digits.images, digits.labels, strict=True):
        for stroke in placed(trace(image), pen):
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
