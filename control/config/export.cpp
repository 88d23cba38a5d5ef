// SPDX-License-Identifier: Apache-2.0
// The configuration as a script that makes it again.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "control/command/quote.h"
#include "control/config/assign.h"
#include "control/config/context.h"
#include "control/config/listing.h"

namespace tg {
namespace {

constexpr std::size_t export_width = 80;

struct ExportOptions {
    bool verbose = false; // defaults too, and "!name" for what is not set
    bool terse = false;   // a whole command a line
};

struct ExportWord {
    std::string_view name;
    bool ExportOptions::*option; // nullptr: what happens anyway
};

constexpr std::array export_words{
    ExportWord{"verbose", &ExportOptions::verbose},
    ExportWord{"terse", &ExportOptions::terse},
    ExportWord{"compact", nullptr},
    ExportWord{"hide-sensitive", nullptr},
    ExportWord{"show-sensitive", nullptr},
};

// What stands for an item before its properties: "add", "set", "set ftp".
std::string command_words(const Menu &menu, const Item &item)
{
    switch (menu.kind) {
    case MenuKind::single:
        return "set";
    case MenuKind::fixed:
        return "set " + item.value_or(menu.key, std::string());
    default:
        return "add";
    }
}

// The value an item has if nothing is said about the property. nullptr: there is none.
std::optional<Value> implied_value(const Menu &menu, const Item &item, const Property &property)
{
    if (menu.kind == MenuKind::fixed) {
        const auto original = std::ranges::find(menu.fixed, item.id, &Item::id);
        if (const Value *value = original->get(property.name)) {
            return *value;
        }
    }
    return property.fallback.empty() ? std::nullopt
                                     : std::optional{default_value(property, menu.family)};
}

// A rule's action is worth reading even if it is the default.
bool is_shown_anyway(const Menu &menu, const Property &property)
{
    return menu.kind == MenuKind::rules && property.has(trait_always);
}

// "name=value", "!name", or nothing.
std::string export_word(const Menu &menu, const Item &item, const Property &property,
                        const ExportOptions &options)
{
    const Value *value = item.get(property.name);
    const std::optional<Value> implied = implied_value(menu, item, property);
    const bool foreign = !property.fits(item.value_or("action", std::string("accept")));
    const bool is_implied = value == nullptr && implied && !foreign &&
                            (options.verbose || is_shown_anyway(menu, property));
    if (is_implied) {
        value = &*implied;
    }
    if (value == nullptr) {
        // Unset texts are empty texts; properties of fixed items cannot be unset.
        const bool sayable = property.parse != parse_text && menu.kind != MenuKind::fixed;
        return options.verbose && sayable ? fmt::format("!{}", property.name) : std::string();
    }
    if (!options.verbose && !is_implied && implied == *value) {
        return {};
    }
    const std::string text = to_string(*value);
    return fmt::format("{}={}", property.name,
                       property.parse == parse_text ? quote(text) : quote_if_needed(text));
}

std::vector<std::string> export_item(const Menu &menu, const Item &item,
                                     const ExportOptions &options)
{
    std::vector<const Property *> properties = menu.properties;
    std::ranges::sort(properties, {}, &Property::name);
    std::vector<std::string> words{command_words(menu, item)};
    for (const Property *property : properties) {
        if (property->has(trait_fixed)) {
            continue;
        }
        if (std::string word = export_word(menu, item, *property, options); !word.empty()) {
            words.push_back(std::move(word));
        }
    }
    return words;
}

// Words up to the width, the rest on lines of their own, each but the last ending in " \".
std::string broken(const std::vector<std::string> &words)
{
    constexpr std::string_view line_break = " \\\n    ";
    constexpr std::size_t indent = 4;
    constexpr std::size_t mark = 2; // " \"
    std::string text = words.front();
    std::size_t column = text.size();
    for (std::size_t index = 1; index < words.size(); ++index) {
        const std::size_t room = index + 1 == words.size() ? 0 : mark;
        if (column + 1 + words[index].size() + room > export_width) {
            text += line_break;
            column = indent;
        } else {
            text += ' ';
            ++column;
        }
        text += words[index];
        column += words[index].size();
    }
    return text + "\n";
}

std::string export_menu(const Menu &menu, const Config &config, const ExportOptions &options)
{
    std::string text;
    const bool everything = options.verbose && menu.kind != MenuKind::connections;
    const VisibleItems visible(menu, config);
    for (const Item &item : everything ? visible.get() : config.items(menu.path)) {
        const auto words = export_item(menu, item, options);
        text += options.terse ? fmt::format("{} {}\n", menu.path, fmt::join(words, " "))
                              : broken(words);
    }
    return text.empty() || options.terse ? text : fmt::format("{}\n{}", menu.path, text);
}

// `path` and everything below it; the empty path is the root.
std::string export_below(std::string_view path, const Config &config, const ExportOptions &options)
{
    std::string text;
    for (const Menu &menu : all_menus()) {
        const bool below = path.empty() || menu.path == path ||
                           (menu.path.starts_with(path) && menu.path[path.size()] == ' ');
        text += below ? export_menu(menu, config, options) : std::string();
    }
    return text;
}

Result<ExportOptions> read_options(const Context &context)
{
    ExportOptions options;
    if (context.command.where) {
        return fail("export where is not built yet", context.command.verb.position);
    }
    for (const Argument &argument : context.command.arguments) {
        const auto *const found =
            std::ranges::find(export_words, argument.value.text, &ExportWord::name);
        if (!argument.name.text.empty() || found == export_words.end()) {
            return unexpected_argument(context.menu, argument);
        }
        if (found->option != nullptr) {
            options.*found->option = true;
        }
    }
    return options;
}

Json lines_of(std::string_view text)
{
    Json lines = Json::array();
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = text.find('\n', start);
        lines.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return lines;
}

} // namespace

std::string export_config(const Config &config)
{
    return export_below({}, config, {});
}

Result<void> run_export(Context &context)
{
    const auto options = read_options(context);
    if (!options) {
        return std::unexpected(options.error());
    }
    const std::string text = export_below(context.command.menu, context.config, *options);
    context.sink.write(context.session.json
                           ? lines_of(text).dump(-1, ' ', false, Json::error_handler_t::replace) +
                                 "\n"
                           : text);
    return {};
}

} // namespace tg
