"""What the Bluetooth source does when the radio, the link or the device fails."""

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
from fake_ble import FakeRadio
from host import until
from plain import CP, DATA, HR, HR_LONG, PMD, drain, kinds, opened, ready, source, strap, told
from virtual_time import run_virtual

from breathcore.feedback.wording import LANGUAGES, Wording
from breathcore.model.errors import RadioError, Reason
from breathcore.model.message import message
from breathcore.model.packets import Packet, Write
from breathcore.source.ble import scan_for
from breathcore.source.ble_connection import USUAL_LIMITS


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
