// SPDX-License-Identifier: Apache-2.0
#include "control/base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "control/base/limits.h"

namespace tg {
namespace {

struct Unit {
    std::string_view name;
    Duration length;
};

// Largest first: the order in which they may follow each other.
constexpr std::array units{
    Unit{"w", std::chrono::weeks{1}},   Unit{"d", std::chrono::days{1}},
    Unit{"h", std::chrono::hours{1}},   Unit{"m", std::chrono::minutes{1}},
    Unit{"s", std::chrono::seconds{1}}, Unit{"ms", Duration{1}},
};

bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

// The digits at the front of `text`, taken off it. Nothing if there are none or too many.
std::optional<std::int64_t> take_number(std::string_view &text)
{
    constexpr std::size_t most_digits = 12; // a thousand years in milliseconds fit in 14
    std::size_t length = 0;
    std::int64_t number = 0;
    while (length < text.size() && is_digit(text[length])) {
        number = number * 10 + (text[length] - '0');
        if (++length > most_digits) {
            return std::nullopt;
        }
    }
    if (length == 0) {
        return std::nullopt;
    }
    text.remove_prefix(length);
    return number;
}

bool take(std::string_view &text, char expected)
{
    if (text.empty() || text.front() != expected) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

// ".2", ".25" or ".250" as milliseconds; zero if there is no point.
std::optional<Duration> take_fraction(std::string_view &text)
{
    if (!take(text, '.')) {
        return Duration{0};
    }
    std::int64_t scale = 1000;
    std::int64_t milliseconds = 0;
    while (!text.empty() && is_digit(text.front()) && scale > 1) {
        scale /= 10;
        milliseconds += (text.front() - '0') * scale;
        text.remove_prefix(1);
    }
    return scale == 1000 ? std::nullopt : std::optional{Duration{milliseconds}};
}

// What follows "HH" of "HH:MM:SS" with an optional fraction, to the end of the text.
std::optional<Duration> take_clock(std::int64_t hours, std::string_view text)
{
    if (!take(text, ':')) {
        return std::nullopt;
    }
    const auto minutes = take_number(text);
    if (!minutes || *minutes > 59 || !take(text, ':')) {
        return std::nullopt;
    }
    const auto seconds = take_number(text);
    if (!seconds || *seconds > 59) {
        return std::nullopt;
    }
    const auto fraction = take_fraction(text);
    if (!fraction || !text.empty()) {
        return std::nullopt;
    }
    return std::chrono::hours{hours} + std::chrono::minutes{*minutes} +
           std::chrono::seconds{*seconds} + *fraction;
}

// The unit at the front of `text` and its index. "m" is not read where "ms" stands.
std::optional<std::size_t> take_unit(std::string_view &text)
{
    std::size_t length = 0;
    while (length < text.size() && text[length] >= 'a' && text[length] <= 'z') {
        ++length;
    }
    for (std::size_t index = 0; index < units.size(); ++index) {
        if (text.substr(0, length) == units[index].name) {
            text.remove_prefix(length);
            return index;
        }
    }
    return std::nullopt;
}

std::optional<Duration> read_duration(std::string_view text)
{
    Duration sum{0};
    std::size_t next_unit = 0;
    const bool bare = text.find_first_not_of("0123456789.") == std::string_view::npos;
    do {
        const auto number = take_number(text);
        if (!number) {
            return std::nullopt;
        }
        if (bare) {
            const auto fraction = take_fraction(text);
            return fraction && text.empty()
                       ? std::optional{std::chrono::seconds{*number} + *fraction}
                       : std::nullopt;
        }
        if (!text.empty() && text.front() == ':') {
            const auto clock = next_unit <= 2 ? take_clock(*number, text) : std::nullopt;
            return clock ? std::optional{sum + *clock} : std::nullopt;
        }
        const auto unit = take_unit(text);
        if (!unit || *unit < next_unit) {
            return std::nullopt;
        }
        if (*number > limit_duration / units[*unit].length) {
            return Duration::max(); // the product could overflow; too long either way
        }
        sum += *number * units[*unit].length;
        next_unit = *unit + 1;
    } while (!text.empty());
    return sum;
}

} // namespace

Result<Duration> parse_duration(std::string_view text)
{
    const auto duration = read_duration(text);
    if (!duration) {
        return fail("expected a time such as 5m30s, 00:05:30 or 330 (seconds)");
    }
    if (*duration > limit_duration) {
        return fail(fmt::format("expected a time of at most {}", to_string(limit_duration)));
    }
    return *duration;
}

std::string to_string(Duration duration)
{
    if (duration <= Duration{0}) {
        return "0s"; // overdue things have no time left
    }
    std::string text;
    for (const Unit &unit : units) {
        if (const auto count = duration / unit.length; count > 0) {
            fmt::format_to(std::back_inserter(text), "{}{}", count, unit.name);
            duration -= count * unit.length;
        }
    }
    return text;
}

std::string group_thousands(std::uint64_t number)
{
    const std::string digits = fmt::format("{}", number);
    std::string text;
    for (std::size_t index = 0; index < digits.size(); ++index) {
        if (index > 0 && (digits.size() - index) % 3 == 0) {
            text += ' ';
        }
        text += digits[index];
    }
    return text;
}

std::string print_rate(std::uint64_t bits_per_second)
{
    struct Scale {
        std::uint64_t from;
        std::uint64_t factor;
        std::string_view name;
    };
    constexpr std::array scales{Scale{1'000'000'000, 1'000'000'000, "Gbps"},
                                Scale{1'000'000, 1'000'000, "Mbps"}, Scale{10'000, 1'000, "kbps"}};
    for (const Scale &scale : scales) {
        if (bits_per_second >= scale.from) {
            const std::uint64_t tenths = bits_per_second / (scale.factor / 10);
            return fmt::format("{}.{}{}", tenths / 10, tenths % 10, scale.name);
        }
    }
    return fmt::format("{}bps", bits_per_second);
}

std::string print_clock(Duration duration)
{
    using namespace std::chrono;
    duration = std::max(duration, Duration{0});
    const auto whole_days = floor<days>(duration);
    const auto time = hh_mm_ss(duration - whole_days);
    std::string text;
    if (const auto count = whole_days / weeks{1}; count > 0) {
        text += fmt::format("{}w", count);
    }
    if (const auto count = whole_days.count() % 7; count > 0) {
        text += fmt::format("{}d", count);
    }
    text += fmt::format("{:02}:{:02}:{:02}", time.hours().count(), time.minutes().count(),
                        time.seconds().count());
    if (const auto count = time.subseconds().count(); count > 0) {
        text += fmt::format(".{:03}", count);
    }
    return text;
}

} // namespace tg
