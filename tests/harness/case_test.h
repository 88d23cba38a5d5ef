// SPDX-License-Identifier: Apache-2.0
// Makes a GoogleTest of each case, named by file and case; for the programs that run the cases.
#pragma once

#include <algorithm>
#include <cctype>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "tests/harness/case.h"

namespace tg::test {

class CaseTest : public testing::Test {
public:
    CaseTest(Case test, Router &(*router)(), bool hosted)
        : test_(std::move(test)), router_(router), hosted_(hosted)
    {
    }

    void TestBody() override
    {
        std::vector<std::string> differences;
        in_time(router_().datapath(), [&] {
            differences = run_case(test_, router_(), hosted_);
            return differences.empty();
        });
        for (const std::string &difference : differences) {
            ADD_FAILURE() << difference;
        }
    }

private:
    Case test_;
    Router &(*router_)();
    bool hosted_;
};

// Registers them all; TG_CASES names their folder. The router is made when the first one runs.
inline bool register_cases(const char *suite, Router &(*router)(), bool hosted)
{
    std::set<std::string> names;
    for (const Case &test : read_all_cases(TG_CASES)) {
        std::string name = test.file.stem().string() + "_" + test.name;
        std::ranges::replace_if(
            name, [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
        if (!names.insert(name).second) {
            throw std::runtime_error("two cases are called " + name);
        }
        testing::RegisterTest(suite, name.c_str(), nullptr, nullptr, test.file.string().c_str(), 1,
                              [=]() -> CaseTest * { return new CaseTest(test, router, hosted); });
    }
    return !names.empty();
}

} // namespace tg::test
