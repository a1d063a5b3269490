"""The Bluetooth source against a radio in this process."""

import asyncio
import shutil
import subprocess

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)
from fake_ble import FakeRadio, FakeStrap
from virtual_time import clock_ns, run_virtual

from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.model.device import (
    ChannelSpec,
    CharacteristicSpec,
    CharacteristicUse,
    ClockKind,
    DeviceSpec,
    EndpointSpec,
    MatchSpec,
    Role,
)
from breathcore.model.errors import RadioError, Reason
from breathcore.model.message import message
from breathcore.model.packets import Direction, LinkEvent, LinkKind, Packet, Read, Write
from breathcore.source.ble import BleSource, Limits, scan_for
from breathcore.source.ble_connection import USUAL_LIMITS

CP, DATA = "fb005c81-02e7-f387-1cad-8acd2d8df0c8", "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
PMD = "FB005C80-02E7-F387-1CAD-8ACD2D8DF0C8"  # upper case, as makers print it
HR, HR_LONG = "2a37", "00002a37-0000-1000-8000-00805f9b34fb"
USE = CharacteristicUse


def spec(id_: str = "chest", prefixes: tuple[str, ...] = ("Strap X",), services: tuple[str, ...] = ()) -> DeviceSpec:
    heart = EndpointSpec(
        "hr",
        "heart_rate",
        "180D",
        (CharacteristicSpec("measurement", HR, (USE.NOTIFY,)),),
        (ChannelSpec("rr", Role.RR, "s", ("rr",), 0.0),),
    )
    pmd = EndpointSpec(
        "pmd",
        "polar_pmd",
        PMD,
        (
            CharacteristicSpec("control", CP.upper(), (USE.READ, USE.WRITE, USE.INDICATE)),
            CharacteristicSpec("data", DATA, (USE.NOTIFY,)),
        ),
        (),
    )
    match = MatchSpec(prefixes, services, None)
    return DeviceSpec(id_, "Strap X", match, (heart, pmd), "chest", ClockKind.SAMPLE_STAMP, 1.0)


def strap(name: str = "Strap X 42", address: str = "00:00:00:00:00:42") -> FakeStrap:
    services = {
        PMD.lower(): {DATA: ["notify"], CP: ["read", "write", "indicate"]},
        "180d": {HR: ["notify"]},
    }
    return FakeStrap(address, name, services, advertised=["180d"], values={CP: b"\x0f\x05"})


def source(radio: FakeRadio, *targets: str, limits: Limits = USUAL_LIMITS) -> BleSource:
    devices = [(target, spec()) for target in targets or ("",)]
    return BleSource(devices, radio=radio.radio, limits=limits, clock_ns=clock_ns)


async def opened(radio: FakeRadio, *targets: str) -> BleSource:
    """A source, once everything in reach is subscribed to."""
    ble = source(radio, *targets)
    await ble.open()
    await until(lambda: all(ready(s) for s in radio.straps))
    return ble


def ready(device: FakeStrap) -> bool:
    return device.client is not None and len(device.client.callbacks) == sum(map(len, device.services.values()))


async def drain(ble: BleSource) -> list[Packet | LinkEvent]:
    await ble.close()
    return [item async for item in ble.events()]


async def until(condition) -> None:
    while not condition():  # noqa: ASYNC110 — what the fake radio does wakes nobody here
        await asyncio.sleep(0.01)


def kinds(items) -> list[str]:
    return [item.kind.value for item in items if isinstance(item, LinkEvent)]


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


def test_a_drop_is_told_and_the_device_comes_back_subscribed():
    device = strap()
    radio = FakeRadio([device])

    async def session():
        ble = await opened(radio)
        device.notify(HR, b"\x00\x3b")
        device.drop()
        await ble.request("chest", Write("pmd.control", b"\x01"))  # nobody there
        await until(lambda: ready(device))
        device.notify(HR, b"\x00\x3c")
        return await drain(ble)

    items = run_virtual(session())
    assert kinds(items) == [
        *("waiting", "found", "connecting", "connected", "streaming", "lost", "fault"),
        *("found", "connecting", "connected", "streaming", "closed"),
    ]
    assert [i.payload for i in items if isinstance(i, Packet)] == [b"\x00\x3b", b"\x00\x3c"]
    assert radio.scans == 2
    assert radio.scanning == 0


def told(items) -> list[str]:
    return [f"{i.kind.value} {i.detail}".strip() for i in items if isinstance(i, LinkEvent)]


def test_reconnecting_goes_on_through_refusals_and_a_radio_that_is_off():
    device = strap()
    radio = FakeRadio([device])
    off = BleakBluetoothNotAvailableError("off", BleakBluetoothNotAvailableReason.POWERED_OFF)

    async def session():
        ble = await opened(radio)
        device.notify(HR, b"\x00\x3b")
        radio.fail(off)
        await asyncio.sleep(5.0)
        device.refusals = [BleakDBusError("org.bluez.Error.Failed", ["no"]), BleakError("again")]
        radio.error = None
        await until(lambda: ready(device))
        return await drain(ble)

    items = run_virtual(session())
    assert told(items)[5:] == [
        "lost dropped",
        "waiting adapter-off",
        "waiting",
        "found",
        "connecting",
        *("waiting connect-failed", "found connect-failed", "connecting connect-failed") * 2,
        "connected",
        "closed ended",
    ]


def test_a_drop_while_subscribing_again_is_survived():
    device = strap()
    radio = FakeRadio([device])

    async def session():
        ble = await opened(radio)
        device.drop()
        await until(lambda: device.client is not None)
        device.drop()
        await until(lambda: ready(device))
        return await drain(ble)

    assert kinds(run_virtual(session()))[-2:] == ["connected", "closed"]


def test_a_late_notification_of_a_dead_connection_is_dropped():
    device = strap()

    async def session():
        ble = await opened(FakeRadio([device]))
        device.notify(HR, b"\x00\x3b")
        late = device.client.callbacks[HR_LONG]
        device.drop()
        late(bytearray(b"\x00\x3c"))
        await until(lambda: ready(device))
        late(bytearray(b"\x00\x3d"))
        device.notify(HR, b"\x00\x3e")
        return [i.payload for i in await drain(ble) if isinstance(i, Packet)]

    assert run_virtual(session()) == [b"\x00\x3b", b"\x00\x3e"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-remote"]), "refused"),
        (BleakDBusError("org.bluez.Error.AlreadyConnected", []), "taken"),
        (BleakDBusError("org.bluez.Error.AuthenticationFailed", []), "not-paired"),
        (BleakGATTProtocolError(BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION), "not-paired"),
        (BleakDBusError("org.bluez.Error.NotReady", []), "adapter-off"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["Access denied"]), "no-permission"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []), "no-service"),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH), "no-adapter"),
        (FileNotFoundError(2, "No such file or directory"), "no-service"),
        (EOFError(), "no-service"),
        (TimeoutError(), "connect-timeout"),
        (BleakDeviceNotFoundError("A", "gone"), "connect-failed"),
        (BleakError("boom"), "connect-failed"),
    ],
)
def test_a_connection_that_fails_says_why_in_a_sentence_and_is_tried_again(error, reason):
    device = strap()
    device.refusals = [error]

    async def session():
        return await drain(await opened(FakeRadio([device])))

    items = run_virtual(session())
    assert told(items)[:4] == ["waiting", "found", "connecting", f"waiting {reason}"]
    assert kinds(items)[-2:] == ["connected", "closed"]
    for language in LANGUAGES:
        sentence = Wording(language).say(message(f"link.{reason}", device="Strap X"))
        assert " " in sentence
        assert "{" not in sentence


def test_a_radio_that_is_busy_is_asked_again_soon_without_a_word_of_failure():
    device = strap()
    device.refusals = [BleakDBusError("org.bluez.Error.InProgress", [])] * 2

    async def session():
        return await drain(await opened(FakeRadio([device])))

    items = run_virtual(session())
    assert set(told(items)) == {"waiting", "found", "connecting", "connected", "closed ended"}
    assert items[-2].t_host_ns - items[0].t_host_ns < 1.5e9


@pytest.mark.parametrize("trouble", ["hangs", "silent"])
def test_a_connection_that_hangs_is_given_up_in_time_and_tried_again(trouble):
    device = strap()
    device.hang |= {"connect"} if trouble == "hangs" else {HR_LONG, CP, DATA}

    async def session():
        ble = source(FakeRadio([device]))
        await ble.open()
        await asyncio.sleep(16.0)
        device.hang.clear()
        await until(lambda: ready(device))
        return await drain(ble)

    items = run_virtual(session())
    failed = "waiting connect-timeout" if trouble == "hangs" else "lost connect-timeout"
    assert failed in told(items)
    assert kinds(items)[-2:] == ["connected", "closed"]


def test_a_device_that_lacks_all_that_is_wanted_says_so():
    device = strap()
    device.services = {PMD.lower(): {DATA: ["notify"]}}

    async def session():
        ble = source(FakeRadio([device]))
        await ble.open()
        await asyncio.sleep(0.5)
        return await drain(ble)

    assert "lost no-stream" in told(run_virtual(session()))


def test_one_that_hangs_while_connecting_delays_the_others_by_two_seconds_at_most():
    hanging = strap("Strap X 0", "0")
    hanging.hang.add("connect")
    others = [strap(f"Strap X {n}", str(n)) for n in range(1, 6)]
    for other in others:
        other.connect_s = 0.3

    async def session():
        ble = source(FakeRadio([hanging, *others]), *"012345")
        await ble.open()
        begun_s = asyncio.get_running_loop().time()
        await until(lambda: all(ready(o) for o in others))
        took_s = asyncio.get_running_loop().time() - begun_s
        await ble.close()
        return took_s

    assert run_virtual(session()) < 2.0 + 5 * 0.3 + 0.2


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH), Reason.NO_ADAPTER),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.POWERED_OFF), Reason.ADAPTER_OFF),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.DENIED_BY_USER), Reason.NO_PERMISSION),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.UNKNOWN), Reason.NO_ADAPTER),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []), Reason.NO_BLUETOOTH_SERVICE),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), Reason.NO_PERMISSION),
        (BleakDBusError("org.bluez.Error.NotReady", []), Reason.ADAPTER_OFF),
        (FileNotFoundError(2, "No such file or directory"), Reason.NO_BLUETOOTH_SERVICE),
        (PermissionError(13, "Permission denied"), Reason.NO_PERMISSION),
        (EOFError(), Reason.NO_BLUETOOTH_SERVICE),
    ],
)
def test_a_radio_that_does_not_start_has_a_reason(error, reason):
    radio = FakeRadio(error=error)
    with pytest.raises(RadioError) as in_scan:
        run_virtual(scan_for(1.0, [], radio=radio.radio))
    with pytest.raises(RadioError) as in_open:
        run_virtual(source(radio).open())
    assert in_scan.value.reason is in_open.value.reason is reason


def test_the_real_radio_of_a_machine_without_one_has_a_reason(run_async, monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")
    with pytest.raises(RadioError) as raised:
        run_async(scan_for(0.1, []))
    assert raised.value.reason is Reason.NO_BLUETOOTH_SERVICE


def test_a_device_that_is_not_heard_for_long_says_so_and_is_taken_when_it_comes():
    missing = strap("Strap X 2", "B")
    missing.audible = False
    radio = FakeRadio([missing])

    async def session():
        ble = source(radio, "Strap X 2")
        await ble.open()
        await asyncio.sleep(USUAL_LIMITS.find_s + 1.0)
        missing.audible = True
        await until(lambda: ready(missing))
        return await drain(ble)

    assert told(run_virtual(session())) == [
        *("waiting", "waiting not-found", "found", "connecting", "connected", "closed ended")
    ]
    assert radio.scanning == 0


def test_a_radio_that_fails_at_the_start_ends_the_events_too():
    async def session():
        ble = source(FakeRadio(error=OSError()))
        with pytest.raises(RadioError):
            await ble.open()
        return [item async for item in ble.events()]

    assert kinds(run_virtual(session()))[-1] == "closed"


def test_every_radio_error_has_a_sentence_that_its_facts_fill():
    radios = [FakeRadio(error=OSError())]
    radios += [
        FakeRadio(error=BleakBluetoothNotAvailableError("", reason)) for reason in BleakBluetoothNotAvailableReason
    ]
    reasons = set()
    for radio in radios:
        with pytest.raises(RadioError) as raised:
            run_virtual(source(radio).open())
        reasons.add(raised.value.reason)
        for language in LANGUAGES:
            sentence = Wording(language).say(raised.value.message)
            assert " " in sentence
            assert "{" not in sentence
    assert reasons == {
        Reason.NO_ADAPTER,
        Reason.ADAPTER_OFF,
        Reason.NO_PERMISSION,
        Reason.NO_BLUETOOTH_SERVICE,
    }


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


def test_an_unnamed_strap_that_comes_back_is_the_device_that_it_was():
    one, two = strap("Strap X 1", "A"), strap("Strap X 2", "B")

    async def session():
        ble = await opened(FakeRadio([one, two]), "", "")
        one.audible = two.audible = False
        one.drop()
        two.drop()
        await asyncio.sleep(1.0)
        two.audible = True
        await until(lambda: ready(two))
        two.notify(HR, b"\x02")
        return [(i.device, i.payload) for i in await drain(ble) if isinstance(i, Packet)]

    assert run_virtual(session()) == [("chest-2", b"\x02")]


def test_an_unnamed_strap_that_stays_away_may_be_replaced_by_another():
    old, new = strap("Strap X 1", "A"), strap("Strap X 2", "B")
    new.audible = False

    async def session():
        ble = source(FakeRadio([old, new]))
        await ble.open()
        await until(lambda: ready(old))
        old.audible, new.audible = False, True
        old.drop()
        await asyncio.sleep(USUAL_LIMITS.find_s - 1.0)
        assert new.client is None
        await until(lambda: ready(new))
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


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs dbus-daemon to make a bus without Bluetooth")
def test_a_bus_without_a_bluetooth_service_has_a_reason(run_async, monkeypatch, tmp_path):
    address = f"unix:path={tmp_path}/bus"
    bus = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address", address],
        stdout=subprocess.PIPE,
    )
    try:
        assert bus.stdout is not None
        bus.stdout.readline()  # it listens from here on
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        with pytest.raises(RadioError) as raised:
            run_async(scan_for(0.1, []))
    finally:
        bus.kill()
        bus.communicate()
    assert raised.value.reason is Reason.NO_BLUETOOTH_SERVICE


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
