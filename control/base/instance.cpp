// SPDX-License-Identifier: Apache-2.0
#include "control/base/instance.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/base/limits.h"

namespace tg {
namespace {

bool allowed(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

} // namespace

Result<Instance> Instance::named(std::string_view name)
{
    if (name.empty() || name.size() > limit_instance_name) {
        return fail(fmt::format("an instance's name has 1 to {} characters, \"{}\" has {}",
                                limit_instance_name, name, name.size()));
    }
    if (name.front() == '.' || name.front() == '-' || !std::ranges::all_of(name, allowed)) {
        return fail(fmt::format("bad instance name \"{}\": expected letters, digits, '-', '_' and "
                                "'.', beginning with a letter, a digit or '_'",
                                name));
    }
    return Instance(std::string(name));
}

std::filesystem::path run_root()
{
    return "/run/tidegate";
}

std::filesystem::path Instance::run() const
{
    return run_root() / name_;
}

std::filesystem::path Instance::bpffs() const
{
    return run() / "bpf";
}

std::filesystem::path Instance::etc() const
{
    return std::filesystem::path("/etc/tidegate") / name_;
}

std::filesystem::path Instance::state() const
{
    return std::filesystem::path("/var/lib/tidegate") / name_;
}

std::filesystem::path Instance::log() const
{
    return std::filesystem::path("/var/log/tidegate") / (name_ + ".log");
}

} // namespace tg
