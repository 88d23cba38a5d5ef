// SPDX-License-Identifier: Apache-2.0
#include "tools/tidegate/script.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "control/base/fd.h"
#include "control/base/limits.h"

namespace tg::cli {
namespace {

// The agent notices that nobody reads any more when the connection is closed.
Result<void> after_write(bool good)
{
    if (good) {
        return {};
    }
    if (errno == EPIPE) {
        std::_Exit(EXIT_SUCCESS);
    }
    return fail(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
}

} // namespace

Result<std::string> read_file(const std::string &path)
{
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return fail(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    }
    return read_descriptor(fd.get(), path);
}

Result<std::string> read_descriptor(int fd, const std::string &name)
{
    std::string text;
    std::array<char, 65536> buffer = {};
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(fmt::format("cannot read {}: {}", name, std::strerror(errno)));
        }
        if (got == 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > limit_script_bytes) {
            return fail(fmt::format("{} is longer than {} bytes", name, limit_script_bytes));
        }
    }
}

Result<void> write_out(std::string_view text)
{
    return after_write(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

Result<void> flush_out()
{
    return after_write(std::fflush(stdout) == 0);
}

} // namespace tg::cli
