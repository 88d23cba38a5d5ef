// SPDX-License-Identifier: Apache-2.0
// Tests that need root say so and end with the exit code CTest shows as skipped.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace tg::test {

inline void skip_unless_root(const char *what)
{
    constexpr int skipped = 77;
    if (geteuid() == 0) {
        return;
    }
    std::printf("skipped: %s needs root\n", what);
    std::fflush(stdout);
    std::_Exit(skipped);
}

} // namespace tg::test
