// SPDX-License-Identifier: Apache-2.0
#include "loader/commands.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "loader/bpffs.h"
#include "loader/confirm.h"
#include "loader/interfaces.h"
#include "loader/limits.h"
#include "loader/load.h"
#include "loader/master.h"
#include "loader/modes.h"
#include "loader/netns.h"
#include "loader/pickup.h"
#include "loader/probe.h"
#include "loader/session.h"
#include "tidegate/limits.h"

namespace tg::loader {
namespace fs = std::filesystem;
namespace {

Result<std::vector<Interface>> find_interfaces(const std::vector<std::string> &names)
{
    std::vector<Interface> found;
    for (const std::string &name : names) {
        Result<Interface> interface = find_interface(name);
        if (!interface) {
            return std::unexpected(interface.error());
        }
        if (std::ranges::find(found, interface->ifindex, &Interface::ifindex) == found.end()) {
            found.push_back(std::move(*interface));
        }
    }
    return found;
}

// Two firewalls on one interface would each judge every packet.
Result<void> check_other_instances(const Instance &own, const std::vector<Interface> &wanted)
{
    const Result<std::uint64_t> cookie = netns_cookie();
    std::error_code ignored;
    for (const fs::directory_entry &entry : fs::directory_iterator(run_root(), ignored)) {
        const Result<Instance> other = Instance::named(entry.path().filename().string());
        if (!other || other->name() == own.name()) {
            continue;
        }
        const Result<std::optional<Record>> read = read_record(*other);
        std::optional<Record> record = read ? *read : std::nullopt;
        if (!record || !cookie || record->netns_cookie != *cookie) {
            continue;
        }
        for (const Interface &interface : wanted) {
            const AttachedInterface *theirs = record->find(interface.ifindex);
            if (theirs != nullptr &&
                link_status(*other, *theirs, true).state == LinkState::attached) {
                return fail(fmt::format("interface {} is already attached by instance \"{}\"",
                                        interface.name, other->name()));
            }
        }
    }
    return {};
}

// What of `wanted` is not attached yet; a broken one is taken away first, to be attached anew. One
// that is attached is tried again as a target of redirects.
Result<std::vector<Interface>> missing(Session &session, const std::vector<Interface> &wanted)
{
    std::vector<Interface> add;
    for (const Interface &interface : wanted) {
        const AttachedInterface *known = session.find(interface.ifindex);
        if (known != nullptr) {
            if (link_status(session.instance(), *known, true).state == LinkState::attached) {
                if (const Result<void> tried = session.try_redirect_again(interface.ifindex);
                    !tried) {
                    return std::unexpected(tried.error());
                }
                continue;
            }
            if (const Result<void> done = session.detach(interface.ifindex); !done) {
                return std::unexpected(done.error());
            }
        }
        add.push_back(interface);
    }
    const std::size_t total = session.record().interfaces.size() + add.size();
    if (total > TG_LIMIT_ATTACHED) {
        return fail(fmt::format("an instance can be attached to {} interfaces, that would be {}",
                                TG_LIMIT_ATTACHED, total));
    }
    return add;
}

struct Planned {
    Interface interface;
    ChosenMode mode;
};

// Before anything is changed: every interface can have the mode that was asked for.
Result<std::vector<Planned>> plan(const std::vector<Interface> &wanted, const std::string &asked)
{
    std::vector<Planned> planned;
    for (const Interface &interface : wanted) {
        Result<ChosenMode> mode = choose_mode(asked, interface);
        if (!mode) {
            return std::unexpected(mode.error());
        }
        planned.push_back({interface, std::move(*mode)});
    }
    return planned;
}

Result<void> attach_each(Session &session, const std::vector<Planned> &planned,
                         const std::vector<Interface> &add, const AttachRequest &request)
{
    for (const Planned &each : planned) {
        const Interface &interface = each.interface;
        if (std::ranges::find(add, interface.ifindex, &Interface::ifindex) == add.end()) {
            continue;
        }
        const AttachedInterface attached = {.ifindex = interface.ifindex,
                                            .name = interface.name,
                                            .driver = interface.driver,
                                            .asked = request.mode,
                                            .mode = each.mode.mode,
                                            .why = each.mode.why,
                                            .switched_off = each.mode.switch_off};
        const Result<void> done =
            session.attach(attached, interface.link_header, request.link, each.mode.may_fall_back);
        if (!done) {
            return done;
        }
    }
    return {};
}

// The deadline is set first, so that the first packet is judged by it.
Result<void> attach_picking_up(Session &session, const std::vector<Planned> &planned,
                               const std::vector<Interface> &add, const AttachRequest &request)
{
    const Result<tg_layout> before = read_layout(session.instance());
    if (!before) {
        return std::unexpected(before.error());
    }
    if (request.pickup_seconds) {
        if (const Result<void> done = start_pickup(session.instance(), *request.pickup_seconds);
            !done) {
            return done;
        }
    }
    const Result<void> done = attach_each(session, planned, add, request);
    if (!done && request.pickup_seconds) {
        undo_pickup(session.instance(), *before);
    }
    return done;
}

// What the timer process does when nobody confirmed.
void take_back(const Instance &instance)
{
    Result<Session> session = Session::to_detach(instance);
    const std::optional<Pending> pending = read_pending(instance);
    if (!session) {
        return;
    }
    if (!pending || pending->pid != ::getpid()) {
        return; // confirmed, or replaced by a later timer, at the last moment
    }
    for (const std::uint32_t ifindex : pending->interfaces) {
        std::ignore = session->detach(ifindex); // nobody is there to be told
    }
    if (pending->everything && session->record().interfaces.empty()) {
        std::ignore = session->remove_everything();
    } else {
        cancel_timer(instance);
    }
}

// A later attach with --confirm puts all that is unconfirmed on one new deadline.
Result<void> put_on_probation(const Session &session, const std::vector<Interface> &added,
                              bool first, const AttachRequest &request)
{
    Pending pending = read_pending(session.instance()).value_or(Pending{});
    for (const Interface &interface : added) {
        pending.interfaces.push_back(interface.ifindex);
    }
    pending.everything = pending.everything || first;
    const auto &seconds = request.confirm_seconds;
    if (pending.interfaces.empty() || !seconds) {
        return {};
    }
    const Instance &instance = session.instance();
    cancel_timer(instance);
    return start_timer(instance, pending, *seconds, request.home,
                       [&instance] { take_back(instance); });
}

void undo(Session &session, const std::vector<Interface> &added, bool first)
{
    for (const Interface &interface : added) {
        // The error that led here is the one to tell.
        std::ignore = session.detach(interface.ifindex);
    }
    if (first) {
        std::ignore = session.remove_everything();
    }
}

Lines describe(Session &session, const std::vector<Interface> &wanted,
               const std::vector<Interface> &added, const AttachRequest &request)
{
    Lines lines;
    for (const Interface &interface : wanted) {
        const AttachedInterface *known = session.find(interface.ifindex);
        const bool is_new =
            std::ranges::find(added, interface.ifindex, &Interface::ifindex) != added.end();
        lines.push_back(fmt::format("{}: {} by {}, mode {} ({})", interface.name,
                                    is_new ? "attached" : "already attached",
                                    to_string(known->link), to_string(known->mode), known->why));
    }
    if (request.pickup_seconds) {
        lines.push_back(fmt::format("joins TCP connections in their middle for {} seconds",
                                    *request.pickup_seconds));
    }
    if (request.confirm_seconds && read_pending(session.instance())) {
        lines.push_back(fmt::format("detaches again in {} seconds unless `tidegate-loader confirm "
                                    "--instance {}` comes first",
                                    *request.confirm_seconds, session.instance().name()));
    }
    return lines;
}

Result<void> check_seconds(const char *option, const std::optional<unsigned> &seconds,
                           unsigned most)
{
    if (seconds && (*seconds == 0 || *seconds > most)) {
        return fail(fmt::format("{} {}: expected 1 to {} seconds", option, *seconds, most));
    }
    return {};
}

Result<void> check_request(const AttachRequest &request)
{
    Result<void> given = check_seconds("--confirm", request.confirm_seconds, limit_confirm_seconds);
    if (given) {
        given = check_seconds("--pickup", request.pickup_seconds, limit_pickup_seconds);
    }
    if (!given) {
        return given;
    }
    if (const Result<void> able = check_kernel(); !able) {
        return able;
    }
    return check_mounts_stay();
}

// Loads if need be; `first`: nothing was there before.
Result<void> load_for(const Session &session, bool &first)
{
    const Result<LoadState> state = load_state(session.instance());
    if (!state) {
        return std::unexpected(state.error());
    }
    first = *state != LoadState::complete;
    raise_memory_limit();
    return load(session.instance());
}

} // namespace

Result<Lines> attach(const AttachRequest &request)
{
    if (const Result<void> able = check_request(request); !able) {
        return std::unexpected(able.error());
    }
    const Result<std::vector<Interface>> wanted = find_interfaces(request.interfaces);
    if (!wanted) {
        return std::unexpected(wanted.error());
    }
    const Result<std::vector<Planned>> planned = plan(*wanted, request.mode);
    if (!planned) {
        return std::unexpected(planned.error());
    }
    if (const Result<void> free = check_other_instances(request.instance, *wanted); !free) {
        return std::unexpected(free.error());
    }
    Result<Session> session = Session::to_attach(request.instance, request.netns);
    if (!session) {
        return std::unexpected(session.error());
    }
    const Result<std::vector<Interface>> add = missing(*session, *wanted);
    if (!add) {
        return std::unexpected(add.error());
    }
    bool first = false;
    Result<void> done = load_for(*session, first);
    if (!done) {
        return std::unexpected(done.error());
    }
    done = attach_picking_up(*session, *planned, *add, request);
    if (done && request.confirm_seconds) {
        done = put_on_probation(*session, *add, first, request);
    }
    if (!done) {
        undo(*session, *add, first);
        return std::unexpected(done.error());
    }
    return describe(*session, *wanted, *add, request);
}

Lines warnings(const AttachRequest &request)
{
    Lines lines;
    const Result<std::optional<Record>> record = read_record(request.instance);
    const Result<std::vector<Interface>> interfaces = find_interfaces(request.interfaces);
    if (!record || !interfaces) {
        return lines;
    }
    for (const Interface &interface : *interfaces) {
        const std::string advice =
            port_advice(masters_of(interface.ifindex), record->value_or(Record{}));
        if (!advice.empty()) {
            lines.push_back(fmt::format("warning: {} {}", interface.name, advice));
        }
    }
    return lines;
}

Result<Lines> load_only(const AttachRequest &request)
{
    if (const Result<void> able = check_request(request); !able) {
        return std::unexpected(able.error());
    }
    Result<Session> session = Session::to_attach(request.instance, request.netns);
    if (!session) {
        return std::unexpected(session.error());
    }
    bool first = false;
    Result<void> done = load_for(*session, first);
    if (done) {
        done = session->save();
    }
    if (!done) {
        return std::unexpected(done.error());
    }
    return Lines{fmt::format("{} in {}", first ? "loaded" : "already loaded",
                             request.instance.bpffs().string())};
}

Result<Lines> detach(const Instance &instance, const std::vector<std::string> &names)
{
    Result<Session> session = Session::to_detach(instance);
    if (!session) {
        return std::unexpected(session.error());
    }
    std::vector<AttachedInterface> chosen;
    for (const std::string &name : names) {
        const AttachedInterface *known = session->find(name);
        if (known == nullptr) {
            return fail(fmt::format(R"(interface "{}" is not attached by instance "{}")", name,
                                    instance.name()));
        }
        chosen.push_back(*known);
    }
    Lines lines;
    for (const AttachedInterface &interface :
         names.empty() ? session->record().interfaces : chosen) {
        lines.push_back(fmt::format("{}: detached", interface.name));
    }
    if (names.empty()) {
        if (const Result<void> removed = session->remove_everything(); !removed) {
            return std::unexpected(removed.error());
        }
        return lines;
    }
    for (const AttachedInterface &interface : chosen) {
        if (const Result<void> done = session->detach(interface.ifindex); !done) {
            return std::unexpected(done.error());
        }
    }
    return lines;
}

Result<Lines> confirm(const Instance &instance)
{
    const Result<Lock> lock = Lock::take(instance);
    if (!lock) {
        return std::unexpected(lock.error());
    }
    if (!read_pending(instance)) {
        return fail(fmt::format("nothing of instance \"{}\" waits to be confirmed (too late, or it "
                                "was attached without --confirm)",
                                instance.name()));
    }
    cancel_timer(instance);
    return Lines{"confirmed"};
}

} // namespace tg::loader
