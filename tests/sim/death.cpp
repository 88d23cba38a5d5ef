// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/death.h"

#include <cstdarg>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// The linker gives calls of X to __wrap_X, and __real_X is the system's.
extern "C" {
int __real_open(const char *path, int flags, mode_t mode);
ssize_t __real_write(int fd, const void *bytes, size_t count);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t count);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
}

namespace tg::sim {

namespace {

constexpr int died = 77; // exit status

struct Rename {
    std::string from;
    std::string to;
    std::string folder;
};

// Of the life that runs in this process; the parent never sets it.
struct Life {
    bool running = false;
    std::uint64_t acts = 0;
    std::uint64_t last = 0;
    Loss loss = Loss::process;
    std::map<int, std::string> open;   // fd → path, if opened by us
    std::vector<std::string> unsynced; // files with contents that may not be on disk
    std::vector<Rename> renamed;       // names that may not be
};
Life life_here;

[[noreturn]] void die()
{
    if (life_here.loss == Loss::power) {
        // The latest name goes first, and then half of what was never synced. A rename over an
        // older file is left: keeping either is what a real disk may do.
        for (auto rename = life_here.renamed.rbegin(); rename != life_here.renamed.rend();
             ++rename) {
            ::link(rename->to.c_str(), rename->from.c_str());
            __real_unlink(rename->to.c_str());
        }
        for (const std::string &file : life_here.unsynced) {
            struct stat found = {};
            if (::stat(file.c_str(), &found) == 0) {
                static_cast<void>(!::truncate(file.c_str(), found.st_size / 2));
            }
        }
    }
    ::_exit(died);
}

// True: this act is the last.
bool last_act()
{
    return life_here.running && ++life_here.acts == life_here.last;
}

std::string folder_of(const std::string &path)
{
    return std::filesystem::path(path).parent_path().string();
}

} // namespace

void act()
{
    if (last_act()) {
        die();
    }
}

bool dies_at(std::uint64_t last, Loss loss, const std::function<void()> &life)
{
    const pid_t child = ::fork();
    if (child == 0) {
        life_here = {.running = true, .last = last, .loss = loss};
        life();
        ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
        (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != died)) {
        std::abort();
    }
    return WEXITSTATUS(status) == died;
}

} // namespace tg::sim

using namespace tg::sim;

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
        act();
    }
    const int fd = __real_open(path, flags, mode);
    if (fd >= 0 && life_here.running) {
        life_here.open[fd] = path;
        if ((flags & O_CREAT) != 0) {
            life_here.unsynced.emplace_back(path);
        }
    }
    return fd;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t count)
{
    if (life_here.open.contains(fd) && last_act()) {
        static_cast<void>(!__real_write(fd, bytes, count / 2));
        die();
    }
    return __real_write(fd, bytes, count);
}

int __wrap_fsync(int fd)
{
    act();
    if (life_here.running) {
        const std::string path = life_here.open[fd];
        std::erase(life_here.unsynced, path);
        std::erase_if(life_here.renamed, [&](const Rename &one) { return one.folder == path; });
    }
    return __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    act();
    const bool replaces = ::access(to, F_OK) == 0;
    const int result = __real_rename(from, to);
    if (result == 0 && life_here.running && !replaces) {
        life_here.renamed.push_back({from, to, folder_of(to)});
    }
    for (std::string &file : life_here.unsynced) {
        file = file == from ? to : file;
    }
    return result;
}

int __wrap_unlink(const char *path)
{
    act();
    return __real_unlink(path);
}
