"""Where a network can be trained on this machine."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture
from aedesk.models.presets import Recipe
from aedesk.training.config import Precision
from aedesk.training.dense_pass import fits


@dataclass(frozen=True)
class Device:
    """name: what `--device` takes. label: what people read, with the memory where that is limited."""

    name: str
    label: str


def devices() -> list[Device]:
    """The CPU, then every CUDA device."""
    found = [Device("cpu", f"CPU ({_threads()})")]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            memory = properties.total_memory / 2**30
            found.append(Device(f"cuda:{index}", f"{properties.name} ({memory:.0f} GiB)"))
    return found


def choose(name: str) -> torch.device:
    """The torch device for `auto` (CUDA where there is any), `cpu`, `cuda` or `cuda:N`; else AedeskError."""
    names = [device.name for device in devices()]
    if name == "auto":
        return torch.device(names[1] if len(names) > 1 else "cpu")
    full_name = "cuda:0" if name == "cuda" else name
    if full_name not in names:
        raise AedeskError(
            f"There is no device {name!r} on this machine; choose auto or one of: {', '.join(names)}."
        )
    return torch.device(full_name)


def choose_precision(
    wanted: Precision, device: torch.device, architecture: Architecture, recipe: Recipe
) -> Precision:
    """What "auto" means there; weights and losses are float32 either way.

    bfloat16 pays for convolutions on hardware made for it, and on such a CPU for the dense networks whose steps are
    written out (for others its conversions cost what it saves); on CUDA, dense networks multiply in TF32. Gradient
    descent without moments pays with its loss: that of `mlp-128` was 5 % larger after three epochs, of eight seeds.
    """
    if wanted != "auto":
        return wanted
    bears = recipe.optimiser == "adam"
    if device.type == "cuda":
        pays = not architecture.is_dense and torch.cuda.is_bf16_supported()
        return "bfloat16" if bears and pays else "tf32"
    pays = not architecture.is_dense or fits(architecture, recipe)
    return "bfloat16" if bears and pays and _cpu_has_bfloat16() else "float32"


@contextlib.contextmanager
def arithmetic(precision: Precision) -> Iterator[None]:
    """Multiply float32 matrices on CUDA in TF32 inside (`tf32`), or exactly; nothing changes elsewhere."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


def _cpu_has_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def describe(device: torch.device, precision: Precision) -> str:
    """One phrase for people: the device, how many threads it uses, and the precision."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {precision}"
    return f"{platform.machine()} CPU, {_threads()}, {'bfloat16' if precision == 'bfloat16' else 'float32'}"


def _threads() -> str:
    count = torch.get_num_threads()
    return f"{count} thread" if count == 1 else f"{count} threads"
