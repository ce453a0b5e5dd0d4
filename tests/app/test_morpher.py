"""One digit that becomes another: its ends, the ways between them, sums, and files of the frames."""

import dataclasses
import threading

import numpy as np
import pytest
from PIL import Image, ImageSequence

from aedesk.app.explorer import PLACE
from aedesk.app.loading import MapWish
from aedesk.app.morpher import End, Morpher
from aedesk.errors import AedeskError
from aedesk.latent import morph
from aedesk.latent.projection import widen


@pytest.fixture
def morpher(bench):
    morpher = Morpher(bench.explorer, bench.jobs)
    morpher.problems = []
    morpher.failed.connect(morpher.problems.append)
    return morpher


@pytest.fixture
def built(monkeypatch):
    """The threads in which roads have been built."""
    built = []

    class Counted(morph.Roads):
        def __init__(self, *args, **options):
            built.append(threading.current_thread().name)
            super().__init__(*args, **options)

    monkeypatch.setattr(morph, "Roads", Counted)
    return built


def give_ends(bench, morpher, name="vanilla-64"):
    """A sketch as A and a code of the atlas as B."""
    active = bench.load(name)
    bench.draw("7")
    morpher.take("a", "sketch")
    bench.explorer.pick_code(active.atlas.codes[11], "a point")
    morpher.take("b", "pick")
    return active


def test_ends_come_from_the_drawing_and_from_the_map(bench, morpher):
    bench.load("dense-2d")
    for source in ("sketch", "pick"):
        with pytest.raises(AedeskError, match="first"):
            morpher.take("a", source)
    bench.draw("7")
    bench.explorer.pick_at(1.0, 2.0)
    morpher.take("a", "sketch")
    morpher.take("b", "pick")
    a, b = morpher.ends["a"], morpher.ends["b"]
    np.testing.assert_array_equal(a.code, bench.explorer.reading.code)
    np.testing.assert_array_equal(a.image, bench.explorer.reading.image)
    assert a.words == "your drawing"
    np.testing.assert_array_equal(b.code, [1, 2])
    np.testing.assert_array_equal(b.image, bench.explorer.pick.image)
    np.testing.assert_array_equal(b.point, [1, 2])
    assert b.words == PLACE


def test_names_that_do_not_exist_are_refused(bench, morpher):
    bench.load("dense-2d")
    bench.draw("7")
    with pytest.raises(ValueError, match="sketch or the pick"):
        morpher.take("a", "elsewhere")
    with pytest.raises(ValueError, match="a, b or c"):
        morpher.take("d", "sketch")
    with pytest.raises(ValueError, match="a way is one of"):
        morpher.set_how("upwards")


def test_with_both_ends_the_strip_is_there_at_once_and_without_one_it_goes(bench, morpher):
    active = give_ends(bench, morpher)
    strip, a, b = morpher.strip, morpher.ends["a"], morpher.ends["b"]
    assert not morpher.is_busy
    np.testing.assert_array_equal(strip.codes, morph.straight(a.code, b.code, 16))
    np.testing.assert_array_equal(strip.images, active.model.decode(strip.codes))
    np.testing.assert_array_equal(strip.points, active.projection.to_points(strip.codes))
    morpher.set_how("spherical")
    np.testing.assert_array_equal(morpher.strip.codes, morph.spherical(a.code, b.code, 16))
    morpher.set_end("b", None)
    assert morpher.strip is None


def test_the_third_code_leaves_the_strip_alone(bench, morpher):
    give_ends(bench, morpher)
    strip = morpher.strip
    morpher.take("c", "pick")
    assert morpher.strip is strip


def test_as_many_frames_as_wanted_from_2_to_64(bench, morpher):
    give_ends(bench, morpher)
    for frames in (2, 64):
        morpher.set_frames(frames)
        assert len(morpher.strip.codes) == frames
    for frames in (1, 65):
        with pytest.raises(AedeskError, match="from 2 to 64"):
            morpher.set_frames(frames)
    assert morpher.frames == 64


def test_the_way_along_the_data_comes_from_the_background_and_its_roads_are_built_once(bench, morpher, built):
    active = give_ends(bench, morpher)
    straight = morpher.strip
    morpher.set_how("data")
    assert morpher.is_busy
    assert morpher.strip is straight
    bench.settle()
    assert not morpher.is_busy
    codes = morpher.strip.codes
    np.testing.assert_array_equal(codes[[0, -1]], [morpher.ends["a"].code, morpher.ends["b"].code])
    nearest = active.neighbours.nearest(codes, 1)[1].mean()
    assert nearest < active.neighbours.nearest(straight.codes, 1)[1].mean()
    morpher.set_frames(8)
    bench.settle()
    assert len(morpher.strip.codes) == 8
    assert built == ["morph"]


def test_the_latest_wish_wins_and_roads_on_their_way_are_not_thrown_away(bench, morpher, built):
    give_ends(bench, morpher)
    morpher.set_how("data")
    for frames in (5, 9, 12):
        morpher.set_frames(frames)
    seen = []
    morpher.changed.connect(lambda _: seen.append(len(morpher.strip.codes)))
    bench.settle()
    assert seen == [12]
    assert len(built) == 1
    morpher.set_frames(20)
    morpher.set_how("straight")
    bench.settle()
    a, b = morpher.ends["a"].code, morpher.ends["b"].code
    np.testing.assert_array_equal(morpher.strip.codes, morph.straight(a, b, 20))
    assert not morpher.is_busy


def test_a_slow_decoder_works_in_the_background(bench, morpher):
    active = give_ends(bench, morpher, "conv")
    assert morpher.is_busy
    assert morpher.strip is None
    morpher.set_frames(5)
    bench.settle()
    assert not morpher.is_busy
    assert morpher.strip.images.shape == (5, 28, 28)
    np.testing.assert_allclose(morpher.strip.images, active.model.decode(morpher.strip.codes), atol=1e-5)


def test_a_drawn_path_needs_no_ends_and_goes_with_its_map(bench, morpher):
    active = bench.load("vanilla-64")
    places = active.projection.points[[3, 900, 40]]
    morpher.set_how("path")
    assert morpher.strip is None
    morpher.set_path(places)
    np.testing.assert_array_equal(morpher.strip.codes, morph.along(active.projection, places, 16))
    bench.explorer.set_projection(MapWish("pca"))
    bench.settle()
    assert morpher.path is morpher.strip is None
    morpher.set_path(places[:1])
    assert morpher.path is None


def test_a_drawn_path_stays_while_all_points_come_onto_its_map_and_go(bench, morpher):
    active = bench.load("vanilla-64")
    morpher.set_how("path")
    morpher.set_path(active.projection.points[[3, 900, 40]])
    path, strip = morpher.path, morpher.strip
    wider = widen(active.projection, active.atlas.codes)
    for other in (dataclasses.replace(active, projection=wider), active):
        bench.explorer.active = other
        bench.explorer.model_changed.emit(other)
        assert morpher.path is path
        assert morpher.strip is strip


def test_another_map_lays_ends_and_frames_out_anew(bench, morpher):
    give_ends(bench, morpher)
    codes, images = morpher.strip.codes, morpher.strip.images
    bench.explorer.set_projection(MapWish("pca"))
    bench.settle()
    projection = bench.explorer.active.projection
    assert morpher.strip.codes is codes
    assert morpher.strip.images is images
    np.testing.assert_array_equal(morpher.strip.points, projection.to_points(codes))
    b = morpher.ends["b"]
    np.testing.assert_array_equal(b.point, projection.to_points(b.code)[0])


def test_a_map_that_changes_while_a_strip_is_made_is_the_one_it_lies_on(bench, morpher):
    give_ends(bench, morpher)
    morpher.set_how("data")
    bench.explorer.set_projection(MapWish("pca"))
    bench.settle()
    assert not morpher.is_busy
    projection = bench.explorer.active.projection
    assert projection.kind == "pca"
    np.testing.assert_array_equal(morpher.strip.points, projection.to_points(morpher.strip.codes))


@pytest.mark.parametrize("how", ["straight", "data"])
def test_another_model_reads_the_ends_anew_and_makes_the_strip_of_its_own_codes(bench, morpher, how):
    give_ends(bench, morpher)
    morpher.set_how(how)
    image = morpher.ends["b"].image
    active = bench.load("dense-2d")
    b = morpher.ends["b"]
    assert b.image is image
    np.testing.assert_array_equal(b.code, active.model.encode(image)[0])
    assert morpher.strip.codes.shape == (16, 2)
    assert not morpher.is_busy
    assert morpher.problems == bench.problems == []


def test_a_sum_is_picked_on_the_map_and_never_below_zero_after_a_relu(bench, morpher):
    active = bench.load("vanilla-64")
    with pytest.raises(AedeskError, match="three digits"):
        morpher.add_up()
    codes = active.atlas.codes[:3]
    for name, code in zip("abc", codes, strict=True):
        morpher.set_end(name, End(code, active.model.decode(code)[0], np.zeros(2), "a point"))
    morpher.add_up()
    pick = bench.explorer.pick
    assert pick.origin == "A - B + C"
    np.testing.assert_array_equal(pick.code, np.maximum(codes[0] - codes[1] + codes[2], 0))
    assert (codes[0] - codes[1] + codes[2]).min() < 0


def test_a_gif_goes_back_and_forth_without_end(bench, morpher, tmp_path):
    give_ends(bench, morpher)
    morpher.set_frames(5)
    morpher.save_gif(tmp_path / "morph.gif")
    with Image.open(tmp_path / "morph.gif") as gif:
        assert gif.info["loop"] == 0
        frames = [np.asarray(frame.convert("L"), np.float32) / 255 for frame in ImageSequence.Iterator(gif)]
        stays = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
    assert stays == [600, 80, 80, 80, 600, 80, 80, 80]
    wanted = morpher.strip.images[[0, 1, 2, 3, 4, 3, 2, 1]]
    assert len(frames) == len(wanted)
    for frame, image in zip(frames, wanted, strict=True):
        np.testing.assert_allclose(frame, image.repeat(8, axis=0).repeat(8, axis=1), atol=1 / 255)


def test_a_strip_shows_the_frames_side_by_side(bench, morpher, tmp_path):
    give_ends(bench, morpher)
    morpher.save_strip(tmp_path / "morph.png")
    with Image.open(tmp_path / "morph.png") as picture:
        pixels = np.asarray(picture, np.float32) / 255
    assert pixels.shape == (224, 16 * 224)
    wanted = np.concatenate(list(morpher.strip.images), axis=1)
    np.testing.assert_allclose(pixels[4::8, 4::8], wanted, atol=1 / 255)


def test_what_cannot_be_saved_is_said(bench, morpher, tmp_path):
    bench.load("dense-2d")
    for save in (morpher.save_gif, morpher.save_strip):
        with pytest.raises(AedeskError, match="no frames to save"):
            save(tmp_path / "morph.gif")
    give_ends(bench, morpher)
    with pytest.raises(AedeskError, match="cannot be written"):
        morpher.save_gif(tmp_path / "nowhere" / "morph.gif")
    assert list(tmp_path.iterdir()) == []


def test_what_goes_wrong_in_the_background_is_told(bench, morpher, monkeypatch):
    def fail(*args, **options):
        raise AedeskError("no roads today")

    give_ends(bench, morpher)
    monkeypatch.setattr(morph, "Roads", fail)
    morpher.set_how("data")
    bench.settle()
    assert [str(problem) for problem in morpher.problems] == ["no roads today"]
    assert not morpher.is_busy
