"""The samples panel of a variational model: its prior comes first, and may be left for another sampler."""

import numpy as np
import pytest
from panel_bench import bench_for

from aedesk.gui.panels.samples import SamplesPanel
from aedesk.latent import atlas as atlases
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.storage.library import load_model
from aedesk.storage.runs import Run


@pytest.fixture
def variational(tmp_path, digits):
    """A run with variational codes of two numbers that has learned nothing."""
    network = PRESETS["dense-2d"].architecture.as_variational()
    run = Run.create(tmp_path / "vae")
    run.save(Checkpoint("vae", network, initial_weights(network, 0), {"data": "digits"}))
    atlas = atlases.build(load_model(run.path), digits.train, 100, data="digits")
    atlases.save(atlas, run.atlas)
    return run.path


def test_a_variational_model_offers_its_prior_first(variational):
    with bench_for(SamplesPanel) as bench:
        chooser = bench.panel._kind
        assert chooser.cget("values") == ("Gaussian mixture", "Gaussian")
        bench.load(str(variational))
        bench.pump()
        assert chooser.cget("values") == ("Prior", "Gaussian mixture", "Gaussian")
        assert chooser.get() == "Prior"
        bench.panel.surprise.invoke()
        samples = bench.desk.samples
        bench.pump_until(lambda: samples.sheet is not None)
        assert samples.sheet.kind == "prior"
        assert len(bench.panel.row) == samples.count
        prior = samples.sheet
        chooser.current(1)
        chooser.event_generate("<<ComboboxSelected>>")
        bench.pump_until(lambda: samples.sheet is not prior)
        assert samples.sheet.kind == "mixture"
        assert not np.array_equal(samples.sheet.codes, prior.codes)
        assert bench.problems == []
