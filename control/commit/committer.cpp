// SPDX-License-Identifier: Apache-2.0
#include "control/commit/committer.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "control/commit/files.h"
#include "control/config/edit.h"
#include "control/config/execute.h"

namespace tg {

namespace {

std::set<std::uint32_t> counters_of(const Config &config)
{
    std::set<std::uint32_t> counters;
    for (const std::string_view menu : rule_menus) {
        for (const Item &item : config.items(menu)) {
            counters.insert(item.counter);
        }
    }
    return counters;
}

// Counters of `after` that `before` does not use.
std::vector<std::uint32_t> new_counters(const Config &before, const Config &after)
{
    std::vector<std::uint32_t> fresh;
    std::ranges::set_difference(counters_of(after), counters_of(before), std::back_inserter(fresh));
    return fresh;
}

std::int64_t seconds_since_1970(const Clock &clock)
{
    return std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch())
        .count();
}

} // namespace

Result<Standing> Committer::load()
{
    standing_ = {};
    image_ = {};
    slot_in_use_ = true;
    const Result<std::uint64_t> bank = datapath_.bank();
    if (!bank) {
        return std::unexpected(bank.error());
    }
    if (*bank != 0) {
        return load_in_force(*bank);
    }
    const Result<std::optional<std::string>> text = store_.saved_text();
    if (!text) {
        return std::unexpected(text.error());
    }
    const std::optional<std::string> &saved = *text;
    return saved ? load_saved(*saved) : standing_;
}

Result<Standing> Committer::load_in_force(std::uint64_t bank)
{
    const Result<tg_bank_header> header = datapath_.header(bank);
    if (!header) {
        return std::unexpected(header.error());
    }
    Result<Revision> revision = store_.read(header->revision);
    if (!revision) {
        return fail(fmt::format("bank {} holds revision {}, which cannot be loaded: {}; restore "
                                "the file, or start from config.rsc by tidegate down and up",
                                bank, header->revision, revision.error().message),
                    revision.error().position);
    }
    standing_ = {header->revision, std::move(revision->config), true, true, {}};
    if (store_.unsaved(header->revision)) {
        if (const Result<void> saved = store_.save(header->revision); !saved) {
            return std::unexpected(saved.error());
        }
        standing_.notices.push_back(
            fmt::format("finished the commit of revision {}", header->revision));
    }
    if (const Result<void> pruned = store_.prune(header->revision); !pruned) {
        standing_.notices.push_back(to_string(pruned.error()));
    }
    const Result<std::optional<std::string>> text = store_.saved_text();
    if (!text) {
        return std::unexpected(text.error());
    }
    if (*text != revision->text) {
        standing_.notices.push_back(
            fmt::format("{} differs from revision {}, which is in force; the next commit "
                        "overwrites it",
                        store_.paths().config().string(), header->revision));
    }
    return standing_;
}

Result<Standing> Committer::load_saved(const std::string &text)
{
    const std::string file = store_.paths().config().string();
    const auto unreadable = [](const Error &error) {
        return fail(error.message + " (correct the saved configuration, or move it away to start "
                                    "without rules)",
                    error.position);
    };
    if (!text.empty() && !text.ends_with('\n')) {
        const auto lines = static_cast<unsigned>(std::ranges::count(text, '\n'));
        const std::size_t last = text.rfind('\n') + 1; // npos + 1 is 0
        return unreadable({"the file ends in the middle of a line: is it cut short?",
                           {file, lines + 1, static_cast<unsigned>(text.size() - last) + 1}});
    }
    Session session;
    Result<Config> config =
        apply_script(text, file, Config{}, Environment{}, session, Strictness::saved);
    if (!config) {
        return unreadable(config.error());
    }
    standing_ = {0, std::move(*config), false, true, {}};
    const Result<std::vector<std::uint64_t>> numbers = store_.numbers();
    if (!numbers) {
        return std::unexpected(numbers.error());
    }
    for (const std::uint64_t number : std::views::reverse(*numbers)) {
        Result<Revision> revision = store_.read(number);
        if (!revision) {
            standing_.notices.push_back(to_string(revision.error()));
        } else if (revision->text == text) {
            standing_.revision = number;
            standing_.config = std::move(revision->config);
            break;
        }
    }
    return standing_;
}

Result<Standing> Committer::arm(const Environment &environment)
{
    if (standing_.armed || !standing_.saved) {
        return standing_;
    }
    const Author author = {0, "saved configuration"};
    Result<Pending> pending = prepare(standing_.config, environment, author);
    if (!pending) {
        return std::unexpected(pending.error());
    }
    // The newest revision on disk can be put in force as it is. An older one is committed again, so
    // that the newest is always the one in force.
    if (standing_.revision == 0 || standing_.revision + 1 != pending->revision.number) {
        return take_steps(*pending);
    }
    pending->revision.number = standing_.revision;
    pending->image.elements[TG_BANK_HEADER].header.revision = standing_.revision;
    return put_in_force(*pending);
}

Result<Pending> Committer::prepare(const Config &config, const Environment &environment,
                                   const Author &author) const
{
    const Result<std::vector<std::uint64_t>> numbers = store_.numbers();
    if (!numbers) {
        return std::unexpected(numbers.error());
    }
    const Result<std::uint64_t> bank = datapath_.bank();
    if (!bank) {
        return std::unexpected(bank.error());
    }
    const Config before = standing_.armed ? standing_.config : Config{};
    Pending pending;
    pending.revision.number =
        std::max(standing_.revision, numbers->empty() ? 0 : numbers->back()) + 1;
    pending.revision.time = seconds_since_1970(clock_);
    pending.revision.author = author;
    pending.revision.config = settle(before, config);
    pending.revision.text = export_config(pending.revision.config);
    pending.bank = *bank + 1;
    pending.new_counters = new_counters(before, pending.revision.config);
    Result<Image> image = compile(pending.revision.config, environment, pending.revision.number);
    if (!image) {
        return std::unexpected(image.error());
    }
    pending.image = std::move(*image);
    return pending;
}

Result<Standing> Committer::commit(const Config &config, const Environment &environment,
                                   const Author &author)
{
    const Result<Pending> pending = prepare(config, environment, author);
    if (!pending) {
        return std::unexpected(pending.error());
    }
    const tg_bank_header &header = pending->image.elements[TG_BANK_HEADER].header;
    if (const Result<void> room = datapath_.make_room(header); !room) {
        return std::unexpected(room.error());
    }
    return take_steps(*pending);
}

Result<Standing> Committer::take_steps(const Pending &pending)
{
    using Step = Result<void> (Committer::*)(const Pending &);
    for (const Step step :
         {&Committer::write_revision, &Committer::fill_bank, &Committer::switch_bank}) {
        if (const Result<void> done = (this->*step)(pending); !done) {
            // What cannot be removed now is by the next start: its number is above the one in
            // force.
            std::ignore = store_.forget(pending.revision.number);
            return std::unexpected(done.error());
        }
    }
    // In force: whatever goes wrong from here on is no reason to say that it is not.
    if (const Result<void> saved = save_config(pending); !saved) {
        standing_.notices.push_back(fmt::format("revision {} is in force, but {}",
                                                pending.revision.number, to_string(saved.error())));
    }
    return standing_;
}

Result<Standing> Committer::put_in_force(const Pending &pending)
{
    if (const Result<void> filled = fill_bank(pending); !filled) {
        return std::unexpected(filled.error());
    }
    if (const Result<void> switched = switch_bank(pending); !switched) {
        return std::unexpected(switched.error());
    }
    return standing_;
}

Result<void> Committer::write_revision(const Pending &pending)
{
    return store_.write(pending.revision);
}

Result<void> Committer::fill_bank(const Pending &pending)
{
    if (slot_in_use_) {
        if (Result<void> waited = datapath_.wait_for_packets(); !waited) {
            return waited;
        }
        slot_in_use_ = false;
    }
    if (Result<void> zeroed = datapath_.zero_counters(pending.new_counters); !zeroed) {
        return zeroed;
    }
    return datapath_.fill(pending.bank, pending.image.elements);
}

Result<void> Committer::switch_bank(const Pending &pending)
{
    if (Result<void> switched = datapath_.put_in_force(pending.bank); !switched) {
        return switched;
    }
    slot_in_use_ = true;
    standing_ = {pending.revision.number, pending.revision.config, true, true, {}};
    image_ = pending.image;
    // If this fails the next commit waits before it fills the slot.
    if (const Result<void> waited = datapath_.wait_for_packets(); waited) {
        slot_in_use_ = false;
    }
    return {};
}

Result<void> Committer::save_config(const Pending &pending)
{
    if (Result<void> saved = store_.save(pending.revision.number); !saved) {
        return saved;
    }
    return store_.prune(pending.revision.number);
}

Result<Standing> Committer::refresh(const Environment &environment)
{
    standing_.notices.clear();
    if (!standing_.armed) {
        return standing_;
    }
    Result<Image> image = compile(standing_.config, environment, standing_.revision);
    if (!image) {
        return std::unexpected(image.error());
    }
    if (*image == image_) {
        return standing_;
    }
    const Result<std::uint64_t> bank = datapath_.bank();
    if (!bank) {
        return std::unexpected(bank.error());
    }
    Pending pending;
    pending.revision.number = standing_.revision;
    pending.revision.config = standing_.config;
    pending.image = std::move(*image);
    pending.bank = *bank + 1;
    return put_in_force(pending);
}

} // namespace tg
