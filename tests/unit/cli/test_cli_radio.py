"""What the commands print on the virtual radio, whole; and a wearable served to another program over a controller."""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from bumble.controller import Controller
from bumble.device import Connection, Device, Peer
from bumble.hci import Address
from bumble.link import LocalLink
from bumble.transport import open_transport
from bumble.transport.tcp_server import open_tcp_server_transport_with_socket
from virtual_time import run_virtual

RADIO = "virtual:polar_h10*2,heart_rate_strap,movesense,vernier_gdx_rb;seed=3"
GOLDEN = Path(__file__).parents[2] / "golden"
HOST = Address("F0:BC:00:00:00:77")
HEART_RATE_S = 3.0


def golden(name: str, said: str) -> None:
    """Compare with a golden file. To renew it: delete it, run the test twice, read what it says."""
    path = GOLDEN / name
    if not path.exists():
        path.write_text(said, "utf-8")
        pytest.fail(f"{name} was written anew: read it")
    assert said == path.read_text("utf-8")


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    from breathcore.cli.words import out

    monkeypatch.setattr(out, "_width", 140)


@pytest.fixture
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "run", run_virtual)


@pytest.mark.usefixtures("_virtual_time")
def test_scan(command, monkeypatch):
    monkeypatch.setenv("BREATHCORE_RADIO", RADIO)
    answer = command("scan", "--seconds", "1")
    assert answer.code == 0
    golden("scan.txt", answer.out)


@pytest.mark.usefixtures("_virtual_time")
@pytest.mark.parametrize("device", ["heart_rate_strap", "polar_h10", "diy_imu"])
def test_sniff(command, device):
    answer = command("devices", "sniff", "F0:BC:00:00:00:01", "--seconds", "8", "--radio", f"virtual:{device};seed=3")
    assert (answer.code, answer.err) == (0, "")
    golden(f"sniff_{device}.txt", answer.out)


def test_doctor(command):
    answer = command("doctor", "--radio", "virtual:polar_h10,heart_rate_strap;seed=3")
    said = re.sub(r"(?m)^. \S+ +Sound: .*\n( {11}.*\n)?", "", answer.out)  # as this computer has it
    said = re.sub(r"/\S+ can", "PATH can", said)
    said = re.sub(r"[\d.]+ GB", "N GB", said)
    said = re.sub(r"\d+ wearables and \d+ drills", "N wearables and N drills", said)
    said = re.sub(r"(breathcore|Python|bleak|numpy|scipy|PySide6-Essentials|pyqtgraph|miniaudio) [\d.]+", r"\1 N", said)
    golden("doctor.txt", re.sub(r"(Python N), [^,]+,", r"\1, SYSTEM,", said))


@pytest.mark.usefixtures("_virtual_time")
def test_scan_of_an_empty_air(command):
    answer = command("scan", "--seconds", "1", "--radio", "virtual:polar_h10;drop=0-60")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("Nothing found.")


@pytest.mark.usefixtures("_virtual_time")
def test_simulate_tries_a_wearable_out(command):
    answer = command("simulate", "polar_h10", "--seconds", "20", "--faults", "loss=0.2;from=1")
    assert (answer.code, answer.err) == (0, "")
    assert " s: sending" in answer.out
    acc = re.search(r"^ *acc +chest movement +200 Hz +(\d+) +(\d+)", answer.out, re.MULTILINE)
    assert acc is not None
    assert 0 < int(acc[2]) < int(acc[1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scan", "--radio", "usb"), "radio is usb, but must be virtual:"),
        (("simulate", "no_such"), "There is no wearable called no_such."),
        (("simulate", "polar_h10", "--faults", "fire=1"), "fault is fire, but must be drop,"),
        (("simulate", "polar_h10", "--transport", "pigeon:1"), "The Bluetooth controller pigeon:1 cannot be used:"),
        (("simulate", "polar_h10", "--transport", "tcp-client:127.0.0.1:1"), "The Bluetooth controller tcp-client:"),
    ],
)
def test_what_cannot_be_done_is_said(command, arguments, said):
    answer = command(*arguments)
    assert answer.code == 1
    assert said in answer.err


def test_another_program_streams_from_a_served_wearable():
    asyncio.run(serve_and_stream())


async def serve_and_stream() -> None:
    """Join two controllers, one for the program that is served from and one for the host here."""
    link = LocalLink()
    async with controller("wearable", link) as served, controller("host", link) as ours:
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "breathcore", "simulate", "heart_rate_strap"),
            *("--transport", f"tcp-client:127.0.0.1:{served}", "--seconds", "60"),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(60.0):
                assert program.stdout is not None
                assert b"F0:BC:00:00:00:01" in await program.stdout.readline()
                assert len(await heart_rates(ours)) >= 2
        finally:
            program.send_signal(2)
            said, _ = await program.communicate()
        assert program.returncode == 0
        assert b"setting up" in said
        assert b"link lost" in said


async def heart_rates(port: int) -> list[bytes]:
    heard: list[bytes] = []
    async with await open_transport(f"tcp-client:127.0.0.1:{port}") as hci:
        host = Device.with_hci("host", HOST, hci.source, hci.sink)
        await host.power_on()
        connection = await host.connect(Address("F0:BC:00:00:00:01"), timeout=20.0)
        assert isinstance(connection, Connection)
        peer = Peer(connection)
        await peer.discover_all()
        [measurement] = peer.get_characteristics_by_uuid("2A37")
        await peer.subscribe(measurement, heard.append)
        await asyncio.sleep(HEART_RATE_S)
        await connection.disconnect()
        await asyncio.sleep(0.5)
    return heard


@asynccontextmanager
async def controller(name: str, link: LocalLink) -> AsyncIterator[int]:
    """Run a virtual controller behind a TCP port of its own; yield the port."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        transport = await open_tcp_server_transport_with_socket(listener)
        Controller(name, host_source=transport.source, host_sink=transport.sink, link=link)
        try:
            yield listener.getsockname()[1]
        finally:
            transport.server.close()
            await transport.close()
