// SPDX-License-Identifier: Apache-2.0
// Where an instance keeps its files; the commit is given them, so that tests have their own.
#pragma once

#include <filesystem>

#include "control/base/instance.h"

namespace tg {

struct Paths {
    std::filesystem::path run;   // sockets, lock, pid, pins: gone after a reboot
    std::filesystem::path etc;   // the saved configuration
    std::filesystem::path state; // revisions

    // The folders of an instance on a host.
    static Paths of(const Instance &instance)
    {
        return {instance.run(), instance.etc(), instance.state()};
    }
    [[nodiscard]] std::filesystem::path bpffs() const
    {
        return run / "bpf";
    }
    [[nodiscard]] std::filesystem::path config() const
    {
        return etc / "config.rsc";
    }
    [[nodiscard]] std::filesystem::path revisions() const
    {
        return state / "revisions";
    }
};

} // namespace tg
