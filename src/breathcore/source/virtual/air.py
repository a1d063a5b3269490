"""The air between one host and its wearables in this process, which can fall silent as real air does."""

import logging

from bumble import hci
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink
from bumble.ll import AdvertisingPdu, ControlPdu

_PACKET_BYTES = 251  # the longest of Bluetooth 4.2 and later: a notification is one packet

logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of packets that cross the end of a link: usual on air


class Station(Controller):
    """A virtual adapter. Unlike its base it can give up a connection that it is trying to make."""

    le_acl_data_packet_length = _PACKET_BYTES

    def on_hci_le_create_connection_cancel_command(
        self, command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """See Bluetooth core specification, volume 4, part E, 7.8.13."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is not None:
            self.send_hci_packet(
                hci.HCI_LE_Connection_Complete_Event(
                    status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                    connection_handle=0,
                    role=hci.Role.CENTRAL,
                    peer_address_type=pending.peer_address.address_type,
                    peer_address=pending.peer_address,
                    connection_interval=0,
                    peripheral_latency=0,
                    supervision_timeout=0,
                    central_clock_accuracy=0,
                )
            )
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)


class Air(LocalLink):
    """Joins the host and the wearables. A muted station neither hears nor is heard, until it is cut off or unmuted."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._muted: set[Controller] = set()

    def mute(self, station: Controller) -> None:
        """Let nothing through to or from `station`: it is out of reach, and nobody has noticed."""
        self._muted.add(station)

    def unmute(self, station: Controller) -> None:
        """Bring `station` back into reach."""
        self._muted.discard(station)

    def cut(self, station: Controller) -> None:
        """End the connections of `station` on both sides, as happens when nothing was heard for too long."""
        for connection in list(station.le_connections.values()):
            self._time_out(connection)
        for other in self.controllers - {station}:
            for connection in list(other.le_connections.values()):
                if connection.peer_address in (station.random_address, station.public_address):
                    self._time_out(connection)

    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        """Carry data, unless one of the two is muted."""
        if self._is_open(sender_controller, self.find_le_controller(destination_address)):
            super().send_acl_data(sender_controller, destination_address, transport, data)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ControlPdu
    ) -> None:
        """Carry a message of the link itself, unless one of the two is muted or gone."""
        if self._is_open(self.find_le_controller(sender_address), self.find_le_controller(receiver_address)):
            super().send_ll_control_pdu(sender_address, receiver_address, packet)

    def send_advertising_pdu(self, sender_controller: Controller, packet: AdvertisingPdu) -> None:
        """Carry an advertisement to all who are not muted."""
        if sender_controller not in self._muted:
            super().send_advertising_pdu(sender_controller, packet)

    def _is_open(self, *ends: Controller | None) -> bool:
        return all(end is not None and end not in self._muted for end in ends)

    def _time_out(self, connection: Connection) -> None:
        connection.controller.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
