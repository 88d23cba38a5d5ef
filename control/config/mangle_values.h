// SPDX-License-Identifier: Apache-2.0
// The values of mangle's own properties: their text and what it comes to in the datapath. A value
// that its parser takes has a number; 0 stands for the others.
#pragma once

#include "control/config/property.h"

namespace tg {

// new-mss: clamp-to-pmtu, or a number of bytes.
Result<ValueData> parse_new_mss(std::string_view text, const Property &, Family);
std::uint32_t new_mss(std::string_view text);

// new-dscp: 0..63, from-priority, from-priority-to-high-3-bits.
Result<ValueData> parse_new_dscp(std::string_view text, const Property &, Family);
std::uint32_t new_dscp(std::string_view text);

// new-priority: 0..63, from-dscp, from-dscp-high-3-bits, from-ingress.
Result<ValueData> parse_new_priority(std::string_view text, const Property &, Family);
std::uint32_t new_priority(std::string_view text);

// new-ttl and new-hop-limit: set:N, increment:N, decrement:N.
Result<ValueData> parse_new_ttl(std::string_view text, const Property &, Family);
std::uint32_t new_ttl(std::string_view text);

// ttl and hop-limit: equal:N, not-equal:N, less-than:N, greater-than:N.
Result<ValueData> parse_ttl(std::string_view text, const Property &, Family);
struct TtlRange {
    std::uint8_t low = 0; // both ends included
    std::uint8_t high = 0;
    bool negated = false;
};
// nullopt: no packet has such a one.
std::optional<TtlRange> ttl_range(std::string_view text);

// per-connection-classifier: FIELDS:CLASSES/CLASS.
Result<ValueData> parse_classifier(std::string_view text, const Property &, Family);
struct Classifier {
    std::uint8_t fields = 0; // TG_CLASSIFIER_*
    std::uint16_t classes = 1;
    std::uint16_t which = 0;
};
Classifier classifier(std::string_view text);

} // namespace tg
