# SPDX-License-Identifier: Apache-2.0
"""The rules that are measured: the specification's, and the same for nftables."""

LISTS = """/interface list
add name=LAN
add name=WAN
/interface list member
add list=LAN interface=ether2
add list=WAN interface=ether1
"""

# The specification's rule set, input and forward.
SPECIFICATION = LISTS + """/ip firewall filter
add chain=input connection-state=invalid action=drop comment="Drop invalid input"
add chain=input connection-state=established,related action=accept \
comment="Accept established/related input"
add chain=input protocol=icmp action=accept comment="Accept ICMP"
add chain=input protocol=tcp dst-port=22 in-interface-list=LAN action=accept \
comment="SSH from LAN"
add chain=input protocol=tcp dst-port=8291 in-interface-list=LAN action=accept \
comment="Winbox from LAN"
add chain=input in-interface-list=WAN action=drop comment="Drop all other WAN input"
add chain=forward connection-state=established,related action=fasttrack-connection \
hw-offload=yes comment="FastTrack established/related"
add chain=forward connection-state=established,related action=accept \
comment="Accept established/related forward"
add chain=forward connection-state=invalid action=drop comment="Drop invalid forward"
add chain=forward in-interface-list=LAN out-interface-list=WAN connection-state=new \
action=accept comment="LAN to WAN new"
add chain=forward action=drop comment="Drop all other forward"
/ip firewall connection tracking
set udp-stream-timeout=1h tcp-established-timeout=1h
"""

MOST_CONNECTIONS = "/ip firewall connection tracking set max-connections=1048576\n"

RAW = SPECIFICATION + """/ip firewall raw
add chain=prerouting src-address=198.18.0.0/16 action=drop comment="Drop in raw"
"""

MASQUERADE = SPECIFICATION + """/ip firewall nat
add chain=srcnat out-interface=ether1 action=masquerade comment="Masquerade"
"""

# The same, but for connections to this port.
PLAIN_PORT = 4444
MASQUERADE_SOME = SPECIFICATION + f"""/ip firewall nat
add chain=srcnat protocol=tcp dst-port={PLAIN_PORT} action=accept
add chain=srcnat protocol=udp dst-port={PLAIN_PORT} action=accept
add chain=srcnat out-interface=ether1 action=masquerade comment="Masquerade"
"""

# The same policy. Tidegate's rules count, so these do; nf_conntrack itself does not.
NFT_SPECIFICATION = """table ip filter {
    chain input {
        type filter hook input priority filter; policy accept;
        ct state invalid counter drop
        ct state established,related counter accept
        ip protocol icmp counter accept
        tcp dport 22 iif "ether2" counter accept
        tcp dport 8291 iif "ether2" counter accept
        iif "ether1" counter drop
    }
    chain forward {
        type filter hook forward priority filter; policy accept;
        ct state established,related counter accept comment "established"
        ct state invalid counter drop
        iif "ether2" oif "ether1" ct state new counter accept comment "new"
        counter drop
    }
}
"""

NFT_RAW = NFT_SPECIFICATION + """table ip raw {
    chain prerouting {
        type filter hook prerouting priority raw; policy accept;
        ip saddr 198.18.0.0/16 counter drop comment "raw"
    }
}
"""

NFT_MASQUERADE = NFT_SPECIFICATION + """table ip nat {
    chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        oif "ether1" counter masquerade
    }
}
"""


def linear(count):
    """`count` forward rules of which none matches, then the end of the chain, which accepts."""
    lines = ["/ip firewall filter"]
    lines += [f"add chain=forward protocol=udp src-address=10.{i >> 8}.{i & 255}.0/24 "
              f"dst-port={1000 + i} action=drop" for i in range(count)]
    return LISTS + ("\n".join(lines) + "\n" if count else "")
