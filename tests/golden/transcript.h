// SPDX-License-Identifier: Apache-2.0
// A console session as text: commands after "> ", what they print below them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tg::test {

// One case of a file: from its "== name" line to the next one.
struct Case {
    std::string name;
    std::string text;
};

// The cases of a file and the text before the first one.
struct CaseFile {
    std::string preamble;
    std::vector<Case> cases;
};

CaseFile read_cases(std::string_view text);

// The case with what its commands really print. Equal to the case's text if all is as expected.
// Also tries that the configuration the case ends with survives export and import; if it does
// not, a line saying so is added.
std::string replay(const Case &session);

} // namespace tg::test
