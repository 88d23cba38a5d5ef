// SPDX-License-Identifier: Apache-2.0
// tidegate-loader: arguments in, one function called, lines out.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "loader/commands.h"
#include "loader/kernel_log.h"
#include "loader/limits.h"
#include "loader/modes.h"
#include "loader/netns.h"
#include "loader/probe.h"
#include "loader/status.h"

namespace {

using namespace tg;

struct Options {
    std::string instance{default_instance};
    std::string netns;
    std::string mode = "auto";
    std::string link = "auto";
    unsigned confirm = 0;
    bool confirm_given = false;
    unsigned pickup = 0;
    bool pickup_given = false;
    bool json = false;
    std::vector<std::string> interfaces;
};

struct Program {
    CLI::App app{"Loads Tidegate's datapath and attaches it to interfaces"};
    Options options;
    CLI::App *attach = app.add_subcommand("attach", "Attach to interfaces, all or none");
    CLI::App *detach = app.add_subcommand("detach", "Detach; without names everything is removed");
    CLI::App *status = app.add_subcommand("status", "Show what is loaded and attached");
    CLI::App *confirm = app.add_subcommand("confirm", "Keep what was attached with --confirm");
    CLI::App *load = app.add_subcommand("load", "Load and pin, attach nothing");
};

void describe_options(Program &program)
{
    Options &options = program.options;
    for (CLI::App *each :
         {program.attach, program.detach, program.status, program.confirm, program.load}) {
        each->add_option("--instance", options.instance, "Instance, \"default\" if not given");
        each->add_option("--netns", options.netns, "Network namespace: a name or a path");
    }
    program.attach->add_option("--mode", options.mode, "One of " + loader::mode_list());
    program.attach
        ->add_option("--tc-link", options.link, "How tc programs are held: auto, tcx or clsact")
        ->check(CLI::IsMember({"auto", "tcx", "clsact"}));
    program.attach->add_option("--confirm", options.confirm,
                               "Detach again after so many seconds unless confirmed");
    program.attach->add_option("--pickup", options.pickup,
                               "For so many seconds join TCP connections in their middle");
    program.attach->add_option("interfaces", options.interfaces, "Interfaces")->required();
    program.detach->add_option("interfaces", options.interfaces, "Interfaces; none: everything");
    program.status->add_flag("-j,--json", options.json, "One JSON object");
    program.app.require_subcommand(1);
}

loader::LinkWish link_wish(const std::string &text)
{
    if (text == "auto") {
        return std::nullopt;
    }
    return text == "tcx" ? loader::Link::tcx : loader::Link::clsact;
}

// Of detach, status and confirm the namespace may be gone: their record knows what to do then.
Result<void> enter(const Program &program, const std::string &path)
{
    if (path.empty()) {
        return {};
    }
    const Result<void> entered = loader::enter_netns(path);
    const bool must = program.attach->parsed() || program.load->parsed();
    return must ? entered : Result<void>{};
}

Result<std::string> joined(const Result<loader::Lines> &lines)
{
    if (!lines) {
        return std::unexpected(lines.error());
    }
    return fmt::format("{}{}", fmt::join(*lines, "\n"), lines->empty() ? "" : "\n");
}

Result<std::string> run(const Program &program)
{
    const Options &options = program.options;
    const Result<Instance> instance = Instance::named(options.instance);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    if (const Result<void> able = loader::check_privileges(); !able) {
        return std::unexpected(able.error());
    }
    Result<Fd> home = loader::current_netns();
    if (!home) {
        return std::unexpected(home.error());
    }
    const std::string netns = options.netns.empty() ? "" : loader::netns_path(options.netns);
    if (const Result<void> entered = enter(program, netns); !entered) {
        return std::unexpected(entered.error());
    }
    if (program.status->parsed()) {
        const loader::Status status = loader::read_status(*instance);
        return options.json ? to_json(status) : to_text(status);
    }
    if (program.detach->parsed()) {
        return joined(loader::detach(*instance, options.interfaces));
    }
    if (program.confirm->parsed()) {
        return joined(loader::confirm(*instance));
    }
    const loader::AttachRequest request = {
        .instance = *instance,
        .interfaces = options.interfaces,
        .mode = options.mode,
        .link = link_wish(options.link),
        .confirm_seconds = options.confirm_given ? std::optional(options.confirm) : std::nullopt,
        .pickup_seconds = options.pickup_given ? std::optional(options.pickup) : std::nullopt,
        .netns = netns,
        .home = std::move(*home)};
    if (program.load->parsed()) {
        return joined(loader::load_only(request));
    }
    const Result<loader::Lines> attached = loader::attach(request);
    if (attached) {
        for (const std::string &warning : loader::warnings(request)) {
            fmt::print(stderr, "tidegate-loader: {}\n", warning);
        }
    }
    return joined(attached);
}

} // namespace

int main(int argc, char **argv)
{
    Program program;
    describe_options(program);
    CLI11_PARSE(program.app, argc, argv);
    program.options.confirm_given = program.attach->count("--confirm") > 0;
    program.options.pickup_given = program.attach->count("--pickup") > 0;
    loader::keep_kernel_log();
    const Result<std::string> output = run(program);
    if (!output) {
        fmt::print(stderr, "tidegate-loader: {}\n", to_string(output.error()));
        return 1;
    }
    fmt::print("{}", *output);
    return 0;
}
