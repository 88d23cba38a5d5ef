// SPDX-License-Identifier: Apache-2.0
#include "control/config/chains.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/config/menu.h"
#include "tidegate/limits.h"

namespace tg {
namespace {

std::span<const std::string_view> builtin_chains(std::string_view menu)
{
    const Menu *record = find_menu(menu);
    const Property *property = record == nullptr ? nullptr : record->property("chain");
    return property == nullptr ? std::span<const std::string_view>{} : property->words;
}

// The chains an action can stand in; those without a row stand in all of their menu.
struct ActionChains {
    std::string_view action;
    std::array<std::string_view, 2> chains;
};

constexpr std::array action_chains{
    ActionChains{"fasttrack-connection", {"prerouting", "forward"}},
    ActionChains{"mark-routing", {"prerouting", "output"}},
    ActionChains{"masquerade", {"srcnat"}},
    ActionChains{"src-nat", {"srcnat", "input"}},
    ActionChains{"dst-nat", {"dstnat", "output"}},
    ActionChains{"redirect", {"dstnat"}},
    ActionChains{"netmap", {"srcnat", "dstnat"}},
    ActionChains{"same", {"srcnat", "dstnat"}},
    ActionChains{"endpoint-independent-nat", {"srcnat", "dstnat"}},
};

// Chain by chain, where its rules jump to.
using Jumps = std::map<std::string_view, std::set<std::string_view>>;

Jumps jumps_of(const Config &config, std::string_view menu,
               const std::function<bool(const Item &rule)> &works)
{
    Jumps jumps;
    for (const Item &rule : config.items(menu)) {
        const std::string_view target = jump_target(rule);
        if (!target.empty() && works(rule)) {
            jumps[rule_text(rule, "chain")].insert(target);
        }
    }
    return jumps;
}

// The chains that jumps lead to from these, and these.
std::set<std::string_view> reached_from(const Jumps &jumps, std::vector<std::string_view> next)
{
    std::set<std::string_view> reached;
    while (!next.empty()) {
        const std::string_view chain = next.back();
        next.pop_back();
        const auto targets = jumps.find(chain);
        if (reached.insert(chain).second && targets != jumps.end()) {
            next.insert(next.end(), targets->second.begin(), targets->second.end());
        }
    }
    return reached;
}

// Looks from a chain at all that it jumps to, no deeper than is allowed.
class JumpSearch {
public:
    JumpSearch(std::string_view menu, const Jumps &jumps) : menu_(menu), jumps_(jumps) {}

    // How many jumps lead one below the other from the chain on.
    Result<std::size_t> depth(std::string_view chain)
    {
        if (const auto known = depths_.find(chain); known != depths_.end()) {
            return known->second;
        }
        if (const auto first = std::ranges::find(way_, chain); first != way_.end()) {
            return fail(fmt::format("{}: the chains {} > {} jump in a circle", menu_,
                                    fmt::join(first, way_.end(), " > "), chain));
        }
        way_.push_back(chain);
        const Result<std::size_t> found = depth_below(chain);
        if (!found) {
            return found;
        }
        if (*found > TG_LIMIT_JUMPS || way_.size() > TG_LIMIT_JUMPS + 1) {
            return fail(fmt::format("{}: jumps lead from chain {} into more than {} chains, one "
                                    "below the other",
                                    menu_, way_.front(), TG_LIMIT_JUMPS));
        }
        way_.pop_back();
        depths_.emplace(chain, *found);
        return found;
    }

private:
    Result<std::size_t> depth_below(std::string_view chain)
    {
        const auto targets = jumps_.find(chain);
        if (targets == jumps_.end() || way_.size() > TG_LIMIT_JUMPS + 1) {
            return 0;
        }
        std::size_t deepest = 0;
        for (const std::string_view target : targets->second) {
            const Result<std::size_t> below = depth(target);
            if (!below) {
                return below;
            }
            deepest = std::max(deepest, *below + 1);
        }
        return deepest;
    }

    std::string_view menu_;
    const Jumps &jumps_;
    std::vector<std::string_view> way_;
    std::map<std::string_view, std::size_t> depths_;
};

} // namespace

std::string_view rule_text(const Item &rule, std::string_view property)
{
    const Value *value = rule.get(property);
    const auto *text = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
    return text == nullptr ? std::string_view{} : *text;
}

std::string_view jump_target(const Item &rule)
{
    return rule_text(rule, "action") == "jump" ? rule_text(rule, "jump-target")
                                               : std::string_view{};
}

bool is_builtin_chain(std::string_view menu, std::string_view chain)
{
    const auto chains = builtin_chains(menu);
    return std::ranges::find(chains, chain) != chains.end();
}

bool chain_exists(const Config &config, std::string_view menu, std::string_view chain)
{
    return is_builtin_chain(menu, chain) ||
           std::ranges::any_of(config.items(menu),
                               [&](const Item &rule) { return rule_text(rule, "chain") == chain; });
}

bool never_works(const Item &rule)
{
    return rule_text(rule, "action") == "redirect" && rule_text(rule, "chain") == "output";
}

std::string action_refusal(std::string_view menu, std::string_view action, std::string_view chain)
{
    const auto *const row = std::ranges::find(action_chains, action, &ActionChains::action);
    if (row == action_chains.end() || std::ranges::find(row->chains, chain) != row->chains.end()) {
        return "";
    }
    std::vector<std::string_view> possible;
    for (const std::string_view each : row->chains) {
        if (is_builtin_chain(menu, each)) {
            possible.push_back(each);
        }
    }
    return fmt::format("action={} is only possible in chain {}, not in {}", action,
                       fmt::join(possible, " or "), chain);
}

Result<void> check_reached_actions(const Config &config, std::string_view menu)
{
    const auto enabled = [](const Item &rule) { return !rule.disabled(); };
    const Jumps jumps = jumps_of(config, menu, enabled);
    for (const std::string_view builtin : builtin_chains(menu)) {
        const auto reached = reached_from(jumps, {builtin});
        for (const Item &rule : config.items(menu)) {
            const std::string_view chain = rule_text(rule, "chain");
            if (!enabled(rule) || never_works(rule) || chain == builtin ||
                !reached.contains(chain)) {
                continue;
            }
            const std::string refusal = action_refusal(menu, rule_text(rule, "action"), builtin);
            if (!refusal.empty()) {
                return fail(
                    fmt::format("{}: rule *{:X} of chain {} is reached from {} by jumps, and {}",
                                menu, rule.id, chain, builtin, refusal));
            }
        }
    }
    return {};
}

std::set<std::string_view> reached_chains(const Config &config, std::string_view menu,
                                          const std::function<bool(const Item &rule)> &works)
{
    const auto builtin = builtin_chains(menu);
    return reached_from(jumps_of(config, menu, works), {builtin.begin(), builtin.end()});
}

std::set<std::string_view> chains_below(const Config &config, std::string_view menu,
                                        std::string_view chain)
{
    const auto enabled = [](const Item &rule) { return !rule.disabled(); };
    return reached_from(jumps_of(config, menu, enabled), {chain});
}

Result<void> check_jumps(const Config &config, std::string_view menu)
{
    const Jumps jumps = jumps_of(config, menu, [](const Item &rule) { return !rule.disabled(); });
    JumpSearch search(menu, jumps);
    for (const auto &[chain, targets] : jumps) {
        if (const Result<std::size_t> depth = search.depth(chain); !depth) {
            return std::unexpected(depth.error());
        }
    }
    return {};
}

} // namespace tg
