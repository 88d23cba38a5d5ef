// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/random.h"

#include <algorithm>
#include <array>

namespace tg::test {
namespace {

constexpr std::size_t ethernet = 14;
constexpr std::size_t longest = 1600;

// A place behind the Ethernet header, near it more often than not.
std::size_t place(const Bytes &frame, Random &random)
{
    constexpr std::size_t headers = 80;
    const std::size_t bytes = frame.size() - ethernet;
    return ethernet + random.below(random.percent(80) ? std::min(headers, bytes) : bytes);
}

void change_byte(Bytes &frame, Random &random)
{
    constexpr std::array<std::uint8_t, 9> edges = {0, 1, 6, 17, 44, 0x45, 0x7f, 0x80, 0xff};
    std::uint8_t &byte = frame[place(frame, random)];
    if (random.percent(40)) {
        byte = static_cast<std::uint8_t>(byte ^ 1u << random.below(8));
    } else {
        byte =
            random.percent(60) ? random.pick(edges) : static_cast<std::uint8_t>(random.below(256));
    }
}

void change_length(Bytes &frame, Random &random)
{
    const auto at = frame.begin() + static_cast<std::ptrdiff_t>(place(frame, random));
    const auto count = std::min<std::ptrdiff_t>(1 + random.below(16), frame.end() - at);
    switch (random.below(3)) {
    case 0:
        frame.erase(at, at + count);
        break;
    case 1:
        frame.erase(at, frame.end());
        break;
    default: {
        const Bytes again(at, at + count);
        frame.insert(at, again.begin(), again.end());
    }
    }
}

} // namespace

Bytes mutate(Bytes frame, Random &random)
{
    for (std::uint32_t changes = 1 + random.below(4); changes > 0; changes--) {
        if (frame.size() <= ethernet || frame.size() > longest) {
            break;
        }
        if (random.percent(80)) {
            change_byte(frame, random);
        } else {
            change_length(frame, random);
        }
    }
    return frame;
}

} // namespace tg::test
