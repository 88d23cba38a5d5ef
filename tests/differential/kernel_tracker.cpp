// SPDX-License-Identifier: Apache-2.0
// The kernel's tracker: a namespace that forwards between two tun devices. A packet that is written
// to one of them has been through the whole stack when write returns, and can be read from the
// other one with what it was to the tracker in its DSCP. Timeouts are so long that none matters.
#include "tests/differential/tracker.h"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "control/base/fd.h"
#include "tests/differential/attributes.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

[[noreturn]] void fail_with(const std::string &what)
{
    throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

// As `ip` and `nft` read them. A packet's DSCP is the number of its connection-state plus one; the
// namespace itself says nothing.
constexpr std::string_view links = R"(link set lo up
address add 10.1.0.1/24 dev lan
address add 2001:db8:1::1/64 dev lan nodad
address add 10.2.0.1/24 dev wan
address add 2001:db8:2::1/64 dev wan nodad
link set lan addrgenmode none up
link set wan addrgenmode none up
route add 192.168.88.0/24 via 10.1.0.2
route add 2001:db8:88::/64 via 2001:db8:1::2
route add default via 10.2.0.2
route add ::/0 via 2001:db8:2::2
)";

std::string rules()
{
    std::string text;
    for (const std::string_view family : {"ip", "ip6"}) {
        text += fmt::format("table {} judged {{\n"
                            " chain own {{\n  type filter hook output priority 0; policy drop;\n"
                            " }}\n chain every {{\n"
                            "  type filter hook prerouting priority mangle;\n",
                            family);
        constexpr std::string_view states[] = {
#define TG_X(name, text) text,
            TG_CONNECTION_STATES(TG_X)
#undef TG_X
        };
        for (std::size_t i = 0; i < std::size(states); i++) {
            text += fmt::format("  ct state {} {} dscp set {} accept\n", states[i], family, i + 1);
        }
        text += " }\n}\n";
    }
    return text;
}

void feed(const char *command, std::string_view text)
{
    FILE *pipe = popen(command, "w");
    if (pipe == nullptr) {
        fail_with(command);
    }
    std::fwrite(text.data(), 1, text.size(), pipe);
    if (pclose(pipe) != 0) {
        throw std::runtime_error(std::string(command) + " failed");
    }
}

void write_setting(const std::string &name, std::string_view value)
{
    const std::string path = "/proc/sys/net/" + name;
    std::ofstream file(path);
    file << value;
    if (!file.flush()) {
        throw std::runtime_error("cannot write " + path);
    }
}

void write_settings()
{
    for (const char *name :
         {"ipv4/ip_forward", "ipv6/conf/all/forwarding", "netfilter/nf_conntrack_checksum"}) {
        write_setting(name, "1");
    }
    for (const char *name :
         {"ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter",
          "netfilter/nf_conntrack_log_invalid", "netfilter/nf_conntrack_tcp_ignore_invalid_rst"}) {
        write_setting(name, "0");
    }
    for (const char *name : {"generic_timeout",
                             "gre_timeout",
                             "gre_timeout_stream",
                             "icmp_timeout",
                             "icmpv6_timeout",
                             "sctp_timeout_closed",
                             "sctp_timeout_cookie_echoed",
                             "sctp_timeout_cookie_wait",
                             "sctp_timeout_established",
                             "sctp_timeout_heartbeat_sent",
                             "sctp_timeout_shutdown_ack_sent",
                             "sctp_timeout_shutdown_recd",
                             "sctp_timeout_shutdown_sent",
                             "tcp_timeout_close",
                             "tcp_timeout_close_wait",
                             "tcp_timeout_established",
                             "tcp_timeout_fin_wait",
                             "tcp_timeout_last_ack",
                             "tcp_timeout_max_retrans",
                             "tcp_timeout_syn_recv",
                             "tcp_timeout_syn_sent",
                             "tcp_timeout_time_wait",
                             "tcp_timeout_unacknowledged",
                             "udp_timeout",
                             "udp_timeout_stream"}) {
        write_setting(fmt::format("netfilter/nf_conntrack_{}", name), "100000");
    }
}

Fd open_tun(std::string_view name)
{
    Fd tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (!tun || ioctl(tun.get(), TUNSETIFF, &request) != 0) {
        fail_with("cannot make a tun device");
    }
    return tun;
}

// Where the connection stands, out of the attributes of a ctnetlink message about it.
Standing standing(std::span<const std::uint8_t> attributes, const tg_tuple &tuple)
{
    Standing result;
    const auto info = find_attribute(find_attribute(attributes, CTA_PROTOINFO), CTA_PROTOINFO_TCP);
    const auto state = find_attribute(info, CTA_PROTOINFO_TCP_STATE);
    const auto original = find_attribute(attributes, CTA_TUPLE_ORIG);
    const auto port = find_attribute(find_attribute(original, CTA_TUPLE_PROTO), CTA_PROTO_SRC_PORT);
    if (state.size() != 1 || port.size() != 2) {
        throw std::runtime_error("ctnetlink answers with something else than a TCP connection");
    }
    static_assert(TCP_CONNTRACK_SYN_SENT2 == int{TG_TCP_STATE_SYN_SENT2}, "its numbers are ours");
    result.state = state[0];
    result.reverse = std::memcmp(port.data(), &tuple.src_port, sizeof tuple.src_port) != 0;
    return result;
}

class NfConntrack final : public Tracker {
public:
    NfConntrack()
    {
        const Fd home(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
        if (!home || unshare(CLONE_NEWNET) != 0) {
            fail_with("cannot make a network namespace");
        }
        lan_ = open_tun("lan");
        wan_ = open_tun("wan");
        write_settings();
        feed("nft -f -", rules());
        feed("ip -batch -", links);
        loose_ = open_setting("tcp_loose");
        liberal_ = open_setting("tcp_be_liberal");
        checksum_ = open_setting("checksum");
        netlink_.reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
        sockaddr_nl address{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
        if (!netlink_ ||
            bind(netlink_.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 ||
            setns(home.get(), CLONE_NEWNET) != 0) {
            fail_with("cannot set up the kernel's connection tracker");
        }
    }

    void start(const TrackerSettings &settings) override
    {
        write_number(loose_, settings.loose);
        write_number(liberal_, settings.liberal);
        write_number(checksum_, settings.checksum);
        Message flush(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC);
        if (ask(flush) != 0) {
            throw std::runtime_error("cannot flush the kernel's connections");
        }
    }

    Answer track(const PacketStep &packet, const tg_tuple &tuple) override
    {
        const bool from_lan = packet.hook.ifindex == find_interface("lan")->ifindex;
        const std::span<const std::uint8_t> bytes(packet.frame.bytes);
        Answer answer;
        answer.packet =
            forward(from_lan ? lan_ : wan_, from_lan ? wan_ : lan_, bytes.subspan(ETH_HLEN));
        answer.connection = find(tuple);
        return answer;
    }

private:
    static Fd open_setting(std::string_view name)
    {
        Fd file(open(fmt::format("/proc/sys/net/netfilter/nf_conntrack_{}", name).c_str(),
                     O_WRONLY | O_CLOEXEC));
        if (!file) {
            fail_with("cannot open a setting");
        }
        return file;
    }

    static void write_number(const Fd &file, bool value)
    {
        if (pwrite(file.get(), value ? "1" : "0", 1, 0) != 1) {
            fail_with("cannot write a setting");
        }
    }

    static std::optional<std::uint8_t> forward(const Fd &in, const Fd &out,
                                               std::span<const std::uint8_t> packet)
    {
        std::array<std::uint8_t, 0x10000> buffer{};
        if (write(in.get(), packet.data(), packet.size()) != static_cast<ssize_t>(packet.size())) {
            fail_with("cannot write to a tun device");
        }
        const ssize_t size = read(out.get(), buffer.data(), buffer.size());
        if (size <= 0) {
            return std::nullopt;
        }
        const unsigned traffic_class =
            buffer[0] >> 4 == 4 ? buffer[1] : (buffer[0] & 0xfu) << 4 | buffer[1] >> 4;
        const unsigned state = traffic_class >> 2;
        if (state == 0 || state > TG_CONNECTION_STATE_COUNT) {
            throw std::runtime_error("a packet has come out that was not judged");
        }
        return static_cast<std::uint8_t>(state - 1);
    }

    std::optional<Standing> find(const tg_tuple &tuple)
    {
        const bool ipv4 = tuple.family == TG_FAMILY_IPV4;
        Message get(IPCTNL_MSG_CT_GET, 0, ipv4 ? AF_INET : AF_INET6);
        const std::size_t outer = get.open(CTA_TUPLE_ORIG);
        const std::size_t ip = get.open(CTA_TUPLE_IP);
        const std::size_t skip = ipv4 ? 12 : 0;
        get.add(ipv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, std::span(tuple.src.bytes).subspan(skip));
        get.add(ipv4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, std::span(tuple.dst.bytes).subspan(skip));
        get.close(ip);
        const std::size_t proto = get.open(CTA_TUPLE_PROTO);
        get.add(CTA_PROTO_NUM, bytes_of(tuple.protocol));
        get.add(CTA_PROTO_SRC_PORT, bytes_of(tuple.src_port));
        get.add(CTA_PROTO_DST_PORT, bytes_of(tuple.dst_port));
        get.close(proto);
        get.close(outer);
        const int error = ask(get);
        if (error == -ENOENT) {
            return std::nullopt;
        }
        if (error != 0) {
            throw std::runtime_error(fmt::format("ctnetlink: {}", std::strerror(-error)));
        }
        return standing(answer_, tuple);
    }

    // Sends the message; 0 with answer_ filled, or a negative errno.
    int ask(Message &message)
    {
        const Bytes &request = message.finish(++sequence_);
        if (send(netlink_.get(), request.data(), request.size(), 0) < 0) {
            fail_with("cannot ask ctnetlink");
        }
        alignas(nlmsghdr) std::array<std::uint8_t, 8192> buffer{};
        const ssize_t size = recv(netlink_.get(), buffer.data(), buffer.size(), 0);
        const auto *header = reinterpret_cast<const nlmsghdr *>(buffer.data());
        if (size < NLMSG_HDRLEN || header->nlmsg_seq != sequence_) {
            fail_with("ctnetlink does not answer");
        }
        if (header->nlmsg_type == NLMSG_ERROR) {
            return static_cast<const nlmsgerr *>(NLMSG_DATA(header))->error;
        }
        answer_.assign(buffer.data() + NLMSG_LENGTH(sizeof(nfgenmsg)),
                       buffer.data() + header->nlmsg_len);
        return 0;
    }

    Fd lan_, wan_, netlink_, loose_, liberal_, checksum_;
    std::uint32_t sequence_ = 0;
    Bytes answer_; // the attributes of the last one
};

} // namespace

std::unique_ptr<Tracker> make_nf_conntrack()
{
    return std::make_unique<NfConntrack>();
}

} // namespace tg::test
