// SPDX-License-Identifier: Apache-2.0
#include "loader/features.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "control/base/fd.h"
#include "loader/system.h"

namespace tg::loader {
namespace {

constexpr std::array<std::string_view, 2> stripping = {"rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"};

// One of ethtool's requests: a structure with as many elements behind it as it says.
template <class Head, class Element> class Request {
public:
    Request(std::uint32_t command, std::size_t elements)
        : words_((sizeof(Head) + elements * sizeof(Element) + 3) / 4)
    {
        head()->cmd = command;
    }
    Head *head()
    {
        return reinterpret_cast<Head *>(words_.data());
    }
    Element *elements()
    {
        return reinterpret_cast<Element *>(reinterpret_cast<char *>(words_.data()) + sizeof(Head));
    }

private:
    std::vector<std::uint32_t> words_;
};

class Driver {
public:
    explicit Driver(const std::string &interface)
        : interface_(interface), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        read_names();
    }

    struct State {
        bool on = false;
        bool changeable = false;
    };
    State state(std::string_view name)
    {
        const std::size_t bit = find(name), blocks = (names_.size() + 31) / 32;
        Request<ethtool_gfeatures, ethtool_get_features_block> all(ETHTOOL_GFEATURES, blocks);
        all.head()->size = static_cast<std::uint32_t>(blocks);
        if (bit == names_.size() || ask(all.head()) < 0) {
            return {};
        }
        const ethtool_get_features_block &block = all.elements()[bit / 32];
        return {.on = (block.active >> bit % 32 & 1) != 0,
                .changeable = (block.available >> bit % 32 & 1) != 0};
    }

    // -errno, or not negative: asked for.
    int set(const std::vector<std::string> &names, bool on)
    {
        const std::size_t blocks = (names_.size() + 31) / 32;
        Request<ethtool_sfeatures, ethtool_set_features_block> change(ETHTOOL_SFEATURES, blocks);
        change.head()->size = static_cast<std::uint32_t>(blocks);
        for (const std::string &name : names) {
            const std::size_t bit = find(name);
            if (bit == names_.size()) {
                return -EOPNOTSUPP;
            }
            change.elements()[bit / 32].valid |= 1u << bit % 32;
            change.elements()[bit / 32].requested |= on ? 1u << bit % 32 : 0;
        }
        return ask(change.head());
    }

private:
    int ask(void *request)
    {
        struct ifreq wrapped = {};
        interface_.copy(wrapped.ifr_name, IFNAMSIZ - 1);
        wrapped.ifr_data = static_cast<char *>(request);
        const int answer = ::ioctl(socket_.get(), SIOCETHTOOL, &wrapped);
        return answer < 0 ? -errno : answer;
    }

    [[nodiscard]] std::size_t find(std::string_view name) const
    {
        return static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
    }

    // The kernel numbers features as it likes.
    void read_names()
    {
        Request<ethtool_sset_info, std::uint32_t> sets(ETHTOOL_GSSET_INFO, 1);
        sets.head()->sset_mask = 1ull << ETH_SS_FEATURES;
        if (!socket_ || ask(sets.head()) < 0 || sets.head()->sset_mask == 0) {
            return;
        }
        const std::size_t count = sets.elements()[0];
        using Name = std::array<char, ETH_GSTRING_LEN>;
        Request<ethtool_gstrings, Name> strings(ETHTOOL_GSTRINGS, count);
        strings.head()->string_set = ETH_SS_FEATURES;
        strings.head()->len = static_cast<std::uint32_t>(count);
        if (ask(strings.head()) < 0) {
            return;
        }
        for (std::size_t i = 0; i < count; i++) {
            const Name &name = strings.elements()[i];
            names_.emplace_back(name.data(), ::strnlen(name.data(), name.size()));
        }
    }

    std::string interface_;
    Fd socket_;
    std::vector<std::string> names_; // by the number of their bit
};

} // namespace

std::vector<Feature> tag_stripping(const std::string &interface)
{
    Driver driver(interface);
    std::vector<Feature> found;
    for (const std::string_view name : stripping) {
        if (const Driver::State state = driver.state(name); state.on) {
            found.push_back({.name = std::string(name), .changeable = state.changeable});
        }
    }
    return found;
}

Result<void> switch_features(const std::string &interface, const std::vector<std::string> &names,
                             bool on)
{
    if (names.empty()) {
        return {};
    }
    Driver driver(interface);
    const std::string what =
        fmt::format("switch {} of {} {}", fmt::join(names, ", "), interface, on ? "on" : "off");
    if (const int answer = driver.set(names, on); answer < 0) {
        return failed(what, -answer);
    }
    for (const std::string &name : names) {
        if (driver.state(name).on != on) {
            return fail(fmt::format("cannot {}: the driver does not do it", what));
        }
    }
    return {};
}

} // namespace tg::loader
