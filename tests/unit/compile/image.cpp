// SPDX-License-Identifier: Apache-2.0
// The image byte by byte: the specification's rule sets against a dump checked in, determinism,
// equality. A difference is either a bug or a change of the ABI (then: a new layout version).
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "tests/unit/compile/build.h"

namespace tg::test {
namespace {

std::string contents(const char *file)
{
    std::ifstream stream(file);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

// "element+offset  bytes" for every 16 bytes that are not all zero.
std::string dump(const Image &image)
{
    std::string text = fmt::format("{} elements\n", image.elements.size());
    for (std::size_t number = 0; number < image.elements.size(); number++) {
        unsigned char bytes[sizeof(tg_bank_element)];
        std::memcpy(bytes, &image.elements[number], sizeof bytes);
        for (std::size_t at = 0; at < sizeof bytes; at += 16) {
            if (std::all_of(bytes + at, bytes + at + 16, [](auto byte) { return byte == 0; })) {
                continue;
            }
            text += fmt::format("{:3}+{:02x} ", number, at);
            for (std::size_t i = at; i < at + 16; i++) {
                text += fmt::format("{}{:02x}", i % 4 == 0 ? " " : "", bytes[i]);
            }
            text += '\n';
        }
    }
    return text;
}

TEST(CompileImage, SpecificationByteByByte)
{
    const Image image = build(configure(contents(TG_IMAGE_TESTS "/specification.rsc")), 42);
    EXPECT_EQ(dump(image), contents(TG_IMAGE_TESTS "/specification.image"));
}

TEST(CompileImage, SameInputSameBytes)
{
    const Config config = configure(contents(TG_IMAGE_TESTS "/specification.rsc"));
    const Image first = build(config);
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(build(Config(config)), first);
    }
}

TEST(CompileImage, EveryByteCounts)
{
    const Image image = build("/ip firewall filter add chain=input protocol=tcp dst-port=22");
    for (std::size_t at = 0; at < image.elements.size() * sizeof(tg_bank_element); at++) {
        Image other = image;
        reinterpret_cast<unsigned char *>(other.elements.data())[at] ^= 1;
        EXPECT_FALSE(other == image) << at;
    }
    EXPECT_FALSE(Image{} == image);
    EXPECT_TRUE(Image{} == Image{});
}

TEST(CompileImage, AnotherEnvironmentAnotherImage)
{
    const Config config = configure("/ip firewall filter add chain=input in-interface=eth5");
    Environment with_eth5 = ten_interfaces();
    Environment without = with_eth5;
    without.interfaces.erase("eth5");
    const Result<Image> before = compile(config, without, 3);
    const Result<Image> after = compile(config, with_eth5, 3);
    ASSERT_TRUE(before && after);
    EXPECT_EQ(before->elements.size() + 1, after->elements.size());
    EXPECT_EQ(header_of(*before).revision, header_of(*after).revision);
}

} // namespace
} // namespace tg::test
