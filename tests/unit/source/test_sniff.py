"""Looking at an unknown device: what it has, what it sends, and what is said where it cannot be looked at."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from bleak.exc import BleakError
from fake_ble import FakeRadio, FakeStrap

from breathcore.catalog.sniffed import Notified, Sniffed, SniffedCharacteristic
from breathcore.model.errors import RadioError, Reason
from breathcore.source.ble_radio import Radio
from breathcore.source.ble_sniff import SniffLimits, sniff

Run = Callable[..., Any]
SHORT = "0000{}-0000-1000-8000-00805f9b34fb"
SERVICE, DATA, COMMAND = (f"8d2f000{k}-5d7a-4c1e-9b3a-6f1c0e5b7a10" for k in (1, 2, 3))
QUICK = SniffLimits(0.2, 0.2, 0.1, 0.1)


async def until(ready: Callable[[], bool]) -> None:
    for _ in range(1_000_000):
        if ready():
            return
        await asyncio.sleep(0)


def strap(**changes: Any) -> FakeStrap:
    services = {
        SERVICE: {COMMAND: ["write", "read"], DATA: ["notify"]},
        SHORT.format("180a"): {SHORT.format("2a29"): ["read"], SHORT.format("2a24"): ["read"]},
    }
    values = {SHORT.format("2a29"): b"Somebody", SHORT.format("2a24"): b"M1", COMMAND: b"secret"}
    return FakeStrap("AA:BB", "Thing 12", services, [SERVICE], {0x059: b""}, values=values, **changes)


def sniffed(run_async: Run, device: FakeStrap, target: str = "AA:BB", sends: int = 3) -> tuple[Sniffed, list[bytes]]:
    air = FakeRadio([device])
    live: list[bytes] = []

    async def run() -> Sniffed:
        def note(_: SniffedCharacteristic, notified: Notified) -> None:
            live.append(notified.payload)

        listening = asyncio.ensure_future(sniff(target, 0.05, note, radio=Radio(air.scanner, air.client), limits=QUICK))
        await until(lambda: listening.done() or bool(device.client and device.client.callbacks))
        for k in range(sends if device.client else 0):
            device.notify(DATA, bytes([k]))
        return await listening

    return run_async(run()), live


def test_everything_is_listed_in_order_and_what_is_sent_is_kept(run_async: Run) -> None:
    device = strap()
    seen, live = sniffed(run_async, device)
    assert (seen.name, seen.address, seen.service_uuids) == ("Thing 12", "AA:BB", (SERVICE,))
    assert [(c.service_uuid[:8], c.uuid[:8], c.properties) for c in seen.characteristics] == [
        ("0000180a", "00002a24", ("read",)),
        ("0000180a", "00002a29", ("read",)),
        ("8d2f0001", "8d2f0002", ("notify",)),
        ("8d2f0001", "8d2f0003", ("read", "write")),
    ]
    assert [c.value for c in seen.characteristics] == [b"M1", b"Somebody", None, None]
    assert seen.characteristics[1].name == "Manufacturer Name String"
    assert seen.characteristics[2].name == ""
    assert [n.payload for n in seen.characteristics[2].notified] == [b"\0", b"\1", b"\2"] == live
    assert device.client is None


def test_nothing_is_written_and_nothing_read_that_might_ask_for_pairing(run_async: Run) -> None:
    device = strap()
    sniffed(run_async, device)
    assert {verb for verb, _ in device.log} == {"connect", "read", "subscribe", "disconnect"}
    assert ("read", COMMAND) not in device.log


@pytest.mark.parametrize("target", ["thing 12", "Thing", "aa:bb"])
def test_a_device_is_found_by_its_name_too(run_async: Run, target: str) -> None:
    assert sniffed(run_async, strap(), target)[0].address == "AA:BB"


def test_a_command_that_was_asked_for_is_written_once_all_is_subscribed_to(run_async: Run) -> None:
    device = strap()
    air = FakeRadio([device])
    writes = [(COMMAND.upper(), b"\x01"), (SHORT.format("2a24"), b"\x02")]
    device.broken[SHORT.format("2a24")] = BleakError("read only")
    device.on_write = lambda _, data: device.notify(DATA, data)
    seen = run_async(sniff("AA:BB", 0.05, radio=Radio(air.scanner, air.client), limits=QUICK, writes=writes))
    assert [n.payload for n in seen.characteristics[2].notified] == [b"\x01"]
    assert [c.written for c in seen.characteristics] == [b"", b"", b"", b"\x01"]
    assert seen.characteristics[0].problem == "BleakError: read only"


def test_a_characteristic_that_fails_says_so_and_the_others_are_seen(run_async: Run) -> None:
    device = strap(broken={SHORT.format("2a24"): BleakError("not today")}, hang={SHORT.format("2a29")})
    seen, _ = sniffed(run_async, device)
    assert seen.characteristics[0].problem == "BleakError: not today"
    assert seen.characteristics[1].problem.startswith("TimeoutError")
    assert len(seen.characteristics[2].notified) == 3


@pytest.mark.parametrize(
    ("device", "target", "reason"),
    [
        (strap(), "CC:DD", Reason.DEVICE_NOT_FOUND),
        (strap(refusals=[BleakError("busy")]), "AA:BB", Reason.CONNECT_FAILED),
        (strap(hang={"connect"}), "AA:BB", Reason.CONNECT_FAILED),
    ],
    ids=["not-there", "refuses", "hangs"],
)
def test_what_cannot_be_done_is_said_in_time(run_async: Run, device: FakeStrap, target: str, reason: Reason) -> None:
    with pytest.raises(RadioError) as caught:
        sniffed(run_async, device, target)
    assert caught.value.reason is reason
    assert device.client is None


def test_a_radio_that_is_not_there_is_said(run_async: Run) -> None:
    air = FakeRadio(error=FileNotFoundError("no bus"))
    with pytest.raises(RadioError) as caught:
        run_async(sniff("AA:BB", 1.0, radio=Radio(air.scanner, air.client), limits=QUICK))
    assert caught.value.reason is Reason.NO_BLUETOOTH_SERVICE


@pytest.mark.parametrize("sends", [0, 2])
def test_a_link_that_drops_ends_it_with_what_was_heard(run_async: Run, sends: int) -> None:
    device = strap()
    air = FakeRadio([device])

    async def run() -> Sniffed:
        listening = asyncio.ensure_future(sniff("AA:BB", 60.0, radio=Radio(air.scanner, air.client), limits=QUICK))
        await until(lambda: bool(device.client and device.client.callbacks))
        for _ in range(sends):
            device.notify(DATA, b"x")
        await asyncio.sleep(0)
        device.drop()
        return await listening

    if sends:
        assert len(run_async(run()).characteristics[2].notified) == sends
    else:
        with pytest.raises(RadioError) as caught:
            run_async(run())
        assert caught.value.reason is Reason.LINK_LOST
