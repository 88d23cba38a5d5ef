// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/packet.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <stdexcept>
#include <string>

namespace tg::test {
namespace {

// One header as written: its kind, the fields that were set, its options.
struct Layer {
    const LayerKind *kind = nullptr; // nullptr: bare bytes
    std::map<std::string_view, Bytes> set;
    Bytes options; // or the bytes
};

struct Text {
    std::vector<Layer> layers;
    std::size_t pad = 0;
    std::size_t cut = SIZE_MAX;
    std::uint32_t gso_size = 0;
};

std::string_view trim(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the text up to `separator` off the front.
std::string_view take(std::string_view &text, char separator)
{
    const std::size_t end = text.find(separator);
    const std::string_view first = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : trim(text.substr(end + 1));
    return first;
}

Result<Bytes> parse_options(const LayerKind &kind, std::string_view hex)
{
    auto bytes = parse_hex(hex);
    if (!bytes || kind.pad_options == 0) {
        return fail(std::string(kind.name) + " cannot have options=" + std::string(hex));
    }
    // An IPv6 extension header has room for six bytes before it grows.
    while (bytes->size() % kind.pad_options != 0) {
        bytes->push_back(0);
    }
    return std::move(*bytes);
}

Result<Layer> parse_layer(const LayerKind &kind, std::string_view fields)
{
    Layer layer{.kind = &kind, .set = {}, .options = {}};
    while (!fields.empty()) {
        std::string_view value = take(fields, ' ');
        const std::string_view name = take(value, '=');
        if (name == "options") {
            auto options = parse_options(kind, value);
            if (!options) {
                return std::unexpected(options.error());
            }
            layer.options = std::move(*options);
            continue;
        }
        const Field *field = find_field(kind, name);
        if (field == nullptr) {
            return fail(std::string(kind.name) + " has no field \"" + std::string(name) + "\"");
        }
        auto bytes = parse_field(*field, value);
        if (!bytes) {
            return std::unexpected(bytes.error());
        }
        layer.set[field->name] = std::move(*bytes);
    }
    return layer;
}

// Bytes that differ from each other, so that a shifted copy is seen.
Bytes pattern(std::size_t count)
{
    Bytes bytes(count);
    for (std::size_t i = 0; i < count; i++) {
        bytes[i] = static_cast<std::uint8_t>(i * 7 + 1);
    }
    return bytes;
}

Result<std::size_t> parse_count(std::string_view word, std::string_view text)
{
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count > 1'000'000) {
        return fail(std::string(word) + " takes a number of bytes, not \"" + std::string(text) +
                    "\"");
    }
    return count;
}

// The parts that are not headers: data, hex, pad, cut, gso.
Result<void> parse_part(std::string_view word, std::string_view argument, Text &text)
{
    if (word == "hex") {
        auto bytes = parse_hex(argument);
        if (!bytes) {
            return fail("hex takes an even number of digits, not \"" + std::string(argument) +
                        "\"");
        }
        text.layers.push_back({nullptr, {}, std::move(*bytes)});
        return {};
    }
    constexpr std::array words = {"data", "pad", "cut", "gso"};
    if (std::ranges::find(words, word) == words.end()) {
        return fail("no layer \"" + std::string(word) + "\"");
    }
    const auto count = parse_count(word, argument);
    if (!count) {
        return std::unexpected(count.error());
    }
    if (word == "data") {
        text.layers.push_back({nullptr, {}, pattern(*count)});
    } else if (word == "pad") {
        text.pad = *count;
    } else if (word == "cut") {
        text.cut = *count;
    } else {
        text.gso_size = static_cast<std::uint32_t>(*count);
    }
    return {};
}

Result<Text> parse_text(std::string_view line)
{
    Text text;
    while (!line.empty()) {
        std::string_view part = take(line, '|');
        const std::string_view word = take(part, ' ');
        if (const LayerKind *kind = find_layer(word)) {
            auto layer = parse_layer(*kind, part);
            if (!layer) {
                return std::unexpected(layer.error());
            }
            text.layers.push_back(std::move(*layer));
        } else if (auto parsed = parse_part(word, part, text); !parsed) {
            return std::unexpected(parsed.error());
        }
    }
    if (text.layers.empty() || text.layers[0].kind == nullptr ||
        text.layers[0].kind->name != "ethernet") {
        text.layers.insert(text.layers.begin(), {find_layer("ethernet"), {}, {}});
    }
    return text;
}

std::uint32_t sum_words(std::span<const std::uint8_t> bytes, std::uint32_t sum)
{
    for (std::size_t i = 0; i < bytes.size(); i++) {
        sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

std::uint16_t fold(std::uint32_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

// The sum over addresses, protocol and length (RFC 768, RFC 8200 §8.1).
std::uint32_t pseudo_header(const std::vector<Layer> &layers, std::size_t index, std::size_t length)
{
    std::uint32_t sum = static_cast<std::uint32_t>(layers[index].kind->number);
    sum += static_cast<std::uint32_t>(length >> 16) + static_cast<std::uint32_t>(length & 0xffff);
    while (index > 0) {
        const Layer &layer = layers[--index];
        if (layer.kind == nullptr || find_field(*layer.kind, "ttl") == nullptr) {
            continue;
        }
        for (const std::string_view name : {"src", "dst"}) {
            const auto address = layer.set.find(name);
            if (address != layer.set.end()) {
                sum = sum_words(address->second, sum);
            }
        }
        break;
    }
    return sum;
}

std::uint64_t layer_checksum(const std::vector<Layer> &layers, std::size_t index,
                             const Bytes &header, const Bytes &rest)
{
    const Checksum kind = layers[index].kind->checksum;
    Bytes covered = header;
    if (kind == Checksum::header) {
        return internet_checksum(covered);
    }
    covered.insert(covered.end(), rest.begin(), rest.end());
    if (kind == Checksum::crc32c) {
        return crc32c(covered);
    }
    const std::uint32_t start =
        kind == Checksum::pseudo ? pseudo_header(layers, index, covered.size()) : 0;
    const std::uint16_t sum = fold(sum_words(covered, start));
    // A UDP checksum of 0 means "none", so 0 is sent as its equal (RFC 768, RFC 3828).
    return sum == 0 && layers[index].kind->name.starts_with("udp") ? 0xffff : sum;
}

// What the layer at `index` says follows it.
std::uint64_t next_number(const std::vector<Layer> &layers, std::size_t index)
{
    constexpr std::uint64_t nothing = 59; // IPv6 "no next header", and free in IPv4
    const bool link = layers[index].kind->name == "ethernet" || layers[index].kind->name == "vlan";
    if (index + 1 >= layers.size() || layers[index + 1].kind == nullptr) {
        return link ? 0x88b5 : nothing; // the EtherType for experiments
    }
    const LayerKind &next = *layers[index + 1].kind;
    if (link || !next.network) {
        return next.number;
    }
    return next.name == "ipv4" ? 4 : 41; // IP in IP
}

std::uint64_t derived_value(const Field &field, const std::vector<Layer> &layers, std::size_t index,
                            const Bytes &header, const Bytes &rest)
{
    switch (field.derived) {
    case Derived::constant:
        return field.value;
    case Derived::next:
        return next_number(layers, index);
    case Derived::header_words:
        return header.size() / 4;
    case Derived::header_octets:
        return header.size() / 8 - 1;
    case Derived::header_auth:
        return header.size() / 4 - 2;
    case Derived::total:
        return header.size() + rest.size();
    case Derived::payload:
        return rest.size();
    case Derived::checksum:
        return 0; // last, when all other fields are there
    }
    return 0;
}

Bytes build_header(const std::vector<Layer> &layers, std::size_t index, const Bytes &rest)
{
    const Layer &layer = layers[index];
    if (layer.kind == nullptr) {
        return layer.options;
    }
    Bytes header(layer.kind->size);
    header.insert(header.end(), layer.options.begin(), layer.options.end());
    const Field *checksum = nullptr;
    for (const Field &field : layer.kind->fields) {
        const auto set = layer.set.find(field.name);
        if (set != layer.set.end()) {
            put_field(header, field, set->second);
        } else if (field.derived == Derived::checksum) {
            checksum = &field;
        } else {
            put_number(header, field, derived_value(field, layers, index, header, rest));
        }
    }
    if (checksum != nullptr) {
        put_number(header, *checksum, layer_checksum(layers, index, header, rest));
    }
    return header;
}

} // namespace

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes)
{
    return fold(sum_words(bytes, 0));
}

std::uint32_t crc32c(std::span<const std::uint8_t> bytes)
{
    std::uint32_t crc = ~0u;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
        }
    }
    // The header holds it lowest byte first.
    return __builtin_bswap32(~crc);
}

Result<Frame> build_frame(std::string_view line)
{
    auto text = parse_text(trim(line));
    if (!text) {
        return std::unexpected(text.error());
    }
    Bytes frame_bytes;
    std::size_t headers = 0;
    for (std::size_t index = text->layers.size(); index-- > 0;) {
        Bytes header = build_header(text->layers, index, frame_bytes);
        headers += text->layers[index].kind != nullptr ? header.size() : 0;
        header.insert(header.end(), frame_bytes.begin(), frame_bytes.end());
        frame_bytes = std::move(header);
    }
    Frame result;
    if (text->gso_size != 0) {
        const std::size_t payload = frame_bytes.size() - headers;
        result.gso_size = text->gso_size;
        result.gso_segments =
            static_cast<std::uint32_t>((payload + text->gso_size - 1) / text->gso_size);
    }
    if (frame_bytes.size() < text->pad) {
        frame_bytes.resize(text->pad);
    }
    if (frame_bytes.size() > text->cut) {
        frame_bytes.resize(text->cut);
    }
    result.bytes = std::move(frame_bytes);
    return result;
}

Frame frame(std::string_view text)
{
    auto built = build_frame(text);
    if (!built) {
        throw std::runtime_error(built.error().message + " in packet \"" + std::string(text) +
                                 "\"");
    }
    return std::move(*built);
}

} // namespace tg::test
