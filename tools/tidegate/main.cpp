// SPDX-License-Identifier: Apache-2.0
// tidegate: RouterOS commands, and up, down, status and import, from the shell.
#include <algorithm>
#include <csignal>
#include <iostream>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tools/tidegate/ask.h"
#include "tools/tidegate/script.h"
#include "tools/tidegate/service.h"

namespace {

using namespace tg;

struct Options {
    std::string instance{default_instance};
    std::string netns;
    std::string mode = "auto";
    bool json = false;
    bool purge = false;
    bool recheck = false;
    std::vector<std::string> words;
};

constexpr const char *usage =
    "Words are one of:\n"
    "  up IFACE…            load, start the agent, attach; adds what is missing\n"
    "  down                 stop and detach; --purge forgets the configuration too\n"
    "  status               what is attached, what is in force, what became of packets\n"
    "  import FILE          run a script, all of it or nothing\n"
    "  recheck              remove the connections that the rules would not let open any more\n"
    "  a RouterOS command   '/ip firewall filter print stats', 'export',\n"
    "                       '/ip firewall connection print follow where dst-port=22'\n"
    "Without words commands are read from stdin; a pipe's are one change, all of it or nothing.\n";

Result<void> import_file(const Instance &instance, const Options &options)
{
    if (options.words.size() != 2) {
        return fail("import: expected one file");
    }
    const std::string &file = options.words[1];
    Result<std::string> text = cli::read_file(file);
    if (!text) {
        return std::unexpected(text.error());
    }
    return cli::ask(instance, {std::move(*text), file, true, options.json, options.recheck});
}

Result<void> print(const Result<std::string> &text)
{
    if (!text) {
        return std::unexpected(text.error());
    }
    return cli::write_out(*text);
}

Result<void> run_commands(const Instance &instance, const Options &options)
{
    if (!options.words.empty()) {
        return cli::ask(instance, {fmt::format("{}", fmt::join(options.words, " ")), "", false,
                                   options.json, options.recheck});
    }
    if (::isatty(STDIN_FILENO) != 0) {
        if (options.recheck) {
            return fail("--recheck goes with a command or a file; tidegate recheck does it alone");
        }
        return cli::converse(instance, options.json);
    }
    Result<std::string> text = cli::read_descriptor(STDIN_FILENO, "standard input");
    if (!text) {
        return std::unexpected(text.error());
    }
    return cli::ask(instance, {std::move(*text), "", false, options.json, options.recheck});
}

// Only words are left for us: "--lenient" is no file, and "-x" no command.
Result<void> check_words(const Options &options)
{
    const auto unknown = std::ranges::find_if(options.words, [](const std::string &word) {
        return word.size() > 1 && word.starts_with('-');
    });
    if (unknown != options.words.end()) {
        return fail(fmt::format("unknown option {}: see tidegate --help", *unknown));
    }
    return {};
}

Result<void> run(const Options &options)
{
    if (const Result<void> good = check_words(options); !good) {
        return good;
    }
    const Result<Instance> instance = Instance::named(options.instance);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    const std::string first = options.words.empty() ? "" : options.words.front();
    if (first == "up") {
        return cli::up({*instance,
                        options.netns,
                        options.mode,
                        {options.words.begin() + 1, options.words.end()}});
    }
    if (first == "down") {
        return print(cli::down(*instance, options.purge));
    }
    if (first == "status") {
        return print(cli::status(*instance, options.json));
    }
    if (first == "recheck") {
        return cli::recheck(*instance, options.json);
    }
    if (first == "import") {
        return import_file(*instance, options);
    }
    return run_commands(*instance, options);
}

} // namespace

int main(int argc, char **argv)
{
    CLI::App app{"Manages a Tidegate firewall with RouterOS's own commands"};
    Options options;
    app.add_option("--instance", options.instance, "Instance, \"default\" if not given");
    app.add_option("--netns", options.netns, "up: network namespace, a name or a path");
    app.add_option("--mode", options.mode, "up: how to attach, \"auto\" if not given");
    app.add_flag("-j,--json", options.json, "Print JSON");
    app.add_flag("--recheck", options.recheck, "After a change: recheck the connections");
    app.add_flag("--purge", options.purge, "down: remove configuration, revisions and log too");
    app.set_version_flag("--version", std::string("tidegate ") + TG_VERSION);
    app.footer(usage);
    // Words are taken as they are: of an option's values brackets would be lost, as of "[find]".
    app.allow_extras();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return app.exit(error) == 0 ? 0 : 1;
    }
    options.words = app.remaining();
    ::signal(SIGPIPE, SIG_IGN);
    Result<void> done = run(options);
    if (done) {
        done = cli::flush_out();
    }
    if (!done) {
        std::fflush(stdout);
        fmt::print(stderr, "{}\n", to_string(done.error()));
        return 1;
    }
    return 0;
}
