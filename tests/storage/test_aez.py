"""`.aez` files: whole round trips, and no damage that goes unnoticed."""

from __future__ import annotations

import hashlib
import resource
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import constriction
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.presets import PRESETS
from aedesk.storage import aez, leb128, range_coding
from aedesk.storage.aez import Aez
from aedesk.storage.checkpoint import save
from aedesk.storage.frequencies import SHAPES, TOTAL, Bins, expected, frequencies
from aedesk.storage.levels import APART, KINDS, Levels

HASH = "0123456789abcdef" * 2
HEAD = 12  # bytes before what the checksum is of


@st.composite
def tables(draw: st.DrawFn) -> Levels:
    """Levels as a quantiser makes them: of several sizes, some of one level alone."""
    kind, bits = draw(st.sampled_from(KINDS)), draw(st.integers(2, 16))
    knots = []
    for _ in range(draw(st.integers(1, 6))):
        first = draw(st.integers(-1000, 1000))
        if kind == "uniform":
            ends = [first, first + APART * draw(st.integers(0, 2**bits - 1))]
        else:
            gaps = draw(st.lists(st.integers(1, 50), max_size=min(2**bits, 256) - 1))
            ends = list(np.cumsum([first, *gaps]) * (1 << max(bits - 8, 0)))
        knots.append(np.array(ends, np.int32))
    steps = draw(st.lists(st.floats(2**-20, 2**20, width=32), min_size=len(knots), max_size=len(knots)))
    return Levels(kind, bits, np.array(steps, np.float32), tuple(knots))


@st.composite
def contents(draw: st.DrawFn) -> Aez:
    levels = draw(tables())
    count, seed = draw(st.integers(1, 30)), draw(st.integers(0, 2**32 - 1))
    chance = np.random.default_rng(seed).random((count, levels.code_size)) ** draw(st.integers(1, 4))
    names = draw(
        st.one_of(
            st.just(()),
            st.lists(
                st.text("abcXYZ-_ .é漢🙂", min_size=1).filter(lambda name: name not in {".", ".."}),
                min_size=count,
                max_size=count,
            ),
        )
    )
    return Aez("my model é", HASH, levels, (chance * levels.counts).astype(np.uint16), tuple(names))


def the_same(one: Aez, other: Aez) -> bool:
    return (
        (one.model, one.model_hash, one.names) == (other.model, other.model_hash, other.names)
        and (one.levels.kind, one.levels.bits) == (other.levels.kind, other.levels.bits)
        and np.array_equal(one.indices, other.indices)
        and one.codes.tobytes() == other.codes.tobytes()
    )


def sample(count: int = 30, kind: str = "kmeans", names: bool = True) -> Aez:
    """Codes of six numbers, one of which never varies."""
    rng = np.random.default_rng(3)
    knots = [np.cumsum(rng.integers(1, 9, 16)).astype(np.int32) for _ in range(5)] + [np.array([7], np.int32)]
    if kind == "uniform":
        knots = [np.array([first[0], first[0] + APART * (len(first) - 1)], np.int32) for first in knots]
    levels = Levels(kind, 4, np.full(6, 0.25, np.float32), tuple(knots))  # type: ignore[arg-type]
    indices = np.clip(rng.normal(8, 3, (count, 6)), 0, levels.counts - 1).astype(np.uint16)
    titles = tuple(f"three {number}.png" for number in range(count)) if names else ()
    return Aez("dense-32", HASH, levels, indices, titles)


def sealed(body: bytes) -> bytes:
    """A file of which someone has made the checksum anew."""
    return b"AEZ\x01" + hashlib.sha256(body).digest()[:8] + body


def outcome(path: Path, content: bytes) -> Aez | None:
    """What is read; None where it is refused, in one line that names the file."""
    path.write_bytes(content)
    try:
        return aez.read(path)
    except AedeskError as problem:
        line = str(problem)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return None


@settings(max_examples=60)
@given(contents())
def test_what_was_packed_comes_back_bit_for_bit(whole: Aez) -> None:
    content, sizes = aez.pack(whole)
    assert the_same(aez.unpack(content), whole)
    assert sizes.file == len(content)
    assert sizes.payload + sizes.tables + sizes.names < sizes.file
    assert aez.pack(whole)[0] == content


@settings(max_examples=60)
@given(contents())
def test_indices_keep_their_groups_to_themselves(whole: Aez) -> None:
    groups = np.arange(len(whole)) % 3
    settings_ = (whole.levels.counts, whole.levels.bits, 1)
    payload = range_coding.encode(whole.indices, *settings_, groups)
    count = int(groups.max()) + 1
    assert np.array_equal(range_coding.decode(payload, len(whole), *settings_, count), whole.indices)


def test_many_images_come_back_and_alike_ones_take_less(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    levels = Levels("uniform", 6, np.ones(20, np.float32), tuple(np.array([[0, APART * 63]] * 20, np.int32)))
    kinds = rng.integers(5, 58, (8, 20))[rng.integers(0, 8, 5000)]
    indices = np.clip(kinds + rng.normal(0, 2, kinds.shape), 0, 63).astype(np.uint16)
    whole = Aez("many", HASH, levels, indices)
    sizes = aez.write(tmp_path / "many.aez", whole)
    assert the_same(aez.read(tmp_path / "many.aez"), whole)
    # A normal distribution of sigma 2 has 3.05 bits, and a group of eight 3 more for each image.
    assert 61 + 3 < sizes.code_bits < 72
    shuffled = rng.permuted(indices, axis=0)
    assert aez.pack(replace(whole, indices=shuffled))[1].code_bits > 80


def test_frequencies_are_the_whole_numbers_that_the_coder_works_with() -> None:
    bins = Bins(np.array([5]))
    seen = np.array([[0, 1, 1000, 40, 2, 0, 0, 0]])
    weights = frequencies(seen, bins, expected(bins, 1, 4))[0]
    assert np.array_equal(weights, np.floor(weights))
    assert weights.sum() + 5 == TOTAL
    assert not weights[5:].any()
    model = constriction.stream.model.Categorical(weights[:5], perfect=False)
    edges = np.concatenate([[0], np.cumsum(weights[:5] + 1)]).astype(np.int64)
    for symbol in range(5):
        for place in (edges[symbol], edges[symbol + 1] - 1):
            words = np.array([(place << 8) + 128, 0], np.uint32)  # a point within that 2**-24th of the range
            assert constriction.stream.queue.RangeDecoder(words).decode(model) == symbol


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_what_is_expected_is_a_share_of_every_level(shape: int) -> None:
    bins = Bins(np.array([1, 2, 3, 16, 200, 65536]))
    whole = expected(bins, shape, 4)
    for number, size in enumerate(bins.sizes):
        assert (whole[number, :size] > 0).all()
        assert not whole[number, size:].any()


@pytest.fixture(scope="module")
def whole() -> Aez:
    return sample(8)


@pytest.fixture(scope="module")
def content(whole: Aez) -> bytes:
    return aez.pack(whole)[0]


def test_no_flipped_bit_goes_unnoticed(content: bytes, tmp_path: Path) -> None:
    for place in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        assert outcome(tmp_path / "x.aez", bytes(damaged)) is None, place


def test_no_file_that_is_cut_off_or_goes_on_is_read(content: bytes, tmp_path: Path) -> None:
    for length in range(len(content)):
        assert outcome(tmp_path / "x.aez", content[:length]) is None
        assert outcome(tmp_path / "x.aez", content[length + 1 :]) is None
    for more in (b"\0", b"\0" * 4, content, b"x" * 1000):
        assert outcome(tmp_path / "x.aez", content + more) is None
        assert outcome(tmp_path / "x.aez", more + content) is None


def test_no_altered_byte_goes_unnoticed_though_the_checksum_is_made_anew(
    whole: Aez, content: bytes, tmp_path: Path
) -> None:
    body = content[HEAD:]
    for place in range(len(body)):
        for change in (1, 0x80, 0xFF):
            damaged = bytearray(body)
            damaged[place] ^= change
            read = outcome(tmp_path / "x.aez", sealed(bytes(damaged)))
            assert read is None or the_same(read, whole), place


@settings(max_examples=500)
@given(
    middle=st.binary(max_size=8),
    end=st.binary(max_size=8),
    at=st.floats(0, 1),
    without=st.integers(0, 20),
    seal=st.booleans(),
)
def test_nothing_cut_out_or_put_in_is_read_as_other_pictures(
    whole: Aez, content: bytes, middle: bytes, end: bytes, at: float, without: int, seal: bool
) -> None:
    body = content[HEAD:]
    place = round(at * len(body))
    damaged = body[:place] + middle + body[place + without :] + end
    made = sealed(damaged) if seal else content[:HEAD] + damaged
    try:
        read = aez.unpack(made)
    except AedeskError as problem:
        read, line = None, str(problem)
        assert line.isprintable()
    assert read is None or the_same(read, whole)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(content: bytes) -> None:
    for made in (content, b"AEZ" + content, sealed(content), sealed(b"\0\4\1\1" + bytes(16) + content)):
        with pytest.raises(AedeskError):
            aez.unpack(made)


def crafted(count: int, size: int, *, groups: int = 1, tables: bytes = b"", names: bytes = b"") -> bytes:
    head = bytes([0, 16, 0, groups]) + bytes(16)
    head += b"".join(map(leb128.packed, (count, size, 0, len(tables), len(names)))) + bytes(4)
    return sealed(head + tables + names)


def deflated(content: bytes) -> bytes:
    coder = zlib.compressobj(9, wbits=-15)
    return coder.compress(content) + coder.flush()


@pytest.mark.parametrize(
    "bomb",
    [
        lambda: crafted(2**34, 2**34),
        lambda: crafted(2**26, 1),
        lambda: crafted(1, 2**30),
        lambda: crafted(2**26 // 2**14, 2**14, tables=deflated(bytes(3 * 2**14))),
        lambda: crafted(1, 2**14, groups=255, tables=deflated(bytes(3 * 2**14))),
        lambda: crafted(1, 4, tables=deflated(bytes(2**28))),
        lambda: crafted(10, 1, tables=deflated(bytes(3)), names=deflated(b"a\n" * 2**27)),
    ],
)
def test_a_few_bytes_that_promise_much_fill_no_memory(bomb: Callable[[], bytes], tmp_path: Path) -> None:
    content = bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert outcome(tmp_path / "bomb.aez", content) is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20  # KiB: 1 GiB


def test_what_is_no_aez_file_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match="no such file"):
        aez.read(tmp_path / "none.aez")
    with pytest.raises(AedeskError, match="a folder"):
        aez.read(tmp_path)
    (tmp_path / "text.aez").write_text("hello")
    with pytest.raises(AedeskError, match=r"not an \.aez file"):
        aez.read(tmp_path / "text.aez")
    (tmp_path / "new.aez").write_bytes(b"AEZ\x02" + bytes(100))
    with pytest.raises(AedeskError, match="newer aedesk"):
        aez.read(tmp_path / "new.aez")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "c:a", "a\nb", "a\0", "é" * 128])
def test_a_name_that_leads_elsewhere_is_neither_written_nor_read(name: str) -> None:
    with pytest.raises(AedeskError, match="name"):
        aez.pack(replace(sample(1), names=(name,)))


def test_nothing_and_too_much_are_refused() -> None:
    with pytest.raises(AedeskError, match="none"):
        aez.pack(sample(0, names=False))
    with pytest.raises(AedeskError, match="2 names for 1"):
        aez.pack(replace(sample(1), names=("a", "b")))


def test_more_pictures_than_fit_into_memory_are_refused_though_their_codes_take_nothing() -> None:
    # 60 bytes that say "a million times the same" would be gigabytes of pictures.
    constant = Levels("uniform", 4, np.ones(2, np.float32), (np.array([0, 0], np.int32),) * 2)
    with pytest.raises(AedeskError, match="too many"):
        aez.pack(Aez("m", HASH, constant, np.zeros((1 << 20, 2), np.uint16)))


def test_the_hash_is_of_weights_and_architecture_and_not_of_the_name(tmp_path: Path) -> None:
    architecture = PRESETS["dense-2d"].architecture
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(size=shape).astype(np.float32) for name, shape in architecture.tensor_shapes.items()
    }
    one = Checkpoint("one", architecture, weights)
    save(one, tmp_path / "model.safetensors")
    found = aez.model_hash(one)
    assert aez.model_hash(tmp_path / "model.safetensors") == found
    assert aez.model_hash(replace(one, name="two", config={"data": "x"})) == found
    first = next(iter(weights))
    other = weights | {first: np.nextafter(weights[first], np.float32(9))}
    assert aez.model_hash(replace(one, weights=other)) != found
    plain = architecture.to_json()
    changed = Architecture.from_json(plain | {"output": "linear"})
    assert aez.model_hash(replace(one, architecture=changed)) != found
