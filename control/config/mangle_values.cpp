// SPDX-License-Identifier: Apache-2.0
#include "control/config/mangle_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "tidegate/rule.h"

namespace tg {
namespace {

std::optional<std::uint32_t> number_in(std::string_view text, std::uint32_t low, std::uint32_t high)
{
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size() &&
                       (text.size() == 1 || text[0] != '0');
    return whole && low <= number && number <= high ? std::optional{number} : std::nullopt;
}

struct Word {
    std::string_view text;
    std::uint32_t value;
};

template <std::size_t size>
std::optional<std::uint32_t> word_in(const std::array<Word, size> &words, std::string_view text)
{
    const auto *const found = std::ranges::find(words, text, &Word::text);
    return found == words.end() ? std::nullopt : std::optional{found->value};
}

// WORD:NUMBER.
template <std::size_t size>
std::optional<std::pair<std::uint32_t, std::uint32_t>>
pair_in(const std::array<Word, size> &words, std::string_view text, std::uint32_t low)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const auto word = word_in(words, text.substr(0, colon));
    const auto number = number_in(text.substr(colon + 1), low, 255);
    return word && number ? std::optional{std::pair{*word, *number}} : std::nullopt;
}

constexpr std::uint32_t low_mss = 40, high_mss = 65534, high_bits = 63;

constexpr std::array mss_words{Word{"clamp-to-pmtu", TG_MSS_OF_PATH}};
constexpr std::array dscp_words{
    Word{"from-priority", TG_VALUE_FROM_OTHER},
    Word{"from-priority-to-high-3-bits", TG_VALUE_FROM_HIGH},
};
constexpr std::array priority_words{
    Word{"from-dscp", TG_VALUE_FROM_OTHER},
    Word{"from-dscp-high-3-bits", TG_VALUE_FROM_HIGH},
    Word{"from-ingress", TG_VALUE_FROM_INGRESS},
};
constexpr std::array ttl_changes{
    Word{"set", TG_TTL_SET},
    Word{"increment", TG_TTL_INCREMENT},
    Word{"decrement", TG_TTL_DECREMENT},
};
enum class Compare : std::uint8_t { equal, not_equal, less, greater };
constexpr std::array ttl_comparisons{
    Word{"equal", static_cast<std::uint32_t>(Compare::equal)},
    Word{"not-equal", static_cast<std::uint32_t>(Compare::not_equal)},
    Word{"less-than", static_cast<std::uint32_t>(Compare::less)},
    Word{"greater-than", static_cast<std::uint32_t>(Compare::greater)},
};
constexpr std::uint32_t both_addresses = TG_CLASSIFIER_SRC_ADDRESS | TG_CLASSIFIER_DST_ADDRESS;
constexpr std::uint32_t both_ports = TG_CLASSIFIER_SRC_PORT | TG_CLASSIFIER_DST_PORT;
constexpr std::array classifier_fields{
    Word{"src-address", TG_CLASSIFIER_SRC_ADDRESS},
    Word{"dst-address", TG_CLASSIFIER_DST_ADDRESS},
    Word{"both-addresses", both_addresses},
    Word{"src-port", TG_CLASSIFIER_SRC_PORT},
    Word{"dst-port", TG_CLASSIFIER_DST_PORT},
    Word{"both-ports", both_ports},
    Word{"src-address-and-port", TG_CLASSIFIER_SRC_ADDRESS | TG_CLASSIFIER_SRC_PORT},
    Word{"dst-address-and-port", TG_CLASSIFIER_DST_ADDRESS | TG_CLASSIFIER_DST_PORT},
    Word{"both-addresses-and-ports", both_addresses | both_ports},
};

template <std::size_t size>
std::optional<std::uint32_t> number_or_word(const std::array<Word, size> &words,
                                            std::string_view text, std::uint32_t low,
                                            std::uint32_t high)
{
    const auto number = number_in(text, low, high);
    return number ? number : word_in(words, text);
}

std::optional<std::uint32_t> find_mss(std::string_view text)
{
    return number_or_word(mss_words, text, low_mss, high_mss);
}

std::optional<std::uint32_t> find_dscp(std::string_view text)
{
    return number_or_word(dscp_words, text, 0, high_bits);
}

std::optional<std::uint32_t> find_priority(std::string_view text)
{
    return number_or_word(priority_words, text, 0, high_bits);
}

std::optional<Classifier> find_classifier(std::string_view text)
{
    constexpr std::uint32_t most = 0xffff;
    const std::size_t colon = text.find(':'), slash = text.find('/');
    if (colon == std::string_view::npos || slash == std::string_view::npos || slash < colon) {
        return std::nullopt;
    }
    const auto fields = word_in(classifier_fields, text.substr(0, colon));
    const auto classes = number_in(text.substr(colon + 1, slash - colon - 1), 1, most);
    const auto which = classes ? number_in(text.substr(slash + 1), 0, *classes - 1) : classes;
    if (!fields || !which) {
        return std::nullopt;
    }
    return Classifier{static_cast<std::uint8_t>(*fields), static_cast<std::uint16_t>(*classes),
                      static_cast<std::uint16_t>(*which)};
}

Result<ValueData> text_if(bool known, std::string_view text, std::string_view expected)
{
    return known ? Result<ValueData>{std::string(text)} : fail("expected " + std::string(expected));
}

} // namespace

Result<ValueData> parse_new_mss(std::string_view text, const Property & /*property*/,
                                Family /*family*/)
{
    return text_if(find_mss(text).has_value(), text, "clamp-to-pmtu or a number 40..65534");
}

std::uint32_t new_mss(std::string_view text)
{
    return find_mss(text).value_or(0);
}

Result<ValueData> parse_new_dscp(std::string_view text, const Property & /*property*/,
                                 Family /*family*/)
{
    return text_if(find_dscp(text).has_value(), text,
                   "a number 0..63, from-priority or from-priority-to-high-3-bits");
}

std::uint32_t new_dscp(std::string_view text)
{
    return find_dscp(text).value_or(0);
}

Result<ValueData> parse_new_priority(std::string_view text, const Property & /*property*/,
                                     Family /*family*/)
{
    return text_if(find_priority(text).has_value(), text,
                   "a number 0..63, from-dscp, from-dscp-high-3-bits or from-ingress");
}

std::uint32_t new_priority(std::string_view text)
{
    return find_priority(text).value_or(0);
}

Result<ValueData> parse_new_ttl(std::string_view text, const Property & /*property*/,
                                Family /*family*/)
{
    return text_if(pair_in(ttl_changes, text, 1).has_value(), text,
                   "set:N, increment:N or decrement:N with N 1..255");
}

std::uint32_t new_ttl(std::string_view text)
{
    const auto [how, by] = pair_in(ttl_changes, text, 1).value_or(std::pair{0u, 0u});
    return how | by;
}

Result<ValueData> parse_ttl(std::string_view text, const Property & /*property*/, Family /*family*/)
{
    return text_if(pair_in(ttl_comparisons, text, 0).has_value(), text,
                   "equal:N, not-equal:N, less-than:N or greater-than:N with N 0..255");
}

std::optional<TtlRange> ttl_range(std::string_view text)
{
    const auto [how, than] = pair_in(ttl_comparisons, text, 0).value_or(std::pair{0u, 0u});
    const auto number = static_cast<std::uint8_t>(than);
    switch (static_cast<Compare>(how)) {
    case Compare::less:
        return number == 0 ? std::nullopt
                           : std::optional{TtlRange{0, static_cast<std::uint8_t>(number - 1)}};
    case Compare::greater:
        return number == 255 ? std::nullopt
                             : std::optional{TtlRange{static_cast<std::uint8_t>(number + 1), 255}};
    case Compare::not_equal:
        return TtlRange{number, number, true};
    case Compare::equal:
        break;
    }
    return TtlRange{number, number};
}

Result<ValueData> parse_classifier(std::string_view text, const Property & /*property*/,
                                   Family /*family*/)
{
    return text_if(find_classifier(text).has_value(), text,
                   "FIELDS:CLASSES/CLASS such as both-addresses:2/0, CLASS below CLASSES");
}

Classifier classifier(std::string_view text)
{
    return find_classifier(text).value_or(Classifier{});
}

} // namespace tg
