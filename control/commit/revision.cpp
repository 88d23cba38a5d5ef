// SPDX-License-Identifier: Apache-2.0
#include "control/commit/revision.h"

#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "control/config/execute.h"
#include "tidegate/limits.h"

namespace tg {

namespace {

using nlohmann::json;

constexpr unsigned format_number = 1; // raise when a member changes its meaning

// [id, counter] of each item in order, by menu.
json identities(const Config &config)
{
    json menus = json::object();
    for (const auto &[menu, items] : config.menus) {
        json &list = menus[menu] = json::array();
        for (const Item &item : items) {
            list.push_back({item.id, item.counter});
        }
    }
    return menus;
}

// Gives the items of `config`, just parsed, the ids and counters they had.
Result<void> restore(Config &config, const json &menus)
{
    std::set<std::uint32_t> ids;
    for (auto &[menu, items] : config.menus) {
        const json list = menus.value(menu, json::array());
        if (list.size() != items.size()) {
            return fail(
                fmt::format("{} ids for the {} items of {}", list.size(), items.size(), menu));
        }
        for (std::size_t i = 0; i < items.size(); i++) {
            items[i].id = list[i].at(0).get<std::uint32_t>();
            items[i].counter = list[i].at(1).get<std::uint32_t>();
            if (!ids.insert(items[i].id).second || items[i].id >= config.next_id) {
                return fail(fmt::format("id *{:X} in {} is in use", items[i].id, menu));
            }
            if (items[i].counter >= TG_LIMIT_RULES) {
                return fail(fmt::format("counter {} in {} is not below {}", items[i].counter, menu,
                                        TG_LIMIT_RULES));
            }
        }
    }
    return {};
}

// Gives the marks the numbers they had; those that have none yet keep the one they were given.
Result<void> restore(Marks &marks, const json &document)
{
    const Marks parsed = std::exchange(marks, {});
    const json saved = document.value("marks", json::object());
    for (const auto &[name, number] : saved.items()) {
        if (!marks.restore(name, number.get<std::uint32_t>())) {
            return fail(fmt::format("number {} of mark {} is in use", number.dump(), name));
        }
    }
    marks.skip_to(document.value("next_mark", 1u));
    for (const auto &[name, number] : parsed.all()) {
        marks.add(name);
    }
    return {};
}

Result<Revision> from_document(const json &document, std::string_view file)
{
    if (document.at("format").get<unsigned>() != format_number) {
        return fail(fmt::format("format {}, this program reads {}",
                                document.at("format").get<unsigned>(), format_number));
    }
    Revision revision;
    revision.number = document.at("revision").get<std::uint64_t>();
    revision.time = document.at("time").get<std::int64_t>();
    revision.author.uid = document.at("author").at("uid").get<std::uint32_t>();
    revision.author.name = document.at("author").at("name").get<std::string>();
    revision.text = document.at("text").get<std::string>();
    Session session;
    Result<Config> config =
        apply_script(revision.text, file, Config{}, Environment{}, session, Strictness::saved);
    if (!config) {
        return fail("its text: " + config.error().message, config.error().position);
    }
    config->next_id = document.at("next_id").get<std::uint32_t>();
    config->cooling = document.at("cooling").get<std::vector<std::uint32_t>>();
    if (const Result<void> restored = restore(*config, document.at("items")); !restored) {
        return std::unexpected(restored.error());
    }
    if (const Result<void> restored = restore(config->marks, document); !restored) {
        return std::unexpected(restored.error());
    }
    revision.config = std::move(*config);
    return revision;
}

} // namespace

Result<std::string> to_json(const Revision &revision)
{
    const json document = {
        {"format", format_number},
        {"revision", revision.number},
        {"time", revision.time},
        {"author", {{"uid", revision.author.uid}, {"name", revision.author.name}}},
        {"next_id", revision.config.next_id},
        {"cooling", revision.config.cooling},
        {"marks", revision.config.marks.all()},
        {"next_mark", revision.config.marks.next()},
        {"items", identities(revision.config)},
        {"text", revision.text},
    };
    try {
        return document.dump(1) + "\n";
    } catch (const json::type_error &) {
        return fail("the configuration holds text that is not UTF-8");
    }
}

// The JSON library reports by exceptions; they end here.
Result<Revision> revision_from_json(std::string_view text, std::string_view file)
{
    try {
        Result<Revision> revision = from_document(json::parse(text), file);
        if (!revision) {
            return fail(fmt::format("{} is no revision: {}", file, revision.error().message),
                        revision.error().position);
        }
        return revision;
    } catch (const json::parse_error &error) {
        return fail(fmt::format("{} is no revision: damaged at byte {} of {}", file, error.byte,
                                text.size()));
    } catch (const json::exception &error) {
        return fail(fmt::format("{} is no revision: {}", file, error.what()));
    }
}

} // namespace tg
