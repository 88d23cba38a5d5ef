// SPDX-License-Identifier: Apache-2.0
#include "control/compile/chains.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "control/config/chains.h"
#include "control/config/validate.h"

namespace tg {

namespace {

struct BuiltinChain {
    tg_chain_number number;
    std::string_view table;
    std::string_view name;
};

constexpr BuiltinChain builtin_chains[] = {
#define TG_X(name, table, chain) {TG_CHAIN_##name, table, chain},
    TG_CHAINS(TG_X)
#undef TG_X
};

std::string_view rule_menu(int family, std::string_view table)
{
    const bool ipv4 = family == TG_FAMILY_IPV4;
    if (table == "raw") {
        return ipv4 ? menu_raw4 : menu_raw6;
    }
    if (table == "nat") {
        return ipv4 ? menu_nat4 : menu_nat6;
    }
    if (table == "mangle") {
        return ipv4 ? menu_mangle4 : menu_mangle6;
    }
    return ipv4 ? menu_filter4 : menu_filter6;
}

// What stands behind the last rule of a chain that packets leave by going back.
tg_rule end_of_chain()
{
    tg_rule rule = {};
    rule.id = TG_RULE_NOBODYS;
    rule.action = TG_ACTION_RETURN;
    return rule;
}

struct Chain {
    std::vector<tg_rule> rules;
    std::vector<std::string_view> targets; // of each rule; empty: it does not jump
    bool goes_back = false;                // there is an end_of_chain behind it
    std::uint32_t first = 0;               // element number, once it has one
};

// The chains of one menu; the configuration must outlive it.
class MenuChains {
public:
    static Result<MenuChains> compile(const Config &config, const RuleContext &context,
                                      std::string_view menu);

    // Appends a chain and all it jumps to, but for those that are there already.
    void append(std::string_view name, std::vector<tg_bank_element> &elements);
    // Tells the jumps where the chains are.
    void link(std::vector<tg_bank_element> &elements) const;
    // Where a built-in chain is, and how long the way through it can be.
    [[nodiscard]] Result<tg_chain> entry(std::string_view name);

private:
    explicit MenuChains(std::string_view menu) : menu_(menu) {}
    std::uint64_t steps(std::string_view name);

    std::string_view menu_;
    std::map<std::string_view, Chain> chains_;
    std::map<std::string_view, std::uint64_t> steps_;
};

Result<MenuChains> MenuChains::compile(const Config &config, const RuleContext &context,
                                       std::string_view menu)
{
    MenuChains result(menu);
    if (const Result<void> checked = check_jumps(config, menu); !checked) {
        return std::unexpected(checked.error());
    }
    if (menu != menu_filter4 && menu != menu_filter6) {
        if (const Result<void> checked = check_reached_actions(config, menu); !checked) {
            return std::unexpected(checked.error());
        }
    }
    for (const Item &item : config.items(menu)) {
        if (item.disabled() || !rule_is_valid(config, context.environment, menu, item)) {
            continue;
        }
        const Result<std::optional<tg_rule>> compiled = compile_rule(item, context);
        if (!compiled) {
            return fail(fmt::format("{} {}", menu, compiled.error().message),
                        compiled.error().position);
        }
        if (const std::optional<tg_rule> &rule = *compiled) {
            const std::string_view target = jump_target(item);
            Chain &chain = result.chains_[rule_text(item, "chain")];
            chain.rules.push_back(*rule);
            chain.targets.push_back(target);
            if (!target.empty()) {
                chain.goes_back = result.chains_[target].goes_back = true;
            }
        }
    }
    for (const auto &[name, chain] : result.chains_) {
        if (chain.rules.size() > TG_LIMIT_CHAIN_RULES) {
            return fail(fmt::format("{} has {} rules in chain {}: the limit is {}", menu,
                                    chain.rules.size(), name, TG_LIMIT_CHAIN_RULES));
        }
    }
    return result;
}

void MenuChains::append(std::string_view name, std::vector<tg_bank_element> &elements)
{
    Chain &chain = chains_[name];
    if (chain.first != 0) {
        return;
    }
    chain.first = static_cast<std::uint32_t>(elements.size());
    for (const tg_rule &rule : chain.rules) {
        elements.push_back({.rule = rule});
    }
    if (chain.goes_back) {
        elements.push_back({.rule = end_of_chain()});
    }
    for (const std::string_view target : chain.targets) {
        if (!target.empty()) {
            append(target, elements);
        }
    }
}

void MenuChains::link(std::vector<tg_bank_element> &elements) const
{
    for (const auto &[name, chain] : chains_) {
        for (std::size_t i = 0; chain.first != 0 && i < chain.targets.size(); i++) {
            if (!chain.targets[i].empty()) {
                elements[chain.first + i].rule.does.jump.first =
                    chains_.find(chain.targets[i])->second.first;
            }
        }
    }
}

// If every rule matches: what is longer than the limit is not counted to its end.
std::uint64_t MenuChains::steps(std::string_view name)
{
    if (const auto known = steps_.find(name); known != steps_.end()) {
        return known->second;
    }
    const Chain &chain = chains_[name];
    std::uint64_t sum = chain.rules.size() + (chain.goes_back ? 1 : 0);
    for (const std::string_view target : chain.targets) {
        if (!target.empty() && sum <= TG_LIMIT_WALK) {
            sum += steps(target);
        }
    }
    steps_.emplace(name, sum);
    return sum;
}

Result<tg_chain> MenuChains::entry(std::string_view name)
{
    const std::uint64_t length = steps(name);
    if (length > TG_LIMIT_WALK) {
        return fail(fmt::format("{}: with its jumps, chain {} can lead a packet past more than {} "
                                "rules",
                                menu_, name, TG_LIMIT_WALK));
    }
    return tg_chain{chains_[name].first, static_cast<std::uint32_t>(length)};
}

// Of one table and family.
Result<void> append_table(std::vector<tg_bank_element> &elements, const Config &config,
                          const RuleContext &context, std::string_view table, int family,
                          tg_bank_chains &places)
{
    Result<MenuChains> chains = MenuChains::compile(config, context, rule_menu(family, table));
    if (!chains) {
        return std::unexpected(chains.error());
    }
    for (const BuiltinChain &chain : builtin_chains) {
        if (chain.table != table) {
            continue;
        }
        chains->append(chain.name, elements);
        const Result<tg_chain> entry = chains->entry(chain.name);
        if (!entry) {
            return std::unexpected(entry.error());
        }
        places.chains[family][chain.number] = *entry;
        if (entry->count != 0) {
            places.used[family] |= 1u << chain.number;
        }
    }
    chains->link(elements);
    return {};
}

} // namespace

Result<tg_bank_chains> append_chains(std::vector<tg_bank_element> &elements, const Config &config,
                                     const RuleContext &context)
{
    tg_bank_chains places = {};
    for (int family = 0; family < TG_FAMILY_COUNT; family++) {
        std::set<std::string_view> done;
        for (const BuiltinChain &chain : builtin_chains) {
            if (!done.insert(chain.table).second) {
                continue;
            }
            if (const Result<void> appended =
                    append_table(elements, config, context, chain.table, family, places);
                !appended) {
                return std::unexpected(appended.error());
            }
        }
    }
    return places;
}

} // namespace tg
