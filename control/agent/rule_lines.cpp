// SPDX-License-Identifier: Apache-2.0
#include "control/agent/rule_lines.h"

#include "control/base/log.h"

namespace tg {
namespace {

// Lines written before the loop looks after the rest.
constexpr std::size_t batch = 256;

} // namespace

RuleLines::~RuleLines()
{
    loop_.forget(ring_.fd());
}

// What was lost while no agent was there is in the counter and no news.
Result<std::unique_ptr<RuleLines>> RuleLines::start(const std::filesystem::path &bpffs, Loop &loop,
                                                    const maps::TallyCounters &tallies)
{
    Result<maps::LogLines> ring = maps::LogLines::open(bpffs, "tg_log");
    if (!ring) {
        return std::unexpected(ring.error());
    }
    const Result<maps::Tallies> counted = tallies.read();
    if (!counted) {
        return std::unexpected(counted.error());
    }
    std::unique_ptr<RuleLines> lines(new RuleLines(std::move(*ring), loop, tallies));
    RuleLines *made = lines.get();
    made->lost_ = counted->at(TG_TALLY_LOG_LOST).packets;
    if (const Result<void> watched = loop.watch(made->ring_.fd(), [made] { made->write_some(); });
        !watched) {
        return std::unexpected(watched.error());
    }
    return lines;
}

// False: there is nothing more for now.
bool RuleLines::write_some()
{
    const Result<std::size_t> written =
        ring_.read(batch, [this](const tg_log_line &line) { log_info("{}", rules_.text(line)); });
    if (!written) {
        log_error("{}", to_string(written.error()));
        loop_.forget(ring_.fd());
    }
    return written && *written == batch;
}

// The ring holds lines of the bank before, and perhaps the first of this one; afterwards none is
// left of an older one.
void RuleLines::add_bank(std::uint64_t bank, const Config &config, const Environment &environment)
{
    constexpr std::size_t most = TG_LIMIT_LOG_BYTES / sizeof(tg_log_line);
    rules_.add_bank(bank, config, environment);
    for (std::size_t lines = 0; lines < most && write_some(); lines += batch) {
    }
}

void RuleLines::tell_lost()
{
    const Result<maps::Tallies> counted = tallies_.read();
    if (!counted) {
        log_error("{}", to_string(counted.error()));
        return;
    }
    const std::uint64_t lost = counted->at(TG_TALLY_LOG_LOST).packets;
    if (lost != lost_) {
        log_warning("firewall,warning {} lines of rules not written: there were too many",
                    lost - lost_);
        lost_ = lost;
    }
}

} // namespace tg
