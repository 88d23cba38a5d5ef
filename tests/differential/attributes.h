// SPDX-License-Identifier: Apache-2.0
// Messages of nfnetlink: requests written, attributes of answers found.
#pragma once

#include <cstring>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <span>

#include "tests/harness/datapath.h"

namespace tg::test {

class Message {
public:
    // `type` is one of ctnetlink's.
    Message(int type, int flags, std::uint8_t family)
    {
        nlmsghdr header{};
        header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
        header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
        append(bytes_of(header));
        append(bytes_of(nfgenmsg{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0}));
    }

    void add(int type, std::span<const std::uint8_t> value)
    {
        nlattr attribute{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value.size()),
                         .nla_type = static_cast<std::uint16_t>(type)};
        append(bytes_of(attribute));
        append(value);
        bytes_.resize(NLA_ALIGN(bytes_.size()));
    }

    // Attributes added until close() are inside this one; close() wants what open() gave.
    std::size_t open(int type)
    {
        const std::size_t place = bytes_.size();
        add(type | NLA_F_NESTED, {});
        return place;
    }
    void close(std::size_t place)
    {
        const auto length = static_cast<std::uint16_t>(bytes_.size() - place);
        std::memcpy(bytes_.data() + place, &length, sizeof length);
    }

    const Bytes &finish(std::uint32_t sequence)
    {
        const auto length = static_cast<std::uint32_t>(bytes_.size());
        std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
        std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
        return bytes_;
    }

private:
    void append(std::span<const std::uint8_t> bytes)
    {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }

    Bytes bytes_;
};

// The value of the first attribute of this type; empty if there is none.
inline std::span<const std::uint8_t> find_attribute(std::span<const std::uint8_t> attributes,
                                                    int type)
{
    while (attributes.size() >= NLA_HDRLEN) {
        nlattr attribute{};
        std::memcpy(&attribute, attributes.data(), sizeof attribute);
        if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > attributes.size()) {
            break;
        }
        if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
            return attributes.subspan(NLA_HDRLEN, attribute.nla_len - NLA_HDRLEN);
        }
        const std::size_t step = NLA_ALIGN(attribute.nla_len);
        attributes = attributes.subspan(std::min(step, attributes.size()));
    }
    return {};
}

} // namespace tg::test
