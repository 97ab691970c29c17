"""A DNS server on loopback that knows the records of the behaviours and nothing else."""

import asyncio
from collections.abc import Mapping
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[str, tuple[str, ...]]  # of a name: "TYPE data", or "SERVFAIL"


class Names(asyncio.DatagramProtocol):
    """Answers as a resolver does: follows a CNAME, and says NXDOMAIN of what it does not know."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # the loop's own transport does not derive from the class that describes it, so the type is stated
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self._fill(reply, name, dns.rdatatype.to_text(query.question[0].rdtype))
        self.transport.sendto(reply.to_wire(), sender)

    def _fill(self, reply: dns.message.Message, name: str, kind: str) -> None:
        if name not in self.records:
            below = any(each.endswith(f".{name}") for each in self.records)
            reply.set_rcode(dns.rcode.NOERROR if below else dns.rcode.NXDOMAIN)
            return
        for record in self.records[name]:
            own, _, data = record.partition(" ")
            if own == "SERVFAIL":
                reply.set_rcode(dns.rcode.SERVFAIL)
            elif own in (kind, "CNAME"):
                reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", own, data))
                if own == "CNAME" and kind != "CNAME":
                    self._fill(reply, data.rstrip("."), kind)
