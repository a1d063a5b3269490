import dataclasses
import re

import pytest

from breathcore.gui import theme


@pytest.mark.parametrize("name", theme.THEMES)
def test_text_contrast(name: str) -> None:
    short = {p: round(theme.contrast(*p), 2) for p in theme.THEMES[name].text_pairs() if theme.contrast(*p) < 4.5}
    assert not short


@pytest.mark.parametrize("name", theme.THEMES)
def test_graph_contrast(name: str) -> None:
    short = {p: round(theme.contrast(*p), 2) for p in theme.THEMES[name].graph_pairs() if theme.contrast(*p) < 3.0}
    assert not short


def test_contrast_is_wcags() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", theme.THEMES)
def test_every_colour_is_a_colour(name: str) -> None:
    values = dataclasses.asdict(theme.THEMES[name])
    assert values.pop("id") == name
    assert all(re.fullmatch(r"#[0-9a-f]{6}", value) for value in values.values())


def test_every_length_doubles_at_200_percent() -> None:
    small = _lengths(theme.stylesheet(theme.Style(theme.LIGHT, 1.0)))
    large = _lengths(theme.stylesheet(theme.Style(theme.LIGHT, 2.0)))
    grown = [(a, b) for a, b in zip(small, large, strict=True) if a > 1]
    assert grown
    assert all(abs(b - 2 * a) <= 1 for a, b in grown)


def _lengths(sheet: str) -> list[int]:
    return [int(n) for n in re.findall(r"(\d+)px", sheet)]


def test_apply_clamps_and_remembers(qapp) -> None:
    style = theme.apply(qapp, theme.DARK, 3.0)
    assert style.scale == 2.0
    assert theme.current() is style
    assert qapp.font().pixelSize() == 30
    theme.apply(qapp, theme.LIGHT)
