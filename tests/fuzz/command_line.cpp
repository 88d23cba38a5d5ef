// SPDX-License-Identifier: Apache-2.0
// Any text as a script: nothing breaks, every error has a place in the text, and what was accepted
// survives an export.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "control/config/execute.h"

namespace {

using namespace tg;

[[noreturn]] void broken(std::string_view what, std::string_view detail)
{
    fmt::print(stderr, "{}: {}\n", what, detail);
    std::abort();
}

class Output final : public Sink {
public:
    void write(std::string_view text) override
    {
        text_ += text;
    }
    [[nodiscard]] const std::string &text() const
    {
        return text_;
    }

private:
    std::string text_;
};

// One connection in each family and no other state.
class SmallRuntime final : public Runtime {
public:
    [[nodiscard]] tg_counter rule_counter(std::uint32_t counter) const override
    {
        return {counter, counter * std::uint64_t{1500}};
    }
    void reset_rule_counter(std::uint32_t) override {}
    Result<void> connections(Family family,
                             const std::function<bool(const Connection &)> &visit) const override
    {
        Connection connection;
        const bool ipv4 = family == Family::ipv4;
        tg_tuple &tuple = connection.record.original;
        tuple.src = parse_address(ipv4 ? "192.0.2.1" : "2001:db8::1", family).value().raw;
        tuple.dst = parse_address(ipv4 ? "192.0.2.2" : "2001:db8::2", family).value().raw;
        tuple.protocol = 6;
        tuple.family = static_cast<std::uint8_t>(family);
        connection.record.reply = tuple;
        std::swap(connection.record.reply.src, connection.record.reply.dst);
        connection.timeout_left = std::chrono::seconds{29};
        visit(connection);
        return {};
    }
    Result<std::uint64_t>
    remove_connections(const std::vector<ConnectionName> &connections) override
    {
        return connections.size();
    }
};

// At most one behind the last character of a line; a place is always known in a text.
void check_place(const Error &error, std::string_view text)
{
    const auto lines = static_cast<std::size_t>(std::ranges::count_if(
        text, [](char character) { return character == '\n' || character == '\r'; }));
    const Position &place = error.position;
    const bool inside = place.line >= 1 && place.line <= lines + 1 && place.column >= 1 &&
                        place.column <= text.size() + 1;
    if (!inside || error.message.empty()) {
        broken("error without a place in the text", to_string(error));
    }
}

const Environment &environment()
{
    static const Environment interfaces{{{"lo", 1}, {"eth0", 2}, {"eth1", 3}}};
    return interfaces;
}

void check_export(const Config &config)
{
    const std::string exported = export_config(config);
    Session session;
    const auto again =
        apply_script(exported, "", Config{}, environment(), session, Strictness::saved);
    if (!again) {
        broken("an export is refused", to_string(again.error()) + "\n" + exported);
    }
    if (export_config(*again) != exported) {
        broken("an export changes", exported + "\nbecomes\n" + export_config(*again));
    }
}

// Command after command, as typed at the prompt.
void check_prompt(std::string_view text, bool json)
{
    Session session;
    session.json = json;
    const auto commands = parse_script(text, menu_tree(), session.level);
    if (!commands) {
        check_place(commands.error(), text);
        return;
    }
    Config config;
    SmallRuntime runtime;
    for (const Command &command : *commands) {
        Output output;
        auto outcome = execute(command, config, environment(), runtime, session, output);
        if (!outcome) {
            check_place(outcome.error(), text);
            if (!output.text().empty()) {
                broken("output before an error", output.text());
            }
            continue;
        }
        if (json && command.verb.text == "print" && !nlohmann::json::accept(output.text())) {
            broken("output is no JSON", output.text());
        }
        if (outcome->config) {
            config = std::move(*outcome->config);
        }
    }
    check_export(config);
}

// The same as a file, all or nothing.
void check_import(std::string_view text)
{
    Session session;
    const auto config = apply_script(text, "", Config{}, environment(), session, Strictness::typed);
    if (config) {
        check_export(*config);
    } else {
        check_place(config.error(), text);
    }
}

} // namespace

// The first byte chooses text or JSON output, the rest is the script.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char *>(data) + 1, size - 1);
    check_prompt(text, data[0] % 2 == 1);
    check_import(text);
    return 0;
}
