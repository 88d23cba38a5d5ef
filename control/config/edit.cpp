// SPDX-License-Identifier: Apache-2.0
#include "control/config/edit.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "control/config/assign.h"
#include "control/config/context.h"
#include "control/config/select.h"
#include "tidegate/limits.h"

namespace tg {
namespace {

std::set<std::uint32_t> used_counters(const Config &config)
{
    std::set<std::uint32_t> counters;
    for (const std::string_view menu : rule_menus) {
        for (const Item &rule : config.items(menu)) {
            counters.insert(rule.counter);
        }
    }
    return counters;
}

std::vector<Item> &draft_items(Context &context)
{
    return context.draft->menus[std::string(context.menu.path)];
}

// A menu without items is not in a Config.
void drop_if_empty(Context &context)
{
    if (context.config.items(context.menu.path).empty()) {
        context.draft->menus.erase(std::string(context.menu.path));
    }
}

Edited edited(const Context &context, const Item &item)
{
    return {.config = context.config,
            .environment = context.environment,
            .item = item,
            .strictness = context.strictness,
            .command = context.command.verb.position,
            .written = {}};
}

// Properties that only make sense with another action go when the action is changed.
void drop_foreign(const Menu &menu, const Edited &change, Item &item)
{
    if (change.argument("action") == nullptr) {
        return;
    }
    const std::string action = item.value_or("action", std::string("accept"));
    for (const Property *property : menu.properties) {
        if (!property->fits(action) && change.argument(property->name) == nullptr) {
            item.properties.erase(std::string(property->name));
        }
    }
}

// Names of marks that no rule has.
std::vector<std::string> unused_marks(const Config &config, const Item &changed)
{
    std::set<std::string, std::less<>> used;
    for (const auto &[name, value] : changed.properties) {
        used.insert(changed.value_or(name, std::string()));
    }
    for (const std::string_view path : rule_menus) {
        for (const Property *property : find_menu(path)->properties) {
            if (property->reference != Reference::mark) {
                continue;
            }
            for (const Item &rule : config.items(path)) {
                used.insert(rule.value_or(property->name, std::string()));
            }
        }
    }
    std::vector<std::string> unused;
    for (const auto &[name, number] : config.marks.all()) {
        if (!used.contains(name)) {
            unused.push_back(name);
        }
    }
    return unused;
}

// Gives the marks a change names their numbers. Where there are too many, names that no rule has
// are forgotten, though connections may carry their numbers still.
Result<void> number_marks(Context &context, const Edited &change)
{
    Marks &marks = context.draft->marks;
    for (const auto &[name, argument] : change.written) {
        if (context.menu.property(name)->reference != Reference::mark) {
            continue;
        }
        const std::string mark = change.item.value_or(name, std::string());
        if (mark.empty() || marks.number(mark)) {
            continue;
        }
        if (marks.all().size() >= TG_LIMIT_MARKS) {
            for (const std::string &unused : unused_marks(*context.draft, change.item)) {
                marks.remove(unused);
            }
        }
        if (marks.all().size() >= TG_LIMIT_MARKS) {
            return fail(
                fmt::format("expected at most {} names of marks in all tables", TG_LIMIT_MARKS),
                argument->value.position);
        }
        marks.add(mark);
    }
    return {};
}

using Skip = bool (*)(const Argument &argument);

// Gives the item all the command says, but for the arguments that are not about properties.
Result<void> assign_all(Context &context, Item &item, const Argument *selection, Skip skip)
{
    Edited change = edited(context, item);
    for (const Argument &argument : context.command.arguments) {
        if (&argument == selection || skip(argument)) {
            continue;
        }
        const auto property = assign(context.menu, argument, item);
        if (!property) {
            return std::unexpected(property.error());
        }
        if (change.argument((*property)->name) != nullptr) {
            return fail(
                fmt::format("expected end of command: {} was given before", (*property)->name),
                argument.name.position);
        }
        change.written.emplace_back((*property)->name, &argument);
    }
    drop_foreign(context.menu, change, item);
    if (auto checked = check_item(context.menu, change); !checked) {
        return checked;
    }
    return number_marks(context, change);
}

// The one item that place-before, copy-from or destination names.
Result<std::uint32_t> select_one(Context &context, const Argument &argument)
{
    const auto ids = select_items(context, argument);
    if (!ids) {
        return std::unexpected(ids.error());
    }
    if (ids->size() != 1) {
        return fail(
            fmt::format("expected one item for {}, not {}", argument.name.text, ids->size()),
            argument.value.position);
    }
    return ids->front();
}

const Argument *find_argument(const Command &command, std::string_view name)
{
    const auto found = std::ranges::find_if(
        command.arguments, [&](const Argument &argument) { return argument.name.text == name; });
    return found == command.arguments.end() ? nullptr : &*found;
}

bool is_placement(const Argument &argument)
{
    return argument.name.text == "place-before" || argument.name.text == "copy-from";
}

// Puts the items, in their order, before the item `before`; 0: at the end.
void move_items(std::vector<Item> &items, const std::vector<std::uint32_t> &ids,
                std::uint32_t before)
{
    const std::unordered_set<std::uint32_t> moving(ids.begin(), ids.end());
    auto place = std::ranges::find(items, before, &Item::id);
    while (place != items.end() && moving.contains(place->id)) {
        ++place; // the destination moves too: what follows it stays behind
    }
    const auto is_moving = [&](const Item &item) { return moving.contains(item.id); };
    // Those in front of the place move up to it, those behind it move down to it.
    std::stable_partition(items.begin(), place, [&](const Item &i) { return !is_moving(i); });
    std::stable_partition(place, items.end(), is_moving);
}

// A list that gets another name keeps its members and the rules that use it.
void rename_list(Config &config, const std::string &from, const std::string &to)
{
    for (const Menu &menu : all_menus()) {
        const auto items = config.menus.find(menu.path);
        if (items == config.menus.end()) {
            continue;
        }
        for (const Property *property : menu.properties) {
            if (property->reference != Reference::interface_list) {
                continue;
            }
            for (Item &item : items->second) {
                if (item.value_or(property->name, std::string()) == from) {
                    item.properties.find(property->name)->second.data = to;
                }
            }
        }
    }
}

bool keeps_all(const Menu &menu)
{
    return menu.kind == MenuKind::rules || menu.kind == MenuKind::list;
}

// Between its construction and finish() the draft has every item of the menu, so that all kinds of
// menus are changed alike; finish() takes away what is as it would be without any configuration.
class Change {
public:
    explicit Change(Context &context) : context_(context), items_(draft_items(context))
    {
        if (!keeps_all(context.menu)) {
            const VisibleItems visible(context.menu, context.config);
            items_ = std::vector<Item>(visible.get());
        }
        for (std::size_t index = 0; index < items_.size(); ++index) {
            places_[items_[index].id] = index;
        }
    }
    Item &item(std::uint32_t id)
    {
        return items_[places_.at(id)];
    }
    void finish()
    {
        const Menu &menu = context_.menu;
        if (!keeps_all(menu)) {
            std::erase_if(items_, [&](const Item &item) {
                return menu.kind == MenuKind::single
                           ? item.properties.empty()
                           : std::ranges::find(menu.fixed, item) != menu.fixed.end();
            });
        }
        drop_if_empty(context_);
    }

private:
    Context &context_;
    std::vector<Item> &items_;
    std::unordered_map<std::uint32_t, std::size_t> places_;
};

Result<void> set_item(Context &context, Item &item, const Argument *selection)
{
    Item after = item;
    const auto nothing_else = [](const Argument & /*argument*/) { return false; };
    if (auto assigned = assign_all(context, after, selection, nothing_else); !assigned) {
        return assigned;
    }
    const std::string before = item.value_or("name", std::string());
    item = std::move(after);
    const std::string name = item.value_or("name", std::string());
    if (context.menu.path == menu_interface_list && name != before) {
        rename_list(*context.draft, before, name);
    }
    return {};
}

// The selection of a verb that takes nothing else but `more` further positional arguments.
Result<std::vector<std::uint32_t>> select_only(Context &context, std::size_t more = 0)
{
    const auto &arguments = context.command.arguments;
    if (arguments.size() > 1 + more) {
        return unexpected_argument(context.menu, arguments[1 + more]);
    }
    return select_numbers(context);
}

Result<void> set_disabled(Context &context, bool disabled)
{
    const auto ids = select_only(context);
    if (!ids) {
        return std::unexpected(ids.error());
    }
    Change change(context);
    for (const std::uint32_t id : *ids) {
        auto &properties = change.item(id).properties;
        properties.erase("disabled");
        if (disabled) {
            properties["disabled"] = {.data = true};
        }
    }
    change.finish();
    return {};
}

Result<void> insert_item(Context &context, Item item, const Argument *before)
{
    std::vector<Item> &items = draft_items(context);
    auto place = items.end();
    if (before != nullptr) {
        const auto id = select_one(context, *before);
        if (!id) {
            return std::unexpected(id.error());
        }
        place = std::ranges::find(items, *id, &Item::id);
    }
    if (context.menu.kind == MenuKind::rules) {
        const auto counter = context.counters->take(context.config);
        if (!counter) {
            return fail(fmt::format("expected at most {} rules in all tables", TG_LIMIT_RULES),
                        context.command.verb.position);
        }
        item.counter = *counter;
    }
    item.id = context.draft->next_id++;
    items.insert(place, std::move(item));
    return {};
}

} // namespace

Config settle(const Config &before, Config after)
{
    const std::set<std::uint32_t> used = used_counters(after);
    after.cooling.clear();
    for (const std::uint32_t counter : used_counters(before)) {
        if (!used.contains(counter)) {
            after.cooling.push_back(counter);
        }
    }
    return after;
}

// Text that a program would not expect in its JSON.
void tell_note(Context &context, const Item &item)
{
    const std::string note =
        context.menu.note == nullptr ? "" : context.menu.note(context.config, context.menu, item);
    if (!note.empty() && !context.session.json) {
        context.sink.write(fmt::format("note: {}\n", note));
    }
}

Result<void> run_add(Context &context)
{
    const Argument *copy_from = find_argument(context.command, "copy-from");
    Item item;
    if (copy_from != nullptr) {
        const auto id = select_one(context, *copy_from);
        if (!id) {
            return std::unexpected(id.error());
        }
        const auto &items = context.config.items(context.menu.path);
        item.properties = std::ranges::find(items, *id, &Item::id)->properties;
    }
    if (auto assigned = assign_all(context, item, nullptr, is_placement); !assigned) {
        return assigned;
    }
    const Argument *before = find_argument(context.command, "place-before");
    if (before != nullptr && context.menu.kind != MenuKind::rules) {
        return unexpected_argument(context.menu, *before);
    }
    tell_note(context, item);
    return insert_item(context, std::move(item), before);
}

Result<void> run_set(Context &context)
{
    std::vector<std::uint32_t> ids{0}; // a record's only item
    const Argument *selection = nullptr;
    if (context.menu.kind != MenuKind::single) {
        selection = find_selection(context.command);
        auto selected = select_numbers(context);
        if (!selected) {
            return std::unexpected(std::move(selected.error()));
        }
        ids = std::move(*selected);
    }
    Change change(context);
    for (const std::uint32_t id : ids) {
        if (auto done = set_item(context, change.item(id), selection); !done) {
            return done;
        }
        tell_note(context, change.item(id));
    }
    change.finish();
    return {};
}

Result<void> run_remove(Context &context)
{
    const auto ids = select_only(context);
    if (!ids) {
        return std::unexpected(ids.error());
    }
    const std::unordered_set<std::uint32_t> gone(ids->begin(), ids->end());
    std::erase_if(draft_items(context), [&](const Item &item) {
        const bool found = gone.contains(item.id);
        if (found && context.menu.kind == MenuKind::rules) {
            context.draft->cooling.push_back(item.counter);
        }
        return found;
    });
    drop_if_empty(context);
    return {};
}

Result<void> run_move(Context &context)
{
    // Positional: what, then where to.
    const Argument *selection = find_selection(context.command);
    const Argument *destination = find_argument(context.command, "destination");
    for (const Argument &argument : context.command.arguments) {
        if (&argument == selection || &argument == destination) {
            continue;
        }
        if (!argument.name.text.empty() || destination != nullptr) {
            return unexpected_argument(context.menu, argument);
        }
        destination = &argument;
    }
    const auto ids = select_numbers(context);
    if (!ids) {
        return std::unexpected(ids.error());
    }
    std::uint32_t before = 0; // the end
    if (destination != nullptr) {
        const auto id = select_one(context, *destination);
        if (!id) {
            return std::unexpected(id.error());
        }
        before = *id;
    }
    move_items(draft_items(context), *ids, before);
    drop_if_empty(context);
    return {};
}

Result<void> run_enable(Context &context)
{
    return set_disabled(context, false);
}

Result<void> run_disable(Context &context)
{
    return set_disabled(context, true);
}

Result<void> run_comment(Context &context)
{
    const Argument *selection = find_selection(context.command);
    const Argument *text = find_argument(context.command, "comment");
    for (const Argument &argument : context.command.arguments) {
        if (&argument == selection || &argument == text) {
            continue;
        }
        if (!argument.name.text.empty() || argument.substitution != nullptr || text != nullptr) {
            return unexpected_argument(context.menu, argument);
        }
        text = &argument;
    }
    const auto ids = select_numbers(context);
    if (!ids) {
        return std::unexpected(ids.error());
    }
    Argument comment;
    comment.name = {.text = "comment", .position = context.command.verb.position};
    if (text != nullptr) {
        comment.value = text->value;
    }
    Change change(context);
    for (const std::uint32_t id : *ids) {
        if (auto assigned = assign(context.menu, comment, change.item(id)); !assigned) {
            return std::unexpected(assigned.error());
        }
    }
    change.finish();
    return {};
}

} // namespace tg
