// SPDX-License-Identifier: Apache-2.0
// The packets of a life as steps of a case: flows and what belongs to them, and among them what
// no rule should ever see.
#pragma once

#include <vector>

#include "tests/differential/flow.h"
#include "tests/harness/case.h"

namespace tg::test {

class Traffic {
public:
    // `samples` are packets to be mutated.
    Traffic(Random &random, const std::vector<Step> &samples);
    // The next packets; those that belong together come together.
    std::vector<Step> next();

private:
    Step said(Flow &flow);
    Step error();
    std::vector<Step> pieces();
    std::vector<Step> flood();
    Step sample();
    Flow &flow();

    Random &random_;
    const std::vector<Step> &samples_;
    std::vector<Flow> flows_;
};

} // namespace tg::test
