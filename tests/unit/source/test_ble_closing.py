"""The Bluetooth source opened, asked and closed at odd moments."""

import asyncio

import pytest
from fake_ble import FakeRadio, FakeScanner
from host import until
from plain import CP, drain, kinds, opened, source, strap, told
from virtual_time import run_virtual

from breathcore.model.packets import LinkKind, Write
from breathcore.source.ble import scan_for
from breathcore.source.ble_radio import Radio


class SlowScanner(FakeScanner):
    """Listens at once, but never says that it does."""

    async def start(self) -> None:
        await super().start()
        await asyncio.Event().wait()


def slow(radio: FakeRadio) -> Radio:
    return Radio(type("Slow", (SlowScanner,), {"radio": radio}), radio.client)


def test_closing_while_it_is_being_opened_ends_both():
    async def session():
        ble = source(FakeRadio())
        opening = asyncio.create_task(ble.open())
        await asyncio.sleep(0)
        items = await drain(ble)
        with pytest.raises(RuntimeError):
            await opening
        return items

    assert kinds(run_virtual(session(), limit_s=60.0))[-1:] == ["closed"]


def test_what_is_closed_is_not_opened_again():
    device = strap()

    async def session():
        ble = source(FakeRadio([device]))
        await ble.close()
        with pytest.raises(RuntimeError):
            await ble.open()
        await asyncio.sleep(5.0)

    run_virtual(session())
    assert device.log == []


def test_closing_goes_on_though_whoever_asked_for_it_is_cancelled():
    device = strap()

    async def session():
        ble = await opened(FakeRadio([device]))
        device.hang.add(CP)
        await ble.request("chest", Write("pmd.control", b"\x03\x00"))
        closing = asyncio.create_task(ble.close())
        await asyncio.sleep(0.1)
        closing.cancel()
        await asyncio.wait([closing])
        return await drain(ble)

    assert kinds(run_virtual(session()))[-1:] == ["closed"]
    assert device.client is None


def test_nothing_is_told_of_a_device_after_closed():
    device = strap()

    async def session():
        ble = await opened(FakeRadio([device]))
        device.hang.add(CP)
        for value in (b"\x03\x00", b"\x03\x02"):
            await ble.request("chest", Write("pmd.control", value))
        return await drain(ble)

    assert told(run_virtual(session()))[-2:] == ["fault pmd.control: not connected", "closed ended"]


def test_a_request_meant_for_the_last_connection_never_reaches_the_next():
    device = strap()

    async def session():
        radio = FakeRadio([device])
        ble = await opened(radio)
        device.connect_s = 1.0
        device.drop()
        await until(lambda: device.log[-1][0] == "connect")
        await ble.request("chest", Write("pmd.control", b"\x03\x00"))
        await asyncio.sleep(5.0)
        return await drain(ble)

    items = run_virtual(session())
    assert "fault pmd.control: not connected" in told(items)
    assert kinds(items).count(LinkKind.CONNECTED.value) == 2
    assert "write" not in [verb for verb, _ in device.log]


def test_a_scan_that_is_cancelled_while_it_starts_releases_the_radio():
    radio = FakeRadio()

    async def session():
        scanning = asyncio.create_task(scan_for(60.0, [], radio=slow(radio)))
        await until(lambda: radio.scanning)
        scanning.cancel()
        await asyncio.wait([scanning])

    run_virtual(session())
    assert radio.scanning == 0
