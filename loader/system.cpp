// SPDX-License-Identifier: Apache-2.0
#include "loader/system.h"

#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "loader/limits.h"

namespace tg::loader {
namespace fs = std::filesystem;
namespace {

constexpr const char *lock_name = "loader.lock";
constexpr std::chrono::milliseconds lock_poll{50};

Result<void> make_folder(const fs::path &folder)
{
    for (const fs::path &each : {folder.parent_path(), folder}) {
        if (::mkdir(each.c_str(), 0755) != 0 && errno != EEXIST) {
            return failed(fmt::format("create {}", each.string()), errno);
        }
    }
    return {};
}

// A holder that lets go removes the file, so what was locked may be no longer the file by name.
bool still_there(int fd, const fs::path &path)
{
    struct stat locked = {};
    struct stat named = {};
    return ::fstat(fd, &locked) == 0 && ::stat(path.c_str(), &named) == 0 &&
           locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
}

} // namespace

std::unexpected<Error> failed(std::string_view what, int error)
{
    return fail(fmt::format("cannot {}: {}", what, std::strerror(error)));
}

std::string down_first(const Instance &instance)
{
    if (instance.name() == default_instance) {
        return "run `tidegate down` first";
    }
    return fmt::format("run `tidegate down --instance {}` first", instance.name());
}

Result<std::string> read_file(const fs::path &path)
{
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return failed(fmt::format("read {}", path.string()), errno);
    }
    std::string content;
    char buffer[4096];
    ssize_t length = 0;
    while ((length = ::read(file.get(), buffer, sizeof buffer)) > 0) {
        content.append(buffer, static_cast<std::size_t>(length));
    }
    if (length < 0) {
        return failed(fmt::format("read {}", path.string()), errno);
    }
    return content;
}

Result<void> replace_file(const fs::path &path, std::string_view content)
{
    const std::string draft = path.string() + ".new";
    const Fd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) {
        return failed(fmt::format("write {}", draft), errno);
    }
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written != static_cast<ssize_t>(content.size())) {
        const int error = written < 0 ? errno : ENOSPC;
        ::unlink(draft.c_str());
        return failed(fmt::format("write {}", draft), error);
    }
    if (::rename(draft.c_str(), path.c_str()) != 0) {
        return failed(fmt::format("replace {}", path.string()), errno);
    }
    return {};
}

Result<Lock> Lock::take(const Instance &instance)
{
    const fs::path path = instance.run() / lock_name;
    const auto deadline = std::chrono::steady_clock::now() + limit_lock_wait;
    while (true) {
        if (const Result<void> made = make_folder(instance.run()); !made) {
            return std::unexpected(made.error());
        }
        Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (!file && errno != ENOENT) {
            return failed(fmt::format("lock {}", path.string()), errno);
        }
        if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && still_there(file.get(), path)) {
            return Lock(std::move(file), instance.run());
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return fail(fmt::format("another tidegate-loader is busy with instance \"{}\"",
                                    instance.name()));
        }
        std::this_thread::sleep_for(lock_poll);
    }
}

Lock::~Lock()
{
    if (fd_) {
        ::unlink((folder_ / lock_name).c_str());
        ::rmdir(folder_.c_str()); // fails while the instance lives, as it should
        ::rmdir(folder_.parent_path().c_str());
    }
}

} // namespace tg::loader
