// SPDX-License-Identifier: Apache-2.0
// Our tracker and the kernel's nf_conntrack are given the same generated dialogues: every packet is
// the same to both, and every TCP connection is in the same state after it. TG_SEED=N has one batch
// of them only, TG_LONG=1 more than a million packets with new seeds.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <sched.h>

#include "tests/differential/differences.h"
#include "tests/differential/talk.h"
#include "tests/harness/pseudo_header.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

constexpr unsigned dialogues = 200; // of a batch
constexpr std::uint64_t packets = 200'000, long_packets = 1'200'000;
constexpr std::uint64_t share = 1000;   // of all packets, one of so many must ask each cell
constexpr unsigned kernel_percent = 10; // of the batches, ours run in the kernel
constexpr unsigned spoiled_percent = 3; // of the packets

using Dialogue = std::vector<Step>;

struct Record {
    std::unique_ptr<Tracker> kernel = make_nf_conntrack();
    std::unique_ptr<Tracker> hosted = make_our_tracker(make_hosted_datapath());
    std::unique_ptr<Tracker> compiled = make_our_tracker(make_kernel_datapath());
    Coverage coverage;
    std::map<std::string, std::uint64_t, std::less<>> meant;
    std::uint64_t packets = 0, in_kernel = 0;
};

// One batch has one rule of the game.
struct Batch {
    std::uint64_t seed;
    TrackerSettings settings;
    Tracker *kernel;
    Tracker *ours;

    void start() const
    {
        kernel->start(settings);
        ours->start(settings);
    }
};

// What each packet of a dialogue was to both.
struct Line {
    Answer kernel, ours;
};

Line ask(const Batch &batch, const PacketStep &packet, const tg_tuple &tuple)
{
    Line line{batch.kernel->track(packet, tuple), batch.ours->track(packet, tuple)};
    // The kernel has not looked at its numbers.
    if (batch.settings.checksum && tuple.protocol == upper_protocol(packet.frame.bytes) &&
        !sum_is_right(packet.frame.bytes)) {
        line.ours.misled = {};
    }
    return line;
}

// Runs a dialogue from its beginning, up to the first packet on which the two do not agree.
std::vector<Line> replay(const Batch &batch, const Dialogue &dialogue, const tg_tuple &tuple)
{
    std::vector<Line> lines;
    batch.start();
    for (const Step &step : dialogue) {
        const PacketStep packet = *read_packet(step);
        lines.push_back(ask(batch, packet, tuple));
        if (lines.back().kernel != lines.back().ours) {
            break;
        }
    }
    return lines;
}

std::string_view why(const Dialogue &dialogue, const std::vector<Line> &lines)
{
    const PacketStep packet = *read_packet(dialogue[lines.size() - 1]);
    const auto misled = std::find_if(lines.begin(), lines.end() - 1,
                                     [](const Line &line) { return !line.ours.misled.empty(); });
    return meant({packet, misled == lines.end() - 1 ? "" : misled->ours.misled, lines.back().kernel,
                  lines.back().ours});
}

// Whether the last packet, and none before it, shows a fault.
bool faulty(const Dialogue &dialogue, const std::vector<Line> &lines)
{
    return lines.size() == dialogue.size() && lines.back().kernel != lines.back().ours &&
           why(dialogue, lines).empty();
}

// Leaves out whatever the fault at its end does not need.
Dialogue shrink(const Batch &batch, Dialogue dialogue, const tg_tuple &tuple)
{
    for (std::size_t size = dialogue.size() / 2; size > 0; size /= 2) {
        for (std::size_t first = 0; first + size < dialogue.size();) {
            Dialogue less = dialogue;
            const auto begin = less.begin() + static_cast<std::ptrdiff_t>(first);
            less.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
            if (faulty(less, replay(batch, less, tuple))) {
                dialogue = std::move(less);
            } else {
                first += size;
            }
        }
    }
    return dialogue;
}

std::string to_string(const Line &line)
{
    const std::string kernel = to_string(line.kernel);
    return line.kernel == line.ours ? kernel : kernel + " | " + to_string(line.ours);
}

std::string describe(const Batch &batch, Dialogue dialogue, const tg_tuple &tuple)
{
    std::string text =
        fmt::format("seed {}, loose-tcp-tracking={} liberal-tcp-tracking={} checksum={}\n"
                    "again: TG_SEED={} ctest --test-dir build -R differential.nf_conntrack "
                    "--output-on-failure\n",
                    batch.seed, batch.settings.loose, batch.settings.liberal,
                    batch.settings.checksum, batch.seed);
    if (faulty(dialogue, replay(batch, dialogue, tuple))) {
        dialogue = shrink(batch, std::move(dialogue), tuple);
    } else {
        text += "not seen again from a new beginning\n";
    }
    const auto lines = replay(batch, dialogue, tuple);
    for (std::size_t i = 0; i < lines.size(); i++) {
        text += fmt::format("{}\n    -> {}\n", to_string(dialogue[i]), to_string(lines[i]));
    }
    return text;
}

// Now and then somebody has changed a packet on its way, or left its checksum to a device, or to
// nobody.
Step spoiled(Step step, Random &random)
{
    constexpr std::array<std::string_view, 4> headers = {" | tcp ", " | udp ", " | icmp ",
                                                         " | icmpv6 "};
    std::size_t first = step.text.npos;
    for (const std::string_view header : headers) {
        const std::size_t at = step.text.find(header);
        first = std::min(first, at == step.text.npos ? at : at + header.size());
    }
    if (first == step.text.npos) {
        return step;
    }
    const unsigned chance = random.below(100);
    const unsigned sum = chance < 10   ? 0
                         : chance < 15 ? pseudo_header_sum(read_packet(step)->frame.bytes)
                                       : random.below(0x10000);
    step.text.insert(first, fmt::format("checksum={:#06x} ", sum));
    return step;
}

// False: a fault was found.
bool hold(Record &run, const Batch &batch, Random &random, Talk &talk, const tg_tuple &tuple)
{
    const unsigned length = 5 + random.below(40);
    Dialogue dialogue;
    std::vector<Line> lines;
    for (unsigned i = 0; i < length && !talk.over(); i++) {
        const Step said = talk.next();
        dialogue.push_back(random.percent(spoiled_percent) ? spoiled(said, random) : said);
        const auto packet = read_packet(dialogue.back());
        if (!packet) {
            throw std::runtime_error(packet.error().message + ": " + to_string(dialogue.back()));
        }
        lines.push_back(ask(batch, *packet, tuple));
        run.packets++;
        run.in_kernel += batch.ours == run.compiled.get() ? 1 : 0;
        talk.hear(lines.back().kernel);
        if (lines.back().kernel == lines.back().ours) {
            continue;
        }
        const std::string_view name = why(dialogue, lines);
        if (name.empty()) {
            ADD_FAILURE() << describe(batch, dialogue, tuple);
            batch.start();
            return false;
        }
        run.meant[std::string(name)]++;
        return true;
    }
    return true;
}

// Returns the number of faults.
unsigned live(Record &run, std::uint64_t seed)
{
    Random random(seed);
    Batch batch{.seed = seed,
                .settings = {.loose = random.percent(20),
                             .liberal = random.percent(15),
                             .checksum = random.percent(70)},
                .kernel = run.kernel.get(),
                .ours = random.percent(kernel_percent) ? run.compiled.get() : run.hosted.get()};
    batch.start();
    unsigned faults = 0;
    for (unsigned i = 0; i < dialogues; i++) {
        const Ends ends{.ipv6 = random.percent(40),
                        .client = static_cast<std::uint8_t>(2 + i), // so that nobody knows another
                        .client_port = 1024,
                        .server_port = 80};
        if (random.percent(85)) {
            const auto talk = tcp_talk(random, run.coverage, ends);
            faults += hold(run, batch, random, *talk, ends.tuple()) ? 0 : 1;
        } else {
            const auto talk = other_talk(random, ends);
            faults += hold(run, batch, random, *talk, ends.tuple()) ? 0 : 1;
        }
        constexpr unsigned enough = 3;
        if (faults == enough) {
            break;
        }
    }
    return faults;
}

std::string environment_text(const char *name)
{
    const char *value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// The slots of packets belong to CPUs.
void stay_on_this_cpu()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &set);
    sched_setaffinity(0, sizeof set, &set);
}

TEST(NfConntrack, DiffersAsIsMeant)
{
    skip_unless_root("the kernel's connection tracker");
    const auto kernel = make_nf_conntrack();
    const auto ours = make_our_tracker(make_hosted_datapath());
    const Batch batch{0, {}, kernel.get(), ours.get()};
    const Ends ends{.client_port = 1024, .server_port = 80};
    std::vector<std::string> shown;
    const auto cases = read_cases(TG_DIFFERENCES);
    for (const Case &one : *cases) {
        const auto lines = replay(batch, one.steps, ends.tuple());
        ASSERT_EQ(lines.size(), one.steps.size()) << one.name;
        for (std::size_t i = 0; i < lines.size(); i++) {
            EXPECT_EQ(to_string(lines[i]), one.steps[i].expected)
                << one.name << ", line " << one.steps[i].line;
        }
        EXPECT_EQ(why(one.steps, lines), one.name);
        shown.push_back(one.name);
    }
    EXPECT_THAT(shown, testing::UnorderedElementsAreArray(all_meant()));
}

TEST(NfConntrack, AgreesOnGeneratedDialogues)
{
    skip_unless_root("the kernel's connection tracker");
    stay_on_this_cpu();
    enter_namespace();
    Record run;
    const std::string one = environment_text("TG_SEED");
    const bool big = environment_text("TG_LONG") == "1";
    const std::uint64_t wanted = big ? long_packets : packets;
    const std::uint64_t first = !one.empty() ? std::stoull(one) : big ? std::random_device{}() : 1;
    std::uint64_t seed = first;
    unsigned faults = 0;
    constexpr unsigned enough = 5;
    do {
        faults += live(run, seed++);
    } while (one.empty() && run.packets < wanted && faults < enough);
    fmt::print("{} packets, {} of them to the compiled programs, batches from seed {}\n{}",
               run.packets, run.in_kernel, first, run.coverage.report());
    for (const auto &[name, count] : run.meant) {
        fmt::print("{}: {}\n", name, count);
    }
    if (one.empty() && faults == 0) {
        EXPECT_EQ(fmt::format("{}", fmt::join(run.coverage.below(run.packets / share), "\n")), "")
            << "asked too seldom";
    }
}

} // namespace
} // namespace tg::test
