// SPDX-License-Identifier: Apache-2.0
#include "tools/tidegate/process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "control/base/fd.h"

namespace tg::cli {
namespace {

constexpr int first_inherited = 3; // after stdin, stdout, stderr
constexpr int could_not_start = 127;

struct Pipe {
    Fd read;
    Fd write;
};

Result<Pipe> make_pipe()
{
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    }
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::vector<char *> argv_of(const std::string &program, std::vector<std::string> &arguments)
{
    std::vector<char *> argv = {const_cast<char *>(program.c_str())};
    for (std::string &argument : arguments) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    return argv;
}

[[noreturn]] void become(const std::vector<char *> &argv)
{
    ::execvp(argv[0], argv.data());
    ::_exit(could_not_start);
}

std::string read_to_end(int fd)
{
    std::string text;
    std::array<char, 4096> buffer = {};
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

// One line, without its end; empty if none came in time.
std::string read_line(int fd, std::chrono::seconds patience)
{
    const auto end = std::chrono::steady_clock::now() + patience;
    std::string line;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd waiting = {.fd = fd, .events = POLLIN, .revents = 0};
        char letter = 0;
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0 ||
            ::read(fd, &letter, 1) != 1 || letter == '\n') {
            return line;
        }
        line += letter;
    }
}

// The child's side of start_detached: nothing of the caller stays open but the pipe.
[[noreturn]] void detach_and_become(const std::vector<char *> &argv, int ready)
{
    ::setsid();
    if (::fork() != 0) {
        ::_exit(0);
    }
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < first_inherited; fd++) {
        ::dup2(null, fd);
    }
    ::dup2(ready, first_inherited);
    ::close_range(first_inherited + 1, ~0U, 0);
    if (::chdir("/") != 0) {
        ::_exit(could_not_start);
    }
    become(argv);
}

} // namespace

std::filesystem::path find_program(const std::string &name)
{
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path beside = self.parent_path() / name;
    return !error && ::access(beside.c_str(), X_OK) == 0 ? beside : std::filesystem::path(name);
}

Result<std::string> run_program(const std::string &name, const std::vector<std::string> &arguments)
{
    const std::string program = find_program(name).string();
    std::vector<std::string> own = arguments;
    const std::vector<char *> argv = argv_of(program, own);
    Result<Pipe> output = make_pipe();
    if (!output) {
        return std::unexpected(output.error());
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(output->write.get(), STDOUT_FILENO);
        become(argv);
    }
    output->write.reset();
    std::string text = read_to_end(output->read.get());
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) {
        return fail(fmt::format("cannot run {}: {}", program, std::strerror(errno)));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == could_not_start) {
        return fail(fmt::format("cannot start {}: is it installed beside tidegate?", program));
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fail(fmt::format("{} has failed", name));
    }
    return text;
}

Result<void> start_detached(const std::string &name, std::vector<std::string> arguments,
                            std::chrono::seconds patience)
{
    const std::string program = find_program(name).string();
    arguments.insert(arguments.end(), {"--ready-fd", std::to_string(first_inherited)});
    const std::vector<char *> argv = argv_of(program, arguments);
    Result<Pipe> ready = make_pipe();
    if (!ready) {
        return std::unexpected(ready.error());
    }
    const pid_t child = ::fork();
    if (child == 0) {
        detach_and_become(argv, ready->write.get());
    }
    ready->write.reset();
    if (child < 0 || ::waitpid(child, nullptr, 0) != child) {
        return fail(fmt::format("cannot start {}: {}", program, std::strerror(errno)));
    }
    const std::string line = read_line(ready->read.get(), patience);
    if (line == "ready") {
        return {};
    }
    return fail(line.empty() ? fmt::format("{} did not get ready", program) : line);
}

} // namespace tg::cli
