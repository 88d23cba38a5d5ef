// SPDX-License-Identifier: Apache-2.0
#include "control/commit/files.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "control/base/fd.h"

namespace tg {

namespace {

std::unexpected<Error> failed(const char *what, const std::filesystem::path &file, int error)
{
    return fail(fmt::format("{}: cannot {}: {}", file.string(), what, std::strerror(error)));
}

// A name is on disk only when its folder is.
Result<void> sync_folder(const std::filesystem::path &folder)
{
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) {
        return failed("sync", folder, errno);
    }
    return {};
}

Result<void> write_all(int fd, const std::filesystem::path &file, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return failed("write", file, errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(fd) != 0) {
        return failed("sync", file, errno);
    }
    return {};
}

// Content on disk, the name perhaps not yet.
Result<void> write_content(const std::filesystem::path &file, std::string_view bytes)
{
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) {
        return failed("create", file, errno);
    }
    return write_all(fd.get(), file, bytes);
}

} // namespace

Result<void> make_folder(const std::filesystem::path &folder)
{
    std::error_code error;
    const bool made = std::filesystem::create_directories(folder, error);
    if (error) {
        return failed("create", folder, error.value());
    }
    return made ? sync_folder(folder.parent_path()) : Result<void>();
}

Result<void> write_file(const std::filesystem::path &file, std::string_view bytes)
{
    if (Result<void> written = write_content(file, bytes); !written) {
        return written;
    }
    return sync_folder(file.parent_path());
}

Result<void> replace_file(const std::filesystem::path &file, std::string_view bytes)
{
    std::filesystem::path fresh = file;
    fresh += ".new";
    if (Result<void> written = write_content(fresh, bytes); !written) {
        return written;
    }
    return rename_file(fresh, file);
}

Result<void> rename_file(const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (::rename(from.c_str(), to.c_str()) != 0) {
        return failed("rename", from, errno);
    }
    return sync_folder(to.parent_path());
}

Result<bool> remove_file(const std::filesystem::path &file)
{
    if (::unlink(file.c_str()) == 0) {
        return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return false;
    }
    return failed("remove", file, errno);
}

Result<std::optional<std::string>> read_file(const std::filesystem::path &file)
{
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT) {
        return std::nullopt;
    }
    if (!fd) {
        return failed("open", file, errno);
    }
    std::string bytes;
    char piece[65536];
    for (;;) {
        const ssize_t got = ::read(fd.get(), piece, sizeof piece);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failed("read", file, errno);
        }
        if (got == 0) {
            return bytes;
        }
        bytes.append(piece, static_cast<std::size_t>(got));
    }
}

} // namespace tg
