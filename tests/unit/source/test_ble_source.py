"""The Bluetooth source against a radio in this process."""

import asyncio
from dataclasses import replace

import pytest
from bleak.exc import (
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)
from fake_ble import FakeRadio
from host import until
from plain import CP, DATA, HR, HR_LONG, PMD, drain, kinds, opened, ready, source, spec, strap
from virtual_time import clock_ns, run_virtual

from breathcore.model.device import Status
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet, Read, Write
from breathcore.source.ble import BleSource, Limits, scan_for
from breathcore.source.ble_connection import USUAL_LIMITS


def test_scan_reports_each_device_once_strongest_first_with_its_profile():
    far, near = strap("Strap X 1", "A"), strap("Lamp", "B")
    far.rssi, near.rssi, near.advertised, near.makers = -80, -40, [], {0x6B: b""}
    heard = []
    found = run_virtual(scan_for(1.0, [spec()], heard.append, radio=FakeRadio([far, near]).radio))
    assert [(f.address, f.rssi, f.profile and f.profile.id) for f in found] == [("B", -40, None), ("A", -80, "chest")]
    assert sorted(f.address for f in heard) == ["A", "B"]
    assert found[0].manufacturer_ids == (0x6B,)
    assert found[1].service_uuids == ("0000180d-0000-1000-8000-00805f9b34fb",)


def test_scan_says_again_when_a_name_arrives_later():
    device = strap()
    device.name = None
    heard = []

    def on_found(found):
        heard.append(found.name)
        device.name = "Strap X 42"

    run_virtual(scan_for(1.0, [spec()], on_found, radio=FakeRadio([device]).radio))
    assert heard == ["", "Strap X 42"]


def test_open_subscribes_to_every_stream_before_any_request():
    device = strap()

    async def session():
        ble = source(FakeRadio([device]))
        before_ns = clock_ns()
        info = await ble.open()
        assert before_ns <= info.t0_host_ns <= clock_ns()
        assert not info.virtual_time
        assert [name for name, _ in info.devices] == ["chest"]
        await until(lambda: device.client is not None)
        await ble.request("chest", Write("pmd.control", b"\x01\x02"))
        return await drain(ble)

    items = run_virtual(session())
    assert device.log == [
        ("connect", ""),
        ("subscribe", HR_LONG),
        ("subscribe", CP),
        ("subscribe", DATA),
        ("write", CP),
        ("disconnect", ""),
    ]
    assert kinds(items) == ["waiting", "found", "connecting", "connected", "closed"]
    stamps = [item.t_host_ns for item in items]
    assert stamps == sorted(stamps)


def test_notifications_become_packets_stamped_on_arrival():
    device = strap()

    async def session():
        ble = await opened(FakeRadio([device]))
        before_ns = clock_ns()
        device.notify(HR, b"\x10\x3c")
        device.notify(DATA, b"\x02")
        after_ns = clock_ns()
        packets = [item for item in await drain(ble) if isinstance(item, Packet)]
        assert all(before_ns <= p.t_host_ns <= after_ns for p in packets)
        return [(p.device, p.endpoint, p.direction, p.payload) for p in packets]

    assert run_virtual(session()) == [
        ("chest", "hr.measurement", Direction.NOTIFY, b"\x10\x3c"),
        ("chest", "pmd.data", Direction.NOTIFY, b"\x02"),
    ]


def test_a_write_stands_before_its_answer_and_a_read_brings_its_value():
    device = strap()
    device.on_write = lambda uuid, data: device.notify(uuid, b"\xf0" + data)

    async def session():
        ble = await opened(FakeRadio([device]))
        await ble.request("chest", Write("pmd.control", b"\x02\x00"))
        await ble.request("chest", Read("pmd.control"))
        return [(p.endpoint, p.direction, p.payload) for p in await drain(ble) if isinstance(p, Packet)]

    assert run_virtual(session()) == [
        ("pmd.control", Direction.WRITE, b"\x02\x00"),
        ("pmd.control", Direction.NOTIFY, b"\xf0\x02\x00"),
        ("pmd.control", Direction.READ, b"\x0f\x05"),
    ]


@pytest.mark.parametrize("late", [False, True])
def test_a_value_that_is_read_and_notified_too_comes_once(late):
    """BlueZ does so, on another connection than the read's answer: before it or after it."""
    device = strap()

    def read(uuid: str) -> bytes:
        if late:
            asyncio.get_running_loop().call_later(0.05, device.notify, uuid, b"\x0f")
        else:
            device.notify(uuid, b"\xf0")
            device.notify(uuid, b"\x0f")
        return b"\x0f"

    async def session():
        ble = await opened(FakeRadio([device]))
        device.on_read = read
        await ble.request("chest", Read("pmd.control"))
        await asyncio.sleep(1.0)
        device.notify(CP, b"\x0f")
        return [(p.direction.value, p.payload) for p in await drain(ble) if isinstance(p, Packet)]

    news = [] if late else [("notify", b"\xf0")]
    assert run_virtual(session()) == [("read", b"\x0f"), *news, ("notify", b"\x0f")]


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (BleakGATTProtocolError(BleakGATTProtocolErrorCode.CCCD_IMPROPERLY_CONFIGURED), "BleakGATTProtocolError"),
        (FileNotFoundError(2, "No such file or directory"), "FileNotFoundError"),
        (RuntimeError("boom"), "RuntimeError"),
        (None, "TimeoutError"),
    ],
)
def test_a_failed_request_is_a_fault_and_the_next_one_works(trouble, said):
    device = strap()

    async def session():
        ble = await opened(FakeRadio([device]))
        if trouble is None:
            device.hang.add(DATA)
        else:
            device.broken[DATA] = trouble
        await ble.request("chest", Write("pmd.data", b"\x01"))
        await ble.request("chest", Read("pmd.control"))
        await asyncio.sleep(USUAL_LIMITS.request_s + 0.1)
        return await drain(ble)

    items = run_virtual(session())
    [fault] = [i for i in items if isinstance(i, LinkEvent) and i.kind is LinkKind.FAULT]
    assert fault.detail.startswith(f"pmd.data: {said}")
    assert [i.direction for i in items if isinstance(i, Packet)][-1] is Direction.READ


def test_a_device_that_does_not_answer_holds_up_neither_the_caller_nor_another_device():
    slow, other = strap("Strap X 1", "A"), strap("Strap X 2", "B")

    async def session():
        ble = source(FakeRadio([slow, other]), "A", "B", limits=Limits(request_s=60.0, release_s=0.05))
        await ble.open()
        await until(lambda: ready(slow) and ready(other))
        slow.hang.add(CP)
        await ble.request("chest", Read("pmd.control"))
        await ble.request("chest-2", Read("pmd.control"))
        return await drain(ble)

    assert [i.device for i in run_virtual(session()) if isinstance(i, Packet)] == ["chest-2"]


def test_requests_made_before_closing_are_sent_before_the_link_ends():
    device = strap()

    async def session():
        ble = await opened(FakeRadio([device]))
        await ble.request("chest", Write("pmd.control", b"\x03\x00"))
        await ble.request("chest", Write("pmd.control", b"\x03\x02"))
        await ble.close()

    run_virtual(session())
    assert [verb for verb, _ in device.log][-3:] == ["write", "write", "disconnect"]


def test_a_stream_the_device_lacks_is_a_fault_the_others_run():
    device = strap()
    del device.services[PMD.lower()][DATA]

    async def session():
        ble = await opened(FakeRadio([device]))
        device.notify(HR, b"\x00")
        return await drain(ble)

    items = run_virtual(session())
    assert kinds(items) == ["waiting", "found", "connecting", "connected", "fault", "streaming", "closed"]
    assert [i.payload for i in items if isinstance(i, Packet)] == [b"\x00"]


@pytest.mark.parametrize("target", ["00:00:00:00:00:AB", "00:00:00:00:00:ab", "strap x 7"])
def test_a_device_is_chosen_by_address_or_name_in_any_case(target):
    wanted, other = strap("Strap X 7", "00:00:00:00:00:AB"), strap("Strap X 8", "00:00:00:00:00:AC")

    async def session():
        ble = source(FakeRadio([other, wanted]), target)
        await ble.open()
        await until(lambda: ready(wanted))
        assert wanted.client is not None
        assert other.client is None
        await ble.close()

    run_virtual(session())


@pytest.mark.parametrize("target", ["", "Strap X"])
def test_without_a_name_the_first_of_its_kind_is_taken(target):
    lamp, wanted = strap("Lamp", "A"), strap("Strap X 8", "B")

    async def session():
        ble = source(FakeRadio([lamp, wanted]), target)
        await ble.open()
        await until(lambda: ready(wanted))
        assert wanted.client is not None
        await ble.close()

    run_virtual(session())


def test_two_straps_of_a_kind_have_names_of_their_own():
    one, two = strap("Strap X 1", "A"), strap("Strap X 2", "B")

    async def session():
        ble = await opened(FakeRadio([one, two]), "A", "B")
        two.notify(HR, b"\x02")
        one.notify(HR, b"\x01")
        packets = [i for i in await drain(ble) if isinstance(i, Packet)]
        return [(p.device, p.payload) for p in packets]

    assert run_virtual(session()) == [("chest-2", b"\x02"), ("chest", b"\x01")]


def test_channels_of_two_straps_of_a_kind_have_ids_of_their_own():
    async def session():
        ble = source(FakeRadio(), "A", "B")
        info = await ble.open()
        await ble.close()
        return {name: [c.id for c in spec.channels] for name, spec in info.devices}

    assert run_virtual(session()) == {"chest": ["chest.rr"], "chest-2": ["chest-2.rr"]}


def test_two_unnamed_straps_of_a_kind_are_two_devices():
    one, two = strap("Strap X 1", "A"), strap("Strap X 2", "B")

    async def session():
        ble = await opened(FakeRadio([one, two]), "", "")
        assert one.client is not None
        assert two.client is not None
        await ble.close()

    run_virtual(session())


def test_a_device_goes_to_whom_it_fits_best():
    """Any strap would do for the heart rate, but this one is the only one for the chest."""
    any_strap = spec("any", (), ("180d",))
    one, other = strap("Strap X 1", "A"), strap("Other", "B")

    async def session():
        ble = BleSource([("", any_strap), ("", spec())], radio=FakeRadio([one, other]).radio, clock_ns=clock_ns)
        await ble.open()
        await until(lambda: ready(one) and ready(other))
        one.notify(HR, b"\x01")
        other.notify(HR, b"\x02")
        return [(p.device, p.payload) for p in await drain(ble) if isinstance(p, Packet)]

    assert run_virtual(session()) == [("chest", b"\x01"), ("any", b"\x02")]


def test_a_device_goes_to_who_names_it_rather_than_to_who_takes_any():
    one, two = strap("Strap X 1", "A"), strap("Strap X 2", "B")

    async def session():
        ble = await opened(FakeRadio([one, two]), "", "A")
        one.notify(HR, b"\x01")
        two.notify(HR, b"\x02")
        return [(p.device, p.payload) for p in await drain(ble) if isinstance(p, Packet)]

    assert run_virtual(session()) == [("chest-2", b"\x01"), ("chest", b"\x02")]


def test_an_unverified_wearable_is_taken_where_it_is_asked_for():
    doubtful, device = replace(spec(), status=Status.UNVERIFIED), strap()

    async def session():
        ble = BleSource([("", doubtful)], radio=FakeRadio([device]).radio, clock_ns=clock_ns)
        await ble.open()
        await until(lambda: ready(device))
        await ble.close()

    run_virtual(session())


def test_closing_never_hangs_and_may_be_repeated():
    device = strap()

    async def session():
        ble = await opened(FakeRadio([device]))
        device.hang.add("disconnect")
        await ble.close()
        await ble.close()
        return [item async for item in ble.events()]

    assert kinds(run_virtual(session()))[-1:] == ["closed"]


def test_closing_in_the_middle_of_a_search_leaves_nothing():
    device = strap()
    radio = FakeRadio([device])

    async def session():
        ble = await opened(radio)
        device.audible = False
        device.drop()
        await until(lambda: radio.scanning)
        return await drain(ble)

    assert kinds(run_virtual(session()))[-2:] == ["lost", "closed"]
    assert radio.scanning == 0


def test_a_scan_that_is_cancelled_releases_the_radio():
    radio = FakeRadio([strap()])

    async def session():
        heard = asyncio.Event()
        scanning = asyncio.create_task(scan_for(60.0, [], lambda found: heard.set(), radio=radio.radio))
        await heard.wait()
        scanning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await scanning

    run_virtual(session())
    assert radio.scanning == 0
