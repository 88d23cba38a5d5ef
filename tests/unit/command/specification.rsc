# SPDX-License-Identifier: Apache-2.0
# Every command line of the specification, as it stands there.
/ip firewall filter add chain=input connection-state=invalid action=drop comment="drop invalid"
/ip firewall filter add chain=forward connection-state=invalid action=drop comment="drop invalid forward"
/ip firewall raw add chain=prerouting src-address=10.0.0.0/8 dst-address=10.0.0.0/8 \
action=notrack comment="Bypass tracking for internal transit"
/ip firewall connection tracking print
# Shorter established timeout frees table entries sooner
/ip firewall connection tracking set tcp-established-timeout=12h
# Faster UDP recycling for DNS-heavy routers
/ip firewall connection tracking set udp-timeout=10s udp-stream-timeout=30s
/ip firewall connection tracking set tcp-established-timeout=2d
/ip firewall connection tracking set udp-stream-timeout=10m
/ip firewall connection tracking set max-connections=500000
/ip firewall connection print count-only
# Show all tracked connections
/ip firewall connection print
# Show connections to a specific host
/ip firewall connection print where dst-address~"192.168.88.100"
# Show all TCP connections
/ip firewall connection print where protocol=tcp
# Show connections from a subnet
/ip firewall connection print where src-address~"10.0.0"
# Watch connection table in real time
/ip firewall connection print interval=1
# Count total tracked connections
/ip firewall connection print count-only
# Remove all connections (disrupts all active traffic)
/ip firewall connection remove [find]
# Remove connections to a specific host
/ip firewall connection remove [find dst-address~"203.0.113.50"]
/ip firewall service-port print
# Enable (default)
/ip firewall service-port set ftp disabled=no
# Disable if not needed (reduces attack surface)
/ip firewall service-port set ftp disabled=yes
/ip firewall service-port set ftp ports=21,2121
/ip firewall service-port set sip disabled=no
# SIP typically runs on UDP 5060 and TLS 5061
/ip firewall service-port set sip ports=5060,5061
/ip firewall service-port set h323 disabled=no
/ip firewall service-port set pptp disabled=no
/ip firewall service-port set tftp disabled=no
/ip firewall service-port set irc disabled=no
# View all helpers and their state
/ip firewall service-port print
# Disable all helpers not in use
/ip firewall service-port set h323 disabled=yes
/ip firewall service-port set irc disabled=yes
/ip firewall service-port set pptp disabled=yes
# Place before regular filter rules in the forward chain
/ip firewall filter add chain=forward connection-state=established,related \
action=fasttrack-connection hw-offload=yes comment="FastTrack established/related"
# Software fallback for packets that miss FastTrack
/ip firewall filter add chain=forward connection-state=established,related \
action=accept comment="Accept established/related"
/ip firewall filter
add chain=input connection-state=invalid action=drop \
comment="Drop invalid input"
add chain=input connection-state=established,related action=accept \
comment="Accept established/related input"
add chain=input protocol=icmp action=accept \
comment="Accept ICMP"
add chain=input protocol=tcp dst-port=22 in-interface-list=LAN action=accept \
comment="SSH from LAN"
add chain=input protocol=tcp dst-port=8291 in-interface-list=LAN action=accept \
comment="Winbox from LAN"
add chain=input in-interface-list=WAN action=drop \
comment="Drop all other WAN input"
/ip firewall filter
add chain=forward connection-state=established,related \
action=fasttrack-connection hw-offload=yes comment="FastTrack established/related"
add chain=forward connection-state=established,related action=accept \
comment="Accept established/related forward"
add chain=forward connection-state=invalid action=drop \
comment="Drop invalid forward"
add chain=forward in-interface-list=LAN out-interface-list=WAN \
connection-state=new action=accept comment="LAN to WAN new"
add chain=forward action=drop \
comment="Drop all other forward"
/ip firewall connection tracking set enabled=no
/ip firewall connection print count-only
/ip firewall filter print stats
/ip firewall service-port print
# Find a connection by source address
/ip firewall connection print where src-address~"203.0.113.42"
# Find established TCP connections
/ip firewall connection print where protocol=tcp state=established
