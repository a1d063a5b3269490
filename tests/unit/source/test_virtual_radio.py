"""The virtual radio through bleak's public API: what a host of real wearables meets, in virtual time."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError, BleakGATTProtocolError, BleakGATTProtocolErrorCode
from virtual_time import START_S, run_virtual

from breathcore.model.errors import BreathcoreError, Reason
from breathcore.session import registry
from breathcore.source.ble_radio import SYSTEM_RADIO, Radio
from breathcore.source.sim.faults import FaultSpec
from breathcore.source.sim.script import faults_of
from breathcore.source.sim.spec import WearerSpec
from breathcore.source.virtual import radio as radio_module
from breathcore.source.virtual.devices import VirtualDevice
from breathcore.source.virtual.radio import VirtualRadio, radio_of

CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
START_ACC = bytes.fromhex("02020001c8000101100002010800")
HEART = "2a37"
BATTERY = "2a19"


def now_s() -> float:
    """Return the world's time: it begins with the loop here."""
    return asyncio.get_running_loop().time() - START_S


def h10(faults: str = "", seed: int = 1) -> Radio:
    return VirtualRadio([VirtualDevice(registry.device("polar_h10"), faults_of(faults))], WearerSpec(seed=seed)).radio


async def client(radio: Radio, name: str = "Polar H10 0001", on_end: Callable[..., None] | None = None) -> BleakClient:
    device = await BleakScanner.find_device_by_name(name, timeout=30.0, backend=radio.scanner)
    assert device is not None
    return BleakClient(device, on_end, backend=radio.client)


async def stream(client: BleakClient) -> list[tuple[float, bytes]]:
    """Start the accelerometer; return where its packets will be."""
    heard: list[tuple[float, bytes]] = []
    await client.start_notify(CONTROL, lambda _, data: None)
    await client.start_notify(DATA, lambda _, data: heard.append((now_s(), bytes(data))))
    await client.write_gatt_char(CONTROL, START_ACC, response=True)
    return heard


async def heard_until(radio: Radio, until_s: float) -> list[tuple[float, bytes]]:
    async with await client(radio) as strap:
        heard = await stream(strap)
        await asyncio.sleep(until_s - now_s())
    return heard


def test_a_scan_hears_names_services_and_strengths():
    radio = radio_of("virtual:polar_h10*2,heart_rate_strap", registry.devices)

    async def scan() -> list[tuple[str | None, list[str], int]]:
        found = await BleakScanner.discover(1.0, return_adv=True, backend=radio.scanner)
        return [(heard.local_name, heard.service_uuids, heard.rssi) for _, heard in found.values()]

    assert run_virtual(scan()) == [
        ("Polar H10 0001", [], -48),
        ("Polar H10 0002", [], -54),
        ("Heart-rate strap 0003", ["0000180d-0000-1000-8000-00805f9b34fb"], -60),
    ]


def test_a_scan_for_a_service_hears_only_those_who_name_it():
    radio = radio_of("virtual:polar_h10,heart_rate_strap", registry.devices)
    found = run_virtual(
        BleakScanner.discover(1.0, service_uuids=["0000180d-0000-1000-8000-00805f9b34fb"], backend=radio.scanner)
    )
    assert [device.name for device in found] == ["Heart-rate strap 0002"]


def test_services_are_those_of_its_file_and_who_it_is():
    async def look() -> tuple[dict[str, list[str]], bytes, bytes, int]:
        async with await client(h10()) as strap:
            properties = {c.uuid: c.properties for s in strap.services for c in s.characteristics}
            return properties, await strap.read_gatt_char(BATTERY), await strap.read_gatt_char("2a24"), strap.mtu_size

    properties, battery, model, mtu = run_virtual(look())
    assert properties[CONTROL] == ["read", "write", "indicate"]
    assert properties[DATA] == ["notify"]
    assert list(battery) == [86]
    assert model == b"Polar H10 (simulated)"
    assert mtu == 247


def test_a_control_point_refuses_writes_until_its_indications_are_on():
    async def ask() -> None:
        async with await client(h10()) as strap:
            with pytest.raises(BleakGATTProtocolError) as refused:
                await strap.write_gatt_char(CONTROL, START_ACC, response=True)
            assert refused.value.code == BleakGATTProtocolErrorCode.CCCD_IMPROPERLY_CONFIGURED
            await strap.start_notify(CONTROL, lambda _, data: None)
            await strap.write_gatt_char(CONTROL, START_ACC, response=True)

    run_virtual(ask())


def test_what_cannot_be_read_is_refused():
    async def ask() -> None:
        async with await client(h10()) as strap:
            with pytest.raises(BleakError):
                await strap.read_gatt_char(DATA)

    run_virtual(ask())


def test_notifications_end_with_the_subscription_and_with_the_link():
    async def listen() -> None:
        strap = await client(h10())
        async with strap:
            heard = await stream(strap)
            await asyncio.sleep(2.0)
            assert len(heard) > 5
            await strap.stop_notify(DATA)
            n = len(heard)
            await asyncio.sleep(2.0)
            assert len(heard) == n
        assert not strap.is_connected
        with pytest.raises(BleakError):
            await strap.write_gatt_char(CONTROL, START_ACC, response=True)

    run_virtual(listen())


def test_two_connect_at_once_though_an_adapter_makes_one_connection_at_a_time():
    radio = radio_of("virtual:polar_h10*2", registry.devices)

    async def both() -> None:
        straps = [await client(radio, f"Polar H10 000{n}") for n in (1, 2)]
        await asyncio.gather(*(strap.connect() for strap in straps))
        heard = [await stream(strap) for strap in straps]
        await asyncio.sleep(3.0)
        await asyncio.gather(*(strap.disconnect() for strap in straps))
        assert min(len(h) for h in heard) > 10
        assert heard[0][5][1] != heard[1][5][1]  # each has its own noise

    run_virtual(both())


def test_a_connection_that_nobody_answers_is_given_up_and_the_next_is_made():
    radio = h10("drop=1-40;refuse=90-91")

    async def connect() -> None:
        strap = await client(radio)
        await asyncio.sleep(2.0 - now_s())
        with pytest.raises(TimeoutError):
            await BleakClient(strap.address, timeout=5.0, backend=radio.client).connect()
        await asyncio.sleep(41.0 - now_s())
        async with await client(radio) as again:
            assert again.is_connected

    run_virtual(connect())


def test_a_drop_is_noticed_only_after_the_silence_and_the_strap_is_back_after_it():
    ended: list[float] = []

    async def listen() -> float:
        radio = h10("drop=10-14;silence=3")
        async with await client(radio, on_end=lambda _: ended.append(now_s())) as strap:
            heard = await stream(strap)
            await asyncio.sleep(12.0 - now_s())
            assert strap.is_connected
            assert heard[-1][0] < 10.05
            with pytest.raises(BleakError):  # asked in the silence, answered by the end of the link
                await strap.read_gatt_char(BATTERY)
        await client(radio)
        return now_s()

    assert 14.0 <= run_virtual(listen()) < 14.3
    assert ended == [pytest.approx(13.0)]


def test_a_refusing_strap_is_heard_but_takes_no_connection():
    async def connect() -> float:
        radio = h10("refuse=0-5")
        strap = await client(radio)
        with pytest.raises(BleakError):
            await strap.connect()
        await asyncio.sleep(5.0 - now_s())
        async with await client(radio) as taken:
            assert taken.is_connected
        return now_s()

    assert run_virtual(connect()) < 6.0


def test_a_stall_holds_everything_back_and_gives_it_at_once():
    heard = run_virtual(heard_until(h10("stall=5-8"), 12.0))
    assert not [t_s for t_s, _ in heard if 5.1 < t_s < 8.0]
    assert len([t_s for t_s, _ in heard if 8.0 <= t_s < 8.02]) > 12
    assert len(heard) == len(run_virtual(heard_until(h10(), 12.0)))


@pytest.mark.parametrize(
    ("fault", "differs"),
    [
        ("loss=0.3", lambda whole, spoilt: len(spoilt) < 0.85 * len(whole)),
        ("duplicate=0.3", lambda whole, spoilt: len(spoilt) > 1.15 * len(whole)),
        ("truncate=0.3", lambda whole, spoilt: len({len(p) for p in spoilt}) > 3),
        ("corrupt=0.3", lambda whole, spoilt: len(set(spoilt) - set(whole)) > 5),
        ("rate=-0.2", lambda whole, spoilt: len(spoilt) < 0.85 * len(whole)),
        ("off=3-12", lambda whole, spoilt: len(spoilt) < 0.4 * len(whole)),
    ],
)
def test_packets_are_spoilt_as_asked(fault: str, differs: Callable[[list[bytes], list[bytes]], bool]):
    whole, spoilt = ([data for _, data in run_virtual(heard_until(h10(f), 12.0))] for f in ("", fault))
    assert differs(whole, spoilt)


def test_jitter_delays_but_keeps_the_order():
    heard = run_virtual(heard_until(h10("jitter=0.2"), 12.0))
    stamps = [int.from_bytes(data[1:9], "little") for _, data in heard]
    assert stamps == sorted(stamps)
    gaps = [b - a for (a, _), (b, _) in pairwise(heard)]
    assert max(gaps) > 0.4


def test_a_drifting_clock_and_a_battery_that_dies():
    levels: list[int] = []

    async def listen() -> list[bytes]:
        radio = h10("battery=30;ppm=10000")
        async with await client(radio) as strap:
            await strap.start_notify(BATTERY, lambda _, data: levels.append(data[0]))
            heard = await stream(strap)
            await asyncio.sleep(29.0 - now_s())
            assert strap.is_connected
            await asyncio.sleep(2.0)
            assert not strap.is_connected
        assert await BleakScanner.find_device_by_name("Polar H10 0001", timeout=60.0, backend=radio.scanner) is None
        return [data for _, data in heard]

    packets = run_virtual(listen())
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] < 5
    stamps = [int.from_bytes(data[1:9], "little") for data in packets]
    per_packet_s = (stamps[-1] - stamps[0]) * 1e-9 / (len(stamps) - 1)
    assert per_packet_s == pytest.approx(36 / 200 / 1.002 * 1.010018, rel=1e-4)


def test_the_same_seed_gives_the_same_packets():
    first, second, other = (run_virtual(heard_until(h10("loss=0.1", seed), 6.0)) for seed in (3, 3, 4))
    assert first == second
    assert first != other


def test_faults_in_words():
    assert faults_of("") == FaultSpec()
    assert faults_of(" drop=10-14,30-31 ; silence=3;loss=0.5;end=7;ppm=-20;battery=90") == FaultSpec(
        link_lost=((10.0, 14.0), (30.0, 31.0)),
        silence_s=3.0,
        loss=0.5,
        stream_ends=(7.0,),
        clock_ppm=-20.0,
        battery_dead_s=90.0,
    )


@pytest.mark.parametrize("text", ["fire=1", "drop=10", "drop=14-10", "loss=2", "loss=nan", "silence=", "rate=0.9", "x"])
def test_faults_that_are_none_are_refused(text: str):
    with pytest.raises(BreathcoreError) as refused:
        faults_of(text)
    assert refused.value.reason is Reason.INVALID_VALUE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("bluetooth", Reason.INVALID_VALUE),
        ("virtual:", Reason.INVALID_VALUE),
        ("virtual:polar_h10*x", Reason.INVALID_VALUE),
        ("virtual:no_such", Reason.UNKNOWN_DEVICE),
        ("virtual:polar_h10;drop=1", Reason.INVALID_VALUE),
    ],
)
def test_radios_that_are_none_are_refused(text: str, reason: Reason):
    with pytest.raises(BreathcoreError) as refused:
        radio_of(text, registry.devices)
    assert refused.value.reason is reason


def test_no_text_is_the_system_s_radio():
    assert radio_of(None) is SYSTEM_RADIO
    assert radio_of("") is SYSTEM_RADIO


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(radio_module, "find_spec", lambda name: None)
    with pytest.raises(BreathcoreError) as refused:
        radio_of("virtual:polar_h10", registry.devices)
    assert refused.value.reason is Reason.EXTRA_MISSING
    assert refused.value.params == {"extra": "sim"}


def test_the_simulation_keeps_the_same_script():
    from breathcore.model.packets import LinkEvent, LinkKind
    from breathcore.source.sim.simulation import Simulation

    faults = faults_of("drop=4-6,10-12;silence=1;refuse=6-8;battery=20")
    simulation = Simulation(registry.device("polar_h10"), WearerSpec(), faults, until_s=40.0)
    t0 = simulation.info.t0_host_ns
    told = [((e.t_host_ns - t0) * 1e-9, e.kind) for e in simulation if isinstance(e, LinkEvent)]
    lost = [t for t, kind in told if kind is LinkKind.LOST]
    assert lost == pytest.approx([5.0, 11.0, 21.0])
    assert [round(t, 1) for t, kind in told if kind is LinkKind.CONNECTED] == [0.3, 8.3, 12.3]
