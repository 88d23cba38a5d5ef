// SPDX-License-Identifier: Apache-2.0
#include "loader/record.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "loader/system.h"

namespace tg::loader {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr std::array<std::string_view, 2> link_names = {"tcx", "clsact"};
constexpr std::array<std::string_view, 5> mode_names = {"none", "tc", "native", "generic",
                                                        "offload"};
static_assert(mode_names.size() == TG_MODE_OFFLOAD + 1, "every mode has its name");

fs::path record_path(const Instance &instance)
{
    return instance.run() / "interfaces.json";
}

template <class Names> std::size_t index_of(const Names &names, const std::string &name)
{
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
        throw json::other_error::create(501, "unknown word \"" + name + "\"", nullptr);
    }
    return static_cast<std::size_t>(found - names.begin());
}

json interface_json(const AttachedInterface &interface)
{
    return {{"ifindex", interface.ifindex},
            {"name", interface.name},
            {"driver", interface.driver},
            {"asked", interface.asked},
            {"mode", to_string(interface.mode)},
            {"why", interface.why},
            {"link", to_string(interface.link)},
            {"made-qdisc", interface.made_qdisc},
            {"frames", interface.frames},
            {"xdp-target", interface.xdp_target},
            {"xdp-target-why", interface.xdp_target_why},
            {"switched-off", interface.switched_off}};
}

AttachedInterface interface_from(const json &value)
{
    return {
        .ifindex = value.at("ifindex").get<std::uint32_t>(),
        .name = value.at("name").get<std::string>(),
        .driver = value.at("driver").get<std::string>(),
        .asked = value.at("asked").get<std::string>(),
        .mode = static_cast<tg_mode>(index_of(mode_names, value.at("mode").get<std::string>())),
        .why = value.at("why").get<std::string>(),
        .frames = value.at("frames").get<std::string>(),
        .xdp_target = value.at("xdp-target").get<std::uint16_t>(),
        .xdp_target_why = value.at("xdp-target-why").get<std::string>(),
        .switched_off = value.at("switched-off").get<std::vector<std::string>>(),
        .link = static_cast<Link>(index_of(link_names, value.at("link").get<std::string>())),
        .made_qdisc = value.at("made-qdisc").get<bool>(),
    };
}

} // namespace

std::string_view to_string(Link link)
{
    return link_names[static_cast<std::size_t>(link)];
}

std::string_view to_string(tg_mode mode)
{
    return mode_names[mode];
}

AttachedInterface *Record::find(std::uint32_t ifindex)
{
    const auto found = std::ranges::find(interfaces, ifindex, &AttachedInterface::ifindex);
    return found == interfaces.end() ? nullptr : &*found;
}

const AttachedInterface *Record::find(std::uint32_t ifindex) const
{
    return const_cast<Record *>(this)->find(ifindex);
}

std::string to_json(const Record &record)
{
    json all = json::array();
    for (const AttachedInterface &interface : record.interfaces) {
        all.push_back(interface_json(interface));
    }
    const json value = {
        {"netns", record.netns}, {"netns-cookie", record.netns_cookie}, {"interfaces", all}};
    return value.dump(2) + "\n";
}

Result<Record> parse_record(std::string_view text)
{
    try {
        const json value = json::parse(text);
        Record record = {.netns = value.at("netns").get<std::string>(),
                         .netns_cookie = value.at("netns-cookie").get<std::uint64_t>()};
        for (const json &each : value.at("interfaces")) {
            record.interfaces.push_back(interface_from(each));
        }
        return record;
    } catch (const json::exception &error) {
        return fail(fmt::format("not a record of attached interfaces: {}", error.what()));
    }
}

Result<std::optional<Record>> read_record(const Instance &instance)
{
    const fs::path path = record_path(instance);
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
        return std::nullopt;
    }
    const Result<std::string> text = read_file(path);
    if (!text) {
        return std::unexpected(text.error());
    }
    Result<Record> record = parse_record(*text);
    if (!record) {
        return fail(
            fmt::format("{}: {}; {}", path.string(), record.error().message, down_first(instance)));
    }
    return std::move(*record);
}

Result<void> write_record(const Instance &instance, const Record &record)
{
    return replace_file(record_path(instance), to_json(record));
}

void remove_record(const Instance &instance)
{
    std::error_code ignored;
    fs::remove(record_path(instance), ignored);
}

} // namespace tg::loader
