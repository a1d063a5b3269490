"""BlueZ as bleak's own back end sees it: `org.bluez` on a private bus, with the straps of `fake_ble` behind it.

True to what hurts: services come in any order, a value that is read is notified too, scans fall silent without a word
when the adapter goes, and a drop is a property that changes.
"""

import asyncio
import random
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bleak.exc import BleakDBusError
from bleak.uuids import normalize_uuid_str
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from fake_ble import ADVERTISED_EVERY_S, FakeStrap

HAVE_BUS = shutil.which("dbus-daemon") is not None
_ADAPTER = "/org/bluez/hci0"
_SIGNATURES = {
    "RSSI": "n",
    "UUIDs": "as",
    "Flags": "as",
    "Roles": "as",
    "Value": "ay",
    "Adapter": "o",
    "Device": "o",
    "Service": "o",
    "MTU": "q",
}
_KINDS = {bool: "b", str: "s", int: "q"}

Interfaces = dict[str, dict[str, Any]]


class Bus:
    """A message bus in a process of its own, at an address that survives its death."""

    def __init__(self, folder: Path) -> None:
        self.address = f"unix:path={folder}/bus"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it listens."""
        command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address", self.address]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def kill(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class _Link:
    """What a strap sees of its connection: who is notified, and how it ends."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self.callbacks: dict[str, Callable[[bytearray], None]] = {}
        self._on_end = on_end

    def end(self) -> None:
        self.callbacks.clear()
        self._on_end()


class BlueZ:
    """The daemon. `straps` are in reach; `powered` is the adapter's switch."""

    def __init__(self, bus: MessageBus, straps: list[FakeStrap]) -> None:
        self._bus = bus
        self._straps = {_device_path(s): s for s in straps}
        self._objects: dict[str, Interfaces] = {
            "/org/bluez": {"org.bluez.AgentManager1": {}},
            _ADAPTER: {
                "org.bluez.Adapter1": {
                    "Address": "00:00:00:00:00:00",
                    "Powered": True,
                    "Discovering": False,
                    "Roles": ["central"],
                }
            },
        }
        self._chars: dict[str, tuple[FakeStrap, str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        bus.add_message_handler(self._on_message)
        self._spawn(self._advertise())

    def switch(self, *, on: bool) -> None:
        """Switch the adapter off or on."""
        self._change(_ADAPTER, "org.bluez.Adapter1", {"Powered": on, "Discovering": False})
        if not on:
            for strap in self._straps.values():
                if strap.client is not None:
                    strap.drop()

    async def stop(self) -> None:
        """End everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._bus.disconnect()

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_message(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        if message.member == "GetManagedObjects":
            body = {path: _wire(interfaces) for path, interfaces in self._objects.items()}
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [body])
        method = getattr(self, f"_{message.member}", None)
        if method is None:
            return False
        self._spawn(self._answer(message, method(message)))
        return True

    async def _answer(self, message: Message, method: Coroutine[Any, Any, tuple[str, list[Any]]]) -> None:
        try:
            signature, body = await method
            reply = Message.new_method_return(message, signature, body)
        except BleakDBusError as error:
            reply = Message.new_error(message, error.dbus_error, error.dbus_error_details or "")
        self._bus.send(reply)

    async def _SetDiscoveryFilter(self, message: Message) -> tuple[str, list[Any]]:
        return "", []

    async def _StartDiscovery(self, message: Message) -> tuple[str, list[Any]]:
        if not self._objects[_ADAPTER]["org.bluez.Adapter1"]["Powered"]:
            raise BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"])
        self._change(_ADAPTER, "org.bluez.Adapter1", {"Discovering": True})
        return "", []

    async def _StopDiscovery(self, message: Message) -> tuple[str, list[Any]]:
        self._change(_ADAPTER, "org.bluez.Adapter1", {"Discovering": False})
        return "", []

    async def _Connect(self, message: Message) -> tuple[str, list[Any]]:
        path = str(message.path)
        strap = self._straps[path]
        strap.log.append(("connect", ""))
        await asyncio.sleep(strap.connect_s)
        if strap.refusals:
            raise strap.refusals.pop(0)
        strap.client = _Link(lambda: self._on_end(path))  # type: ignore[assignment]
        strap.on_connect()
        self._change(path, "org.bluez.Device1", {"Connected": True})
        self._spawn(self._resolve(path))
        return "", []

    async def _Disconnect(self, message: Message) -> tuple[str, list[Any]]:
        strap = self._straps[str(message.path)]
        strap.log.append(("disconnect", ""))
        if strap.client is not None:
            strap.drop()
        return "", []

    async def _StartNotify(self, message: Message) -> tuple[str, list[Any]]:
        strap, uuid = self._chars[str(message.path)]
        assert strap.client is not None
        strap.client.callbacks[uuid] = lambda data: self._value(str(message.path), bytes(data))
        strap.on_subscribe(uuid)
        return "", []

    async def _StopNotify(self, message: Message) -> tuple[str, list[Any]]:
        return "", []

    async def _ReadValue(self, message: Message) -> tuple[str, list[Any]]:
        strap, uuid = self._chars[str(message.path)]
        value = strap.on_read(uuid) if strap.on_read is not None else strap.values[uuid]
        self._value(str(message.path), value)
        return "ay", [value]

    async def _WriteValue(self, message: Message) -> tuple[str, list[Any]]:
        strap, uuid = self._chars[str(message.path)]
        strap.on_write(uuid, bytes(message.body[0]))
        return "", []

    # ── what changes ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _advertise(self) -> None:
        while True:
            await asyncio.sleep(ADVERTISED_EVERY_S)
            if not self._objects[_ADAPTER]["org.bluez.Adapter1"]["Discovering"]:
                continue
            for path, strap in self._straps.items():
                if strap.audible and not strap.silent and strap.client is None:
                    if path not in self._objects:
                        self._add(path, {"org.bluez.Device1": _device(strap)})
                    self._change(path, "org.bluez.Device1", {"RSSI": strap.rssi + random.randrange(3)})

    async def _resolve(self, path: str) -> None:
        strap = self._straps[path]
        for service_path, interfaces in random.sample(found := list(_services(path, strap)), len(found)):
            if "org.bluez.GattCharacteristic1" in interfaces:
                self._chars[service_path] = strap, interfaces["org.bluez.GattCharacteristic1"]["UUID"]
            self._add(service_path, interfaces)
        self._change(path, "org.bluez.Device1", {"ServicesResolved": True})

    def _on_end(self, path: str) -> None:
        self._straps[path].on_end()
        self._change(path, "org.bluez.Device1", {"ServicesResolved": False})
        self._change(path, "org.bluez.Device1", {"Connected": False})

    def _value(self, path: str, value: bytes) -> None:
        self._change(path, "org.bluez.GattCharacteristic1", {"Value": value})

    def _add(self, path: str, interfaces: Interfaces) -> None:
        self._objects[path] = interfaces
        self._signal(
            "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}", [path, _wire(interfaces)]
        )

    def _change(self, path: str, interface: str, changed: dict[str, Any]) -> None:
        self._objects[path][interface].update(changed)
        body = [interface, _wire({"": changed})[""], []]
        self._signal(path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", body)

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        if self._bus.connected:
            self._bus.send(Message.new_signal(path, interface, member, signature, body))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def bluez(bus: Bus, straps: list[FakeStrap]) -> AsyncIterator[BlueZ]:
    """Serve `org.bluez` on a running bus, from the running loop."""
    connection = await MessageBus(bus_address=bus.address, bus_type=BusType.SYSTEM).connect()
    daemon = BlueZ(connection, straps)
    await connection.request_name("org.bluez")
    try:
        yield daemon
    finally:
        await daemon.stop()


def _device_path(strap: FakeStrap) -> str:
    return f"{_ADAPTER}/dev_{strap.address.replace(':', '_')}"


def _device(strap: FakeStrap) -> dict[str, Any]:
    return {
        "Address": strap.address,
        "AddressType": "random",
        "Alias": strap.name or strap.address.replace(":", "-"),
        "Adapter": _ADAPTER,
        **({"Name": strap.name} if strap.name else {}),
        **dict.fromkeys(
            ("Paired", "Bonded", "Trusted", "Blocked", "LegacyPairing", "Connected", "ServicesResolved"), False
        ),
        "UUIDs": [normalize_uuid_str(u) for u in strap.advertised],
    }


def _services(path: str, strap: FakeStrap) -> list[tuple[str, Interfaces]]:
    found: list[tuple[str, Interfaces]] = []
    for n, (service, characteristics) in enumerate(strap.services.items()):
        at = f"{path}/service{16 * n:04x}"
        found.append(
            (at, {"org.bluez.GattService1": {"UUID": normalize_uuid_str(service), "Device": path, "Primary": True}})
        )
        for k, (uuid, uses) in enumerate(characteristics.items(), 1):
            facts = {"UUID": normalize_uuid_str(uuid), "Service": at, "Flags": uses, "Notifying": False, "MTU": 247}
            found.append((f"{at}/char{16 * n + k:04x}", {"org.bluez.GattCharacteristic1": facts}))
    return found


def _wire(interfaces: Interfaces) -> dict[str, dict[str, Variant]]:
    return {
        name: {key: Variant(_SIGNATURES.get(key) or _KINDS[type(value)], value) for key, value in facts.items()}
        for name, facts in interfaces.items()
    }
