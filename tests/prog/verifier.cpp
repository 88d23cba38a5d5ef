// SPDX-License-Identifier: Apache-2.0
// Every program of the datapath passes the verifier, loaded as the loader does it, and costs it no
// more instructions than budget.txt allows.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "loader/bpffs.h"
#include "loader/kernel_log.h"
#include "loader/load.h"
#include "loader/objects.h"
#include "loader/system.h"
#include "tidegate/maps.h"

namespace tg::loader {
namespace {

// The kernel gives up at 1 million; other kernel versions count differently, so stay well below.
constexpr unsigned hard_cap = 300000;
constexpr int skipped = 77;

using Instructions = std::map<std::string, unsigned>;

// Lines "program maximum"; '#' begins a comment.
Instructions read_budget()
{
    Instructions budget;
    std::ifstream file(TG_BUDGET);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        std::string program;
        unsigned maximum = 0;
        if (words >> program >> maximum) {
            budget[program] = maximum;
        }
    }
    return budget;
}

unsigned verified_instructions(int program)
{
    bpf_prog_info info = {};
    __u32 length = sizeof info;
    return bpf_obj_get_info_by_fd(program, &info, &length) == 0 ? info.verified_insns : 0;
}

std::vector<std::string> program_names()
{
    std::vector<std::string> names;
    for (const ObjectSource &source : datapath_objects()) {
        const Result<Object> object = open_object(source, "/");
        bpf_program *program = nullptr;
        bpf_object__for_each_program(program, object->get())
        {
            names.emplace_back(bpf_program__name(program));
        }
    }
    return names;
}

class Verifier : public testing::Test {
protected:
    static void SetUpTestSuite()
    {
        if (::geteuid() != 0) {
            fmt::print("skipped: loading BPF programs needs root\n");
            std::fflush(stdout);
            std::_Exit(skipped);
        }
        keep_kernel_log();
    }
    void TearDown() override
    {
        EXPECT_TRUE(remove_bpffs(instance_));
    }

    const Instance instance_ = *Instance::named(fmt::format("prog{}", ::getpid()));
    const Result<Lock> lock_ = Lock::take(instance_);
};

TEST_F(Verifier, AcceptsEveryProgramWithinItsBudget)
{
    const Result<void> loaded = load(instance_);
    ASSERT_TRUE(loaded) << to_string(loaded.error());
    const Instructions budget = read_budget();
    Instructions found;
    for (const std::string &name : program_names()) {
        const Result<Fd> program = pinned_program(instance_, name.c_str());
        ASSERT_TRUE(program) << name << ": " << to_string(program.error());
        found[name] = verified_instructions(program->get());
    }
    for (const auto &[name, instructions] : found) {
        const auto line = budget.find(name);
        const unsigned maximum = line == budget.end() ? 0 : line->second;
        fmt::print("{:<16} {:>7} verified instructions of {}\n", name, instructions, maximum);
        EXPECT_GT(instructions, 0u) << name;
        EXPECT_LE(instructions, maximum) << name << ": see budget.txt";
        EXPECT_LE(maximum, hard_cap) << name;
    }
    for (const auto &[name, maximum] : budget) {
        EXPECT_TRUE(found.contains(name)) << "budget.txt names a program that is not: " << name;
    }
}

TEST_F(Verifier, LoadsTheLayoutRecordTheDatapathReads)
{
    ASSERT_TRUE(load(instance_));
    const Result<tg_layout> layout = read_layout(instance_);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->magic, TG_LAYOUT_MAGIC);
    EXPECT_EQ(layout->version, TG_LAYOUT_VERSION);
    EXPECT_TRUE(layout->ticks_per_second == 100 || layout->ticks_per_second == 250 ||
                layout->ticks_per_second == 300 || layout->ticks_per_second == 1000);
}

// What is of no use to an interface in tc mode costs it no time.
TEST_F(Verifier, LoadsVariantsOfXdpOnceTheyAreAskedFor)
{
    ASSERT_TRUE(load(instance_));
    const std::filesystem::path path = instance_.bpffs() / TG_PIN_PROGRAMS / "xdp_ingress_plain";
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(*load_state(instance_), LoadState::complete);
    ASSERT_TRUE(pinned_program(instance_, "xdp_ingress_plain"));
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_FALSE(std::filesystem::exists(path.parent_path() / "xdp_ingress"));
    EXPECT_FALSE(pinned_program(instance_, "xdp_egress"));
}

TEST_F(Verifier, LoadsOnceAndUsesItAgain)
{
    ASSERT_TRUE(load(instance_));
    const auto identity = [this] {
        const Result<Fd> program = pinned_program(instance_, "tc_ingress");
        bpf_prog_info info = {};
        __u32 length = sizeof info;
        bpf_obj_get_info_by_fd(program->get(), &info, &length);
        return info.id;
    };
    const __u32 first = identity();
    ASSERT_TRUE(load(instance_));
    EXPECT_EQ(identity(), first);
}

} // namespace
} // namespace tg::loader
