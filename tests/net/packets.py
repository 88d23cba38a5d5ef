# SPDX-License-Identifier: Apache-2.0
"""Builds single packets for what no real stack would send: strays, pieces, bad headers."""
import socket
import struct

TCP_FIN, TCP_SYN, TCP_RST, TCP_ACK = 1, 2, 4, 16
IP_DF, IP_MF = 0x4000, 0x2000


def checksum(data):
    """Internet checksum of bytes."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    """An address as bytes."""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def _sum_with_pseudo_header(source, target, protocol, segment):
    pseudo = packed(source) + packed(target) + struct.pack("!IHBB", len(segment), 0, 0, protocol)
    return checksum(pseudo + segment)


def udp(source, target, source_port, target_port, data=b"tide"):
    """A UDP datagram with its checksum."""
    header = struct.pack("!HHHH", source_port, target_port, 8 + len(data), 0)
    value = _sum_with_pseudo_header(source, target, 17, header + data) or 0xFFFF
    return header[:6] + struct.pack("!H", value) + data


def tcp(source, target, source_port, target_port, flags, sequence=1000, data=b""):
    """A TCP segment with its checksum."""
    header = struct.pack("!HHIIBBHHH", source_port, target_port, sequence, 2000, 5 << 4, flags,
                         65535, 0, 0)
    value = _sum_with_pseudo_header(source, target, 6, header + data)
    return header[:16] + struct.pack("!H", value) + header[18:] + data


def echo(source, target, identifier, data):
    """An ICMP or ICMPv6 echo request, and the number of its protocol."""
    ipv6 = ":" in source
    header = struct.pack("!BBHHH", 128 if ipv6 else 8, 0, 0, identifier, 1)
    value = _sum_with_pseudo_header(source, target, 58, header + data) if ipv6 \
        else checksum(header + data)
    return header[:2] + struct.pack("!H", value) + header[4:] + data, 58 if ipv6 else 1


def ip(source, target, protocol, payload, hop_limit=64):
    """A whole IP packet of the addresses' family."""
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hop_limit) \
            + packed(source) + packed(target) + payload
    return ipv4_piece(source, target, protocol, payload, ttl=hop_limit)


def ipv4_piece(source, target, protocol, payload, identification=1, fragment=IP_DF, ttl=64):
    """An IPv4 packet; `fragment` is the flags and offset field."""
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identification, fragment, ttl,
                         protocol, 0) + packed(source) + packed(target)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6_piece(source, target, protocol, payload, offset, more, identification=1):
    """An IPv6 packet with a fragment header; `offset` in bytes."""
    header = struct.pack("!BBHI", protocol, 0, offset | int(more), identification)
    return ip(source, target, 44, header + payload)


def pieces(source, target, datagram, size, identification, protocol=17):
    """A datagram, UDP if not said else, cut into fragments of `size` bytes (a multiple of 8)."""
    result = []
    for offset in range(0, len(datagram), size):
        part = datagram[offset:offset + size]
        more = offset + size < len(datagram)
        if ":" in source:
            result.append(ipv6_piece(source, target, protocol, part, offset, more,
                                     identification))
        else:
            fragment = offset // 8 | (IP_MF if more else 0)
            result.append(ipv4_piece(source, target, protocol, part, identification, fragment))
    return result


def frame(target_mac, source_mac, packet):
    """An Ethernet frame around an IP packet."""
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return target_mac + source_mac + struct.pack("!H", kind) + packet
