// SPDX-License-Identifier: Apache-2.0
// Text to configuration to image, for tests of the compiler.
#pragma once

#include <string_view>

#include <gtest/gtest.h>

#include "control/compile/compile.h"
#include "control/config/execute.h"

namespace tg::test {

// eth0 … eth9 are 10 … 19.
inline Environment ten_interfaces()
{
    Environment environment;
    for (std::uint32_t i = 0; i < 10; i++) {
        environment.interfaces["eth" + std::to_string(i)] = 10 + i;
    }
    environment.tables["isp1"] = 101;
    return environment;
}

// What does not exist is kept, as in a saved configuration.
inline Config configure(std::string_view script)
{
    Session session;
    const Result<Config> config =
        apply_script(script, "test.rsc", {}, ten_interfaces(), session, Strictness::saved);
    EXPECT_TRUE(config.has_value()) << (config ? "" : to_string(config.error()));
    return config.value_or(Config{});
}

inline Image build(const Config &config, std::uint64_t revision = 1)
{
    const Result<Image> image = compile(config, ten_interfaces(), revision);
    EXPECT_TRUE(image.has_value()) << (image ? "" : to_string(image.error()));
    return image.value_or(Image{std::vector<tg_bank_element>(TG_BANK_FIRST)});
}

inline Image build(std::string_view script)
{
    return build(configure(script));
}

inline const tg_bank_header &header_of(const Image &image)
{
    return image.elements[TG_BANK_HEADER].header;
}

// The rules of one chain, in order.
inline std::vector<tg_rule> rules_of(const Image &image, tg_family family, tg_chain_number number)
{
    const tg_chain &chain = image.elements[TG_BANK_CHAINS].chains.chains[family][number];
    std::vector<tg_rule> rules;
    for (std::uint32_t i = 0; i < chain.count; i++) {
        rules.push_back(image.elements.at(chain.first + i).rule);
    }
    return rules;
}

// The lists of an interface as the datapath finds them.
inline std::uint64_t lists_of(const Image &image, std::uint32_t ifindex)
{
    const tg_bank_header &header = header_of(image);
    const auto &bucket =
        image.elements.at(header.device_first + (ifindex & header.device_mask)).devices;
    for (const tg_device_lists &slot : bucket.slots) {
        if (slot.ifindex == ifindex) {
            return slot.lists;
        }
    }
    return 0;
}

} // namespace tg::test
