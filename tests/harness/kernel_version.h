// SPDX-License-Identifier: Apache-2.0
// Which Linux this is: what older ones lack is left to cases that do without it.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>

#include <sys/utsname.h>

namespace tg::test {

// "6.10" of a release or of a case, as numbers; what is no number counts as 0.
inline std::pair<int, int> kernel_version(const std::string &text)
{
    const std::size_t dot = text.find('.');
    const auto number = [](const std::string &digits) { return std::atoi(digits.c_str()); };
    return {number(text), dot == std::string::npos ? 0 : number(text.substr(dot + 1))};
}

// What runs hosted may be another Linux than this one; empty: it is this one.
inline std::string hosted_on;

inline bool kernel_is_since(const std::string &version)
{
    utsname name = {};
    ::uname(&name);
    return kernel_version(hosted_on.empty() ? name.release : hosted_on) >= kernel_version(version);
}

} // namespace tg::test
