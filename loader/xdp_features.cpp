// SPDX-License-Identifier: Apache-2.0
#include "loader/xdp_features.h"

#include <memory>

#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

namespace tg::loader {
namespace {

// Of linux/netdev.h, which is newer than Debian 12's kernel headers.
constexpr const char *family_name = "netdev";
constexpr std::uint8_t command_dev_get = 1;
constexpr int attribute_ifindex = 1;
constexpr int attribute_xdp_features = 3;
constexpr std::uint64_t feature_xmit_many_buffers = 64; // NETDEV_XDP_ACT_NDO_XMIT_SG

struct SocketCloser {
    void operator()(nl_sock *socket) const
    {
        nl_socket_free(socket);
    }
};
using Socket = std::unique_ptr<nl_sock, SocketCloser>;

struct MessageFreer {
    void operator()(nl_msg *message) const
    {
        nlmsg_free(message);
    }
};
using Message = std::unique_ptr<nl_msg, MessageFreer>;

Message request(int family, std::uint8_t command)
{
    Message message(nlmsg_alloc_simple(family, NLM_F_REQUEST));
    genlmsghdr header = {.cmd = command, .version = 1, .reserved = 0};
    if (message != nullptr &&
        nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO) != 0) {
        message.reset();
    }
    return message;
}

// The attribute of the one answer, as a number of at most 8 bytes.
struct Answer {
    int attribute = 0;
    std::optional<std::uint64_t> value;
};

int read_answer(nl_msg *message, void *argument)
{
    auto &answer = *static_cast<Answer *>(argument);
    nlattr *found = nlmsg_find_attr(nlmsg_hdr(message), GENL_HDRLEN, answer.attribute);
    if (found != nullptr) {
        answer.value = nla_len(found) == sizeof(std::uint16_t)   ? nla_get_u16(found)
                       : nla_len(found) == sizeof(std::uint64_t) ? std::optional(nla_get_u64(found))
                                                                 : std::nullopt;
    }
    return NL_OK;
}

std::optional<std::uint64_t> ask(nl_sock *socket, nl_msg *message, int attribute)
{
    Answer answer = {.attribute = attribute};
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, read_answer, &answer);
    if (nl_send_auto(socket, message) < 0 || nl_recvmsgs_default(socket) < 0 ||
        nl_wait_for_ack(socket) < 0) {
        return std::nullopt;
    }
    return answer.value;
}

std::optional<std::uint64_t> family_number(nl_sock *socket)
{
    const Message message = request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    if (message == nullptr ||
        nla_put_string(message.get(), CTRL_ATTR_FAMILY_NAME, family_name) != 0) {
        return std::nullopt;
    }
    return ask(socket, message.get(), CTRL_ATTR_FAMILY_ID);
}

} // namespace

std::optional<std::uint64_t> xdp_features(std::uint32_t ifindex)
{
    const Socket socket(nl_socket_alloc());
    if (socket == nullptr || nl_connect(socket.get(), NETLINK_GENERIC) != 0) {
        return std::nullopt;
    }
    const std::optional<std::uint64_t> family = family_number(socket.get());
    if (!family) {
        return std::nullopt;
    }
    const Message message = request(static_cast<int>(*family), command_dev_get);
    if (message == nullptr || nla_put_u32(message.get(), attribute_ifindex, ifindex) != 0) {
        return std::nullopt;
    }
    return ask(socket.get(), message.get(), attribute_xdp_features);
}

bool takes_many_buffers(std::uint32_t ifindex)
{
    return (xdp_features(ifindex).value_or(0) & feature_xmit_many_buffers) != 0;
}

} // namespace tg::loader
