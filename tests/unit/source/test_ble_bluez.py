"""The Bluetooth source through bleak's own BlueZ back end: what Linux users have, with the daemon emulated."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from air import Wearable, air
from bluez import HAVE_BUS, BlueZ, Bus, bluez
from host import Host, until

from breathcore.model.packets import LinkKind
from breathcore.session import registry
from breathcore.source.ble import BleSource, scan_for

pytestmark = [
    pytest.mark.skipif(not HAVE_BUS, reason="needs dbus-daemon to make a bus for an emulated BlueZ"),
    pytest.mark.slow,
]


@pytest.fixture
def bus(tmp_path, monkeypatch):
    """A bus of our own in the place of the system's."""
    bus = Bus(tmp_path)
    bus.start()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
    yield bus
    bus.kill()


async def serve(bus: Bus, made: dict[str, Wearable], then: Callable[[Host, BlueZ], Coroutine[Any, Any, None]]) -> Host:
    """Run a session with all of `made` in reach, `then` once they stream, and return what came of it."""
    async with air(list(made.values())) as radio:
        source = BleSource([(w.fake.address, w.spec) for w in made.values()])
        host = Host(source)
        async with bluez(bus, radio.straps) as daemon:
            running = asyncio.create_task(host.run(await source.open()))
            await until(lambda: all(host.streams(id_) for id_ in made))
            await then(host, daemon)
            await source.close()
            await running
    await gone(bus)
    return host


async def gone(bus: Bus) -> None:
    """Kill the bus, and wait until bleak has noticed: it watches its bus for as long as that lives."""
    bus.kill()
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=5.0)


def wearables(*ids: str) -> dict[str, Wearable]:
    return {id_: Wearable(registry.device(id_), f"00:00:00:00:00:0{n}") for n, id_ in enumerate(ids)}


def test_several_wearables_stream_through_bluez_and_nothing_is_lost_or_doubled(run_async, bus):
    made = wearables("polar_h10", "diy_imu", "vernier_gdx_rb", "heart_rate_strap")

    async def stay(host: Host, daemon: BlueZ) -> None:
        await asyncio.sleep(2.0)

    host = run_async(serve(bus, made, stay))
    for id_, wearable in made.items():
        assert host.notified(id_) == wearable.delivered
        assert len(wearable.delivered) >= 2
    assert host.faults == []
    assert [e for e in host.events if e.kind is LinkKind.FAULT] == []
    batteries = [p.device for p in host.packets if p.endpoint == "battery.level"]
    assert sorted(batteries) == ["heart_rate_strap", "polar_h10", "vernier_gdx_rb"]  # read on connect, not notified too


def test_a_drop_and_an_adapter_off_and_on_again_are_survived(run_async, bus):
    made = wearables("polar_h10", "diy_imu")

    async def disturb(host: Host, daemon: BlueZ) -> None:
        made["polar_h10"].drop()
        await back(host)
        daemon.switch(on=False)
        await until(lambda: host.events[-1].detail == "adapter-off")
        daemon.switch(on=True)
        await back(host)

    async def back(host: Host) -> None:
        await until(lambda: not host.streams("polar_h10"))
        await until(lambda: all(host.streams(id_) for id_ in made))

    host = run_async(serve(bus, made, disturb))
    for id_, wearable in made.items():
        assert host.notified(id_) == wearable.delivered
    assert [e.kind for e in host.events if e.device == "diy_imu"].count(LinkKind.CONNECTED) == 2  # once for the adapter


@pytest.mark.parametrize("what", ["daemon", "bus"])
def test_a_daemon_or_bus_that_dies_is_named_and_everything_streams_again_when_it_is_back(run_async, bus, what):
    made = wearables("polar_h10")

    async def session() -> Host:
        async with air(list(made.values())) as radio:
            source = BleSource([(w.fake.address, w.spec) for w in made.values()])
            host = Host(source)
            async with bluez(bus, radio.straps):
                running = asyncio.create_task(host.run(await source.open()))
                await until(lambda: all(host.streams(id_) for id_ in made))
            if what == "bus":
                bus.kill()
            for wearable in made.values():
                wearable.drop()
            await until(lambda: host.events[-1].detail == "no-service")
            if what == "bus":
                bus.start()
            async with bluez(bus, radio.straps):
                await until(lambda: all(host.streams(id_) for id_ in made))
                await source.close()
                await running
        await gone(bus)
        return host

    host = run_async(session())
    for id_, wearable in made.items():
        assert host.notified(id_) == wearable.delivered


def test_a_scan_through_bluez_knows_the_wearables(run_async, bus):
    made = wearables("polar_h10", "diy_imu")

    async def session():
        async with air(list(made.values())) as radio, bluez(bus, radio.straps):
            found = await scan_for(0.5, registry.devices())
        await gone(bus)
        return {f.address: f.profile.id for f in found if f.profile is not None}

    assert run_async(session()) == {"00:00:00:00:00:00": "polar_h10", "00:00:00:00:00:01": "diy_imu"}
