// SPDX-License-Identifier: Apache-2.0
// What the generated lives have reached, and what they must reach for their agreement to mean
// anything: everything on the closed lists but what is named here as out of reach.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/harness/router.h"

namespace tg::test {

class Reached {
public:
    void note(const Outcome &outcome);
    void note(const std::vector<TableRow> &table);
    // How often each was seen, one line a list.
    [[nodiscard]] std::string report() const;
    [[nodiscard]] std::vector<std::string> missing() const;

private:
    // List → entry → how many packets, or how many looks at the table.
    std::map<std::string, std::map<std::string, std::uint64_t>> seen_;
};

} // namespace tg::test
