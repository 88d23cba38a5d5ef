// SPDX-License-Identifier: Apache-2.0
#include "control/config/tcp_flags.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tg {
namespace {

// By bit.
constexpr std::array<std::string_view, 8> names{"fin", "syn", "rst", "psh",
                                                "ack", "urg", "ece", "cwr"};
constexpr std::string_view not_that = "!,";

std::optional<TcpFlags> find_flags(std::string_view text)
{
    TcpFlags flags;
    if (text.starts_with(not_that)) {
        flags.negated = true;
        text.remove_prefix(not_that.size());
    }
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        std::string_view word = text.substr(start, end - start);
        std::uint8_t &mask = word.starts_with('!') ? flags.clear : flags.set;
        word.remove_prefix(word.starts_with('!') ? 1 : 0);
        const auto *const name = std::ranges::find(names, word);
        if (name == names.end()) {
            return std::nullopt;
        }
        mask |= static_cast<std::uint8_t>(1u << (name - names.begin()));
        start = end + 1;
    }
    return (flags.set & flags.clear) != 0 ? std::nullopt : std::optional(flags);
}

// Each flag once, in the header's order.
std::string canonical(const TcpFlags &flags)
{
    std::string text(flags.negated ? not_that : "");
    std::string_view separator;
    for (std::size_t i = 0; i < names.size(); i++) {
        const bool clear = (flags.clear >> i & 1) != 0;
        if (clear || (flags.set >> i & 1) != 0) {
            text += fmt::format("{}{}{}", separator, clear ? "!" : "", names[i]);
            separator = ",";
        }
    }
    return text;
}

} // namespace

Result<ValueData> parse_tcp_flags(std::string_view text, const Property & /*property*/,
                                  Family /*family*/)
{
    const std::optional<TcpFlags> flags = find_flags(text);
    if (!flags) {
        return fail(
            fmt::format("expected a list of {}, those that are not set with \"!\", and none "
                        "both ways",
                        fmt::join(names, ", ")));
    }
    return canonical(*flags);
}

TcpFlags tcp_flags(std::string_view text)
{
    return find_flags(text).value_or(TcpFlags{});
}

} // namespace tg
