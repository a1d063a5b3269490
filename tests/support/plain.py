"""A plain wearable with a heart rate and a control point, and a source that listens to it."""

from fake_ble import FakeRadio, FakeStrap
from host import until
from virtual_time import clock_ns

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
from breathcore.model.packets import LinkEvent, Packet
from breathcore.source.ble import BleSource, Limits
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


def kinds(items) -> list[str]:
    return [item.kind.value for item in items if isinstance(item, LinkEvent)]


def told(items) -> list[str]:
    return [f"{i.kind.value} {i.detail}".strip() for i in items if isinstance(i, LinkEvent)]
