// SPDX-License-Identifier: Apache-2.0
// What several files need of the system around them: error texts, one lock for each instance,
// whole files read and replaced.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "control/base/error.h"
#include "control/base/fd.h"
#include "control/base/instance.h"

namespace tg::loader {

// "cannot WHAT: No such file or directory", from an errno value.
std::unexpected<Error> failed(std::string_view what, int error);

// "run `tidegate down` first", with the instance if it is not the default one.
std::string down_first(const Instance &instance);

Result<std::string> read_file(const std::filesystem::path &path);
// The file has its old or its new content, whole, whenever this is interrupted.
Result<void> replace_file(const std::filesystem::path &path, std::string_view content);

// Held while an instance is changed. Makes the run folder; letting go removes it if it is empty.
class Lock {
public:
    static Result<Lock> take(const Instance &instance);
    Lock(Lock &&) = default;
    Lock &operator=(Lock &&) = delete;
    ~Lock();

private:
    Lock(Fd fd, std::filesystem::path folder) : fd_(std::move(fd)), folder_(std::move(folder)) {}
    Fd fd_;
    std::filesystem::path folder_;
};

} // namespace tg::loader
