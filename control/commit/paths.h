// SPDX-License-Identifier: Apache-2.0
// Where an instance keeps its files. The one place that spells these names.
#pragma once

#include <filesystem>
#include <string_view>

namespace tg {

struct Paths {
    std::filesystem::path run;   // sockets, lock, pid, pins: gone after a reboot
    std::filesystem::path etc;   // the saved configuration
    std::filesystem::path state; // revisions

    // The folders of an instance on a host.
    static Paths of(std::string_view instance);

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
