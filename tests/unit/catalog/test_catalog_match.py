"""Which profile claims an advertisement."""

from dataclasses import replace

import pytest

from breathcore.catalog.match import claims, full_uuid, match
from breathcore.model.device import ClockKind, DeviceSpec, MatchSpec, Status

HEART = "0000180d-0000-1000-8000-00805f9b34fb"


def profile(id_: str, *prefixes: str, services: tuple[str, ...] = (), maker: int | None = None) -> DeviceSpec:
    return DeviceSpec(id_, id_, MatchSpec(prefixes, services, maker), (), "chest", ClockKind.NONE, 1.0)


H10 = profile("h10", "Polar H10", services=("180d",), maker=0x6B)
H1 = profile("h1", "Polar H1")
ANY = profile("any", services=("180d",))
MAKER = profile("maker", maker=0x6B)
PROFILES = (ANY, MAKER, H1, H10)


@pytest.mark.parametrize(
    ("name", "services", "makers", "expected"),
    [
        pytest.param("Polar H10 1234", [HEART], [0x6B], "h10", id="longest-prefix-wins"),
        pytest.param("Polar H1 1234", [], [], "h1", id="prefix-alone"),
        pytest.param("Polar H9 1234", [HEART], [0x6B], "maker", id="maker-before-service"),
        pytest.param("TICKR", [HEART], [], "any", id="service"),
        pytest.param("TICKR", ["180D"], [], "any", id="short-upper-case-service"),
        pytest.param("", [HEART], [], "any", id="nameless"),
        pytest.param("Kettle", ["180f"], [7], None, id="nothing"),
    ],
)
def test_match(name: str, services: list[str], makers: list[int], expected: str | None) -> None:
    for order in (PROFILES, PROFILES[::-1]):
        found = match(order, name, services, makers)
        assert (found and found.id) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param(H10, ANY, False, id="prefix-binds-tighter-than-service"),
        pytest.param(H10, H1, False, id="longer-prefix-binds-tighter"),
        pytest.param(H10, profile("x", "Polar H10", "Else"), True, id="same-prefix"),
        pytest.param(ANY, profile("x", services=(HEART,)), True, id="same-service-long-and-short"),
        pytest.param(ANY, profile("x", services=("181a",)), False, id="other-service"),
        pytest.param(MAKER, profile("x", maker=0x6B, services=("180d",)), True, id="same-maker"),
        pytest.param(MAKER, profile("x", maker=0x6C), False, id="other-maker"),
        pytest.param(MAKER, ANY, False, id="maker-binds-tighter-than-service"),
    ],
)
def test_claims(a: DeviceSpec, b: DeviceSpec, expected: bool) -> None:
    assert claims(a, b) is claims(b, a) is expected


def test_short_uuids_are_long_ones() -> None:
    assert full_uuid("180D") == full_uuid(HEART) == HEART


def test_an_unverified_profile_is_never_matched() -> None:
    doubtful = replace(profile("doubtful", "Polar H10 1"), status=Status.UNVERIFIED)
    found = match((doubtful, *PROFILES), "Polar H10 1234", [], [])
    assert found is not None
    assert found.id == "h10"
