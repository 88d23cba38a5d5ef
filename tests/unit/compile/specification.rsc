# The specification's rule sets: interface lists, input, forward, raw, and a few rules of IPv6.
/interface list
add name=LAN
add name=WAN
/interface list member
add interface=eth1 list=LAN
add interface=eth0 list=WAN
/ip firewall connection tracking
set max-connections=500000 tcp-established-timeout=12h udp-timeout=10s udp-stream-timeout=30s
/ip firewall filter
add chain=input connection-state=invalid action=drop comment="Drop invalid input"
add chain=input connection-state=established,related action=accept
add chain=input protocol=icmp action=accept comment="Accept ICMP"
add chain=input protocol=tcp dst-port=22 in-interface-list=LAN action=accept
add chain=input protocol=tcp dst-port=8291 in-interface-list=LAN action=accept
add chain=input in-interface-list=WAN action=drop comment="Drop all other WAN input"
add chain=forward connection-state=established,related action=fasttrack-connection hw-offload=yes
add chain=forward connection-state=established,related action=accept
add chain=forward connection-state=invalid action=drop
add chain=forward in-interface-list=LAN out-interface-list=WAN connection-state=new action=accept
add chain=forward action=drop comment="Drop all other forward"
/ip firewall raw
add chain=prerouting src-address=10.0.0.0/8 dst-address=10.0.0.0/8 action=notrack
/ipv6 firewall filter
add chain=input src-address=2001:db8::/32 protocol=icmpv6
add chain=forward dst-address=!2001:db8::1 protocol=udp src-port=53,1000-2000 out-interface=eth0
