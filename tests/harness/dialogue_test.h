// SPDX-License-Identifier: Apache-2.0
// Makes a GoogleTest of each dialogue, for the programs that hold them.
#pragma once

#include <algorithm>
#include <cctype>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "tests/harness/dialogue.h"

namespace tg::test {

class DialogueTest : public testing::Test {
public:
    DialogueTest(Dialogue dialogue, Router &(*router)())
        : dialogue_(std::move(dialogue)), router_(router)
    {
    }

    void TestBody() override
    {
        for (const bool ipv6 : {false, true}) {
            std::vector<std::string> differences;
            in_time(router_().datapath(), [&] {
                differences = hold_dialogue(dialogue_, router_(), ipv6);
                return differences.empty();
            });
            for (const std::string &difference : differences) {
                ADD_FAILURE() << difference;
            }
        }
    }

private:
    Dialogue dialogue_;
    Router &(*router_)();
};

// Registers them all; TG_DIALOGUES names their folder. The router is made when the first one runs.
inline bool register_dialogues(const char *suite, Router &(*router)())
{
    std::set<std::string> names;
    for (const Dialogue &dialogue : read_all_dialogues(TG_DIALOGUES)) {
        std::string name = dialogue.file.stem().string() + "_" + dialogue.name;
        std::ranges::replace_if(
            name, [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
        if (!names.insert(name).second) {
            throw std::runtime_error("two dialogues are called " + name);
        }
        testing::RegisterTest(
            suite, name.c_str(), nullptr, nullptr, dialogue.file.string().c_str(), 1,
            [=]() -> DialogueTest * { return new DialogueTest(dialogue, router); });
    }
    return !names.empty();
}

} // namespace tg::test
