"""The nearest size that a model takes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.picture_sizes import nearest_size, size_for_model


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ((1920, 1080), (1920, 1088)), ((1080, 1920), (1088, 1920)), ((1280, 720), (1280, 720)),
        ((1024, 1024), (1024, 1024)), ((3840, 2160), (3840, 2160)), ((2160, 3840), (2160, 3840)),
        ((7680, 4320), (3840, 2160)), ((640, 360), (1088, 608)), ((854, 480), (1088, 608)),
        ((10_000, 100), (1408, 480)),
    ],
)  # fmt: skip
def test_the_nearest_size(asked: tuple[int, int], size: tuple[int, int]) -> None:
    assert nearest_size(*asked) == size


@given(st.integers(-5, 20_000), st.integers(-5, 20_000))
@example(1, 20_000)
@example(0, 0)
@example(3840, 1280)
def test_any_size_becomes_a_valid_one(width: int, height: int) -> None:
    wide, high = nearest_size(width, height)
    assert wide % 16 == high % 16 == 0
    assert max(wide, high) <= 3840
    assert 655_360 <= wide * high <= 3840 * 2160
    assert max(wide, high) <= 3 * min(wide, high)


@pytest.mark.parametrize(
    "model", ["gpt-image-1.5", "gpt-image-1-mini", "gpt-image-1", "openai/gpt-image-1", "chatgpt-image-latest"]
)
def test_older_models_have_three_sizes(model: str) -> None:
    assert size_for_model(model, 1920, 1080) == (1536, 1024)
    assert size_for_model(model, 1080, 1920) == (1024, 1536)
    assert size_for_model(model, 1000, 1000) == (1024, 1024)
    assert size_for_model("gpt-image-2", 1920, 1080) == (1920, 1088)
