"""Which wearables a person means."""

import pytest
from fake_ble import FakeRadio
from plain import strap
from virtual_time import clock_ns, run_virtual

from breathcore.model.device import Place
from breathcore.model.errors import RadioError, Reason
from breathcore.session.sensors import recognised, sensor_named
from breathcore.session.settings import ChosenSensor

SECONDS = 15.0


@pytest.mark.parametrize("words", ["00:00:00:00:00:ab@back", "00:00:00:00:00:AB@back"])
def test_an_address_is_what_its_advertisement_says(words: str) -> None:
    radio = FakeRadio([strap("Polar H10 0001", "00:00:00:00:00:AB"), strap("Polar H9 0002", "00:00:00:00:00:AC")])

    async def ask() -> tuple[ChosenSensor, float]:
        began_ns = clock_ns()
        (sensor,) = await recognised([sensor_named(words)], SECONDS, radio.radio)
        return sensor, (clock_ns() - began_ns) * 1e-9

    sensor, took_s = run_virtual(ask())
    assert (sensor.device_id, sensor.address, sensor.place) == ("polar_h10", words.partition("@")[0], Place.BACK)
    assert took_s < 5.0


def test_a_name_that_no_file_begins_with_is_known_by_its_services() -> None:
    radio = FakeRadio([strap("My strap")])
    (sensor,) = run_virtual(recognised([sensor_named("my strap")], SECONDS, radio.radio))
    assert (sensor.device_id, sensor.address) == ("heart_rate_strap", "my strap")


def test_what_a_file_knows_is_not_listened_for() -> None:
    sensors = (sensor_named("polar_h10"), sensor_named("Polar H9 0002"))
    assert run_virtual(recognised(sensors, SECONDS, FakeRadio([]).radio)) == sensors


def test_one_that_is_not_heard_is_named() -> None:
    with pytest.raises(RadioError) as caught:
        run_virtual(recognised([sensor_named("my strap")], SECONDS, FakeRadio([strap("Lamp")]).radio))
    assert caught.value.reason is Reason.DEVICE_NOT_FOUND
    assert caught.value.params["device"] == "my strap"


def test_a_radio_that_does_not_listen_says_why() -> None:
    radio = FakeRadio([strap()])
    radio.fail(FileNotFoundError())
    with pytest.raises(RadioError) as caught:
        run_virtual(recognised([sensor_named("my strap")], SECONDS, radio.radio))
    assert caught.value.reason is Reason.NO_BLUETOOTH_SERVICE
