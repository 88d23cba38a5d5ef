// SPDX-License-Identifier: Apache-2.0
// What rules log: from the record the datapath has written, in numbers of its bank, to RouterOS's
// line. Reads and writes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "control/config/config.h"
#include "control/config/environment.h"
#include "tidegate/log.h"

namespace tg {

class RuleLog {
public:
    // The rules of a bank that is in force from now on. Lines of the one before it still come;
    // those of any other are taken for this one's.
    void add_bank(std::uint64_t bank, const Config &config, const Environment &environment);

    // "firewall,info PREFIX forward: in:lan out:wan, connection-state:new …, len 60"
    [[nodiscard]] std::string text(const tg_log_line &line) const;

private:
    struct Rule {
        std::string prefix;
        std::string chain;
        bool tracked = false; // its table comes behind the tracker
    };
    struct Bank {
        std::uint64_t number = 0;
        std::map<std::uint32_t, Rule> rules; // that log, by rule id
        std::map<std::uint32_t, std::string> interfaces;
    };

    [[nodiscard]] const Bank &find(std::uint64_t number) const;

    Bank newest_;
    Bank former_;
};

} // namespace tg
