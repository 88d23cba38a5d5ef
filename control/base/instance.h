// SPDX-License-Identifier: Apache-2.0
// An instance's name and the folders that belong to it. Names places, touches none of them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "control/base/error.h"

namespace tg {

inline constexpr std::string_view default_instance = "default";

class Instance {
public:
    // Letters, digits, '-', '_' and '.', not beginning with '.' or '-', at most
    // limit_instance_name bytes: it becomes part of paths.
    static Result<Instance> named(std::string_view name);

    [[nodiscard]] const std::string &name() const
    {
        return name_;
    }
    // /run/tidegate/<name>: gone after `tidegate down` and after a reboot.
    [[nodiscard]] std::filesystem::path run() const;
    // The mount point of the instance's own bpffs, below run().
    [[nodiscard]] std::filesystem::path bpffs() const;
    // /etc/tidegate/<name>: the saved configuration.
    [[nodiscard]] std::filesystem::path etc() const;
    // /var/lib/tidegate/<name>: the revisions.
    [[nodiscard]] std::filesystem::path state() const;
    // /var/log/tidegate/<name>.log
    [[nodiscard]] std::filesystem::path log() const;

private:
    explicit Instance(std::string name) : name_(std::move(name)) {}
    std::string name_;
};

// The folder of all instances' run folders.
std::filesystem::path run_root();

} // namespace tg
