# SPDX-License-Identifier: Apache-2.0
"""The specification's rule sets, for both families, as scripts to import."""

INPUT = """/{family} firewall filter
add chain=input connection-state=invalid action=drop \\
comment="Drop invalid input"
add chain=input connection-state=established,related action=accept \\
comment="Accept established/related input"
add chain=input protocol={icmp} action=accept \\
comment="Accept ICMP"
add chain=input protocol=tcp dst-port=22 in-interface-list=LAN action=accept \\
comment="SSH from LAN"
add chain=input protocol=tcp dst-port=8291 in-interface-list=LAN action=accept \\
comment="Winbox from LAN"
add chain=input in-interface-list=WAN action=drop \\
comment="Drop all other WAN input"
"""

FASTTRACK = """/{family} firewall filter
add chain=forward connection-state=established,related \\
action=fasttrack-connection hw-offload=yes comment="FastTrack established/related"
"""

FORWARD = """/{family} firewall filter
add chain=forward connection-state=established,related action=accept \\
comment="Accept established/related forward"
add chain=forward connection-state=invalid action=drop \\
comment="Drop invalid forward"
add chain=forward in-interface-list=LAN out-interface-list=WAN \\
connection-state=new action=accept comment="LAN to WAN new"
add chain=forward action=drop \\
comment="Drop all other forward"
"""


def both(*parts):
    """Rule sets for IPv4 and IPv6, in one script."""
    return "".join(part.format(family=family, icmp=icmp) for family, icmp in
                   (("ip", "icmp"), ("ipv6", "icmpv6")) for part in parts)


STANDARD = both(INPUT, FORWARD)


def install(lab, *devices):
    """Brings the firewall up with the standard rules and lists LAN and WAN."""
    lab.up(*devices)
    lab.lists()
    lab.rules(STANDARD)
