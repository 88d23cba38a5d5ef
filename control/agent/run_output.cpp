// SPDX-License-Identifier: Apache-2.0
#include "control/agent/run_output.h"

#include "control/base/limits.h"

namespace tg {

void RunOutput::write(std::string_view text)
{
    if (!released_) {
        if (held_.size() + text.size() <= limit_held_output) {
            held_ += text;
            return;
        }
        if (must_hold_) {
            overflowed_ = true;
            return;
        }
        release();
    }
    abandoned_ = abandoned_ || !client_.write(text);
}

void RunOutput::flush()
{
    if (released_) {
        abandoned_ = abandoned_ || !client_.flush();
    }
}

void RunOutput::release()
{
    released_ = true;
    if (!held_.empty()) {
        abandoned_ = abandoned_ || !client_.write(held_);
        std::string().swap(held_);
    }
}

} // namespace tg
