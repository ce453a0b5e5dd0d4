"""The optimiser of the torch engine: torch's own, over all parameters in one array."""

from __future__ import annotations

import numpy as np
import torch

from aedesk.models.presets import Recipe
from aedesk.training.flat import Flat

_MOMENTS = {"mean": "exp_avg", "square": "exp_avg_sq"}  # what Adam remembers, as we call it and as torch does


class Optimiser:
    """Steps from `flat.values` down `flat.gradients`, by the recipe.

    encoder_pace: what the learning rate is multiplied by for the encoder's parameters.
    """

    def __init__(self, flat: Flat, recipe: Recipe, encoder_pace: float = 1.0) -> None:
        self._flat = flat
        parts = flat.split("encoder." if encoder_pace != 1 else "")
        self._paces = [
            (part, pace) for part, pace in zip(parts, (encoder_pace, 1.0), strict=True) if len(part)
        ]
        groups = [{"params": [part], "lr": self._rate(recipe.learning_rate)} for part, _ in self._paces]
        self._remembers = recipe.optimiser == "adam"
        if self._remembers:
            # eps as in Keras, where the recipes come from.
            self._torch: torch.optim.Optimizer = torch.optim.Adam(
                groups, eps=1e-7, fused=True, capturable=flat.values.is_cuda
            )
        else:
            self._torch = torch.optim.SGD(groups, fused=True)

    def set_learning_rate(self, rate: float) -> None:
        """From the next step on."""
        for group, (_, pace) in zip(self._torch.param_groups, self._paces, strict=True):
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate * pace)
            else:
                group["lr"] = rate * pace

    def step(self) -> None:
        self._torch.step()

    def state(self) -> dict[str, np.ndarray]:
        """As `Engine.optimiser_state`."""
        if not self._remembers:
            return {}
        states = [(part, self._torch.state[part]) for part, _ in self._paces]
        arrays: dict[str, np.ndarray] = {}
        for kind, key in _MOMENTS.items():
            moments = torch.cat([state[key] if state else torch.zeros_like(part) for part, state in states])
            for name, moment in self._flat.views(moments.detach().cpu()).items():
                arrays[f"{kind}.{name}"] = moment.numpy().copy()
        steps = max(int(state["step"]) if state else 0 for _, state in states)
        return {"steps": np.array([steps], np.int64), **arrays}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Take over what `state` gave. Raises ValueError for arrays that are not those of this network's optimiser."""
        mine = {name: array.shape for name, array in self.state().items()}
        if {name: array.shape for name, array in state.items()} != mine:
            raise ValueError("the optimiser's state is not that of this network and optimiser")
        if not state:
            return
        for part, _ in self._paces:
            steps = torch.tensor(float(state["steps"][0]), device=part.device)
            self._torch.state[part] = {"step": steps}
        for kind, key in _MOMENTS.items():
            moments = torch.zeros_like(self._flat.values)
            for name, view in self._flat.views(moments).items():
                view.copy_(torch.from_numpy(state[f"{kind}.{name}"]))
            for (part, _), moment in zip(self._paces, self._split(moments), strict=True):
                self._torch.state[part][key] = moment.clone()

    def _rate(self, rate: float) -> float | torch.Tensor:
        """On a GPU a number that may change from one replay of a captured step to the next."""
        device = self._flat.values.device
        return torch.tensor(rate, device=device) if device.type == "cuda" else rate

    def _split(self, array: torch.Tensor) -> list[torch.Tensor]:
        return list(torch.split(array, [len(part) for part, _ in self._paces]))
