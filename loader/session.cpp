// SPDX-License-Identifier: Apache-2.0
#include "loader/session.h"

#include <algorithm>
#include <tuple>

#include <bpf/bpf.h>
#include <fmt/format.h>

#include "loader/attach_xdp.h"
#include "loader/bpffs.h"
#include "loader/confirm.h"
#include "loader/features.h"
#include "loader/interfaces.h"
#include "loader/load.h"
#include "loader/netns.h"
#include "loader/redirect_probe.h"
#include "loader/redirect_watch.h"
#include "tidegate/maps.h"

namespace tg::loader {
namespace {

bool in_namespace_of(const Record &record)
{
    const Result<std::uint64_t> here = netns_cookie();
    return here && *here == record.netns_cookie;
}

tg_attached_slot slot_of(std::uint32_t ifindex, const tg_attached &attached)
{
    return {
        .ifindex = ifindex, .link_header = attached.link_header, .xdp_target = attached.xdp_target};
}

// Says the same in the slot of the interface; a slot stays with whoever has it.
Result<void> fill_slot(const Instance &instance, const tg_attached_slot &wanted)
{
    const Result<Fd> map = pinned_map(instance, "tg_attached_slots");
    if (!map) {
        return std::unexpected(map.error());
    }
    const std::uint32_t number = wanted.ifindex & TG_DEVICE_SLOT_MASK;
    tg_attached_slot slot = {};
    if (bpf_map_lookup_elem(map->get(), &number, &slot) != 0) {
        return failed("read maps/tg_attached_slots", errno);
    }
    if (slot.ifindex != 0 && slot.ifindex != wanted.ifindex) {
        return {};
    }
    if (bpf_map_update_elem(map->get(), &number, &wanted, BPF_ANY) != 0) {
        return failed("write maps/tg_attached_slots", errno);
    }
    return {};
}

// Of the attached interfaces that could have the slot of one that is gone, one gets it. What fails
// costs time and nothing else: they are found without.
void pass_slot_on(const Instance &instance, std::uint32_t gone,
                  const std::vector<AttachedInterface> &interfaces)
{
    const Result<Fd> map = pinned_map(instance, "tg_attached");
    for (const AttachedInterface &each : interfaces) {
        tg_attached attached = {};
        if (map && ((each.ifindex ^ gone) & TG_DEVICE_SLOT_MASK) == 0 &&
            bpf_map_lookup_elem(map->get(), &each.ifindex, &attached) == 0) {
            std::ignore = fill_slot(instance, slot_of(each.ifindex, attached));
        }
    }
}

// Gives up the slot, if it is the interface's.
void empty_slot(const Instance &instance, std::uint32_t ifindex)
{
    const Result<Fd> map = pinned_map(instance, "tg_attached_slots");
    const std::uint32_t number = ifindex & TG_DEVICE_SLOT_MASK;
    tg_attached_slot slot = {};
    if (map && bpf_map_lookup_elem(map->get(), &number, &slot) == 0 && slot.ifindex == ifindex) {
        slot = {};
        bpf_map_update_elem(map->get(), &number, &slot, BPF_ANY);
    }
}

Result<void> tell_datapath(const Instance &instance, std::uint32_t ifindex,
                           const tg_attached &attached)
{
    const Result<Fd> map = pinned_map(instance, "tg_attached");
    if (!map) {
        return std::unexpected(map.error());
    }
    if (bpf_map_update_elem(map->get(), &ifindex, &attached, BPF_ANY) != 0) {
        return failed("write maps/tg_attached", errno);
    }
    return fill_slot(instance, slot_of(ifindex, attached));
}

// The datapath counts in the same record; what it counts between reading and writing is not kept.
Result<void> change_target(const Instance &instance, std::uint32_t ifindex, std::uint16_t target)
{
    const Result<Fd> map = pinned_map(instance, "tg_attached");
    if (!map) {
        return std::unexpected(map.error());
    }
    tg_attached attached = {};
    if (bpf_map_lookup_elem(map->get(), &ifindex, &attached) != 0) {
        return failed("read maps/tg_attached", errno);
    }
    attached.xdp_target = target;
    attached.redirect_error = 0;
    return tell_datapath(instance, ifindex, attached);
}

void untell_datapath(const Instance &instance, std::uint32_t ifindex)
{
    empty_slot(instance, ifindex);
    if (const Result<Fd> map = pinned_map(instance, "tg_attached")) {
        bpf_map_delete_elem(map->get(), &ifindex);
    }
}

// What the driver refuses now it has done before; there is nobody to be told.
void switch_on_again(const AttachedInterface &interface)
{
    if (const std::string name = interface_name(interface.ifindex); !name.empty()) {
        std::ignore = switch_features(name, interface.switched_off, true);
    }
}

} // namespace

bool reach_namespace(const Record &record)
{
    if (in_namespace_of(record)) {
        return true;
    }
    const Result<Fd> here = current_netns();
    if (!here) {
        return false;
    }
    const std::string path = record.netns.empty() ? "/proc/1/ns/net" : record.netns;
    if (enter_netns(path)) {
        if (in_namespace_of(record)) {
            return true;
        }
        std::ignore = enter_netns(*here); // another namespace by the same name
    }
    return false;
}

namespace {

// Whether anything is attached in the record's namespace, which is not the thread's. Filters of
// clsact can be seen only from inside, so the thread goes there, and comes back.
Result<bool> attached_elsewhere(const Instance &instance, const Record &record)
{
    const Result<Fd> here = current_netns();
    if (!here) {
        return std::unexpected(here.error());
    }
    const bool reached = reach_namespace(record);
    const bool attached = std::ranges::any_of(record.interfaces, [&](const auto &interface) {
        return link_status(instance, interface, reached).state == LinkState::attached;
    });
    if (const Result<void> back = enter_netns(*here); !back) {
        return std::unexpected(back.error());
    }
    return attached;
}

} // namespace

Result<Session> Session::to_attach(const Instance &instance, const std::string &netns)
{
    const Result<std::uint64_t> cookie = netns_cookie();
    if (!cookie) {
        return std::unexpected(cookie.error());
    }
    Result<Lock> lock = Lock::take(instance);
    if (!lock) {
        return std::unexpected(lock.error());
    }
    Result<std::optional<Record>> record = read_record(instance);
    if (!record) {
        return std::unexpected(record.error());
    }
    const Record here = {.netns = netns, .netns_cookie = *cookie};
    Session session(instance, std::move(*lock), record->value_or(here), true);
    if (const Result<void> moved = session.move_to(here); !moved) {
        return std::unexpected(moved.error());
    }
    if (const Result<void> forgotten = session.forget_gone(); !forgotten) {
        return std::unexpected(forgotten.error());
    }
    return session;
}

Result<Session> Session::to_detach(const Instance &instance)
{
    Result<Lock> lock = Lock::take(instance);
    if (!lock) {
        return std::unexpected(lock.error());
    }
    const Result<std::optional<Record>> record = read_record(instance);
    const Record known = record ? record->value_or(Record{}) : Record{};
    return Session(instance, std::move(*lock), known, reach_namespace(known));
}

// An instance whose namespace was deleted and made anew starts anew; a living one stays where it
// is.
Result<void> Session::move_to(const Record &here)
{
    if (record_.netns_cookie == here.netns_cookie) {
        return {};
    }
    in_namespace_ = false;
    const Result<bool> attached = attached_elsewhere(instance_, record_);
    if (!attached) {
        return std::unexpected(attached.error());
    }
    if (*attached || record_.interfaces.empty()) {
        return fail(fmt::format("instance \"{}\" belongs to network namespace {}: give that with "
                                "--netns, choose another --instance, or {}",
                                instance_.name(),
                                record_.netns.empty() ? "of the host" : record_.netns,
                                down_first(instance_)));
    }
    if (const Result<void> removed = remove_everything(); !removed) {
        return removed;
    }
    record_ = here;
    in_namespace_ = true;
    return {};
}

Result<void> Session::forget_gone()
{
    const std::vector<AttachedInterface> before = record_.interfaces;
    for (const AttachedInterface &interface : before) {
        if (link_status(instance_, interface, true).state == LinkState::gone) {
            if (const Result<void> done = detach(interface.ifindex); !done) {
                return done;
            }
        }
    }
    return {};
}

const AttachedInterface *Session::find(std::uint32_t ifindex)
{
    return record_.find(ifindex);
}

const AttachedInterface *Session::find(const std::string &name) const
{
    for (const AttachedInterface &interface : record_.interfaces) {
        const std::string now = in_namespace_ ? interface_name(interface.ifindex) : "";
        if ((now.empty() ? interface.name : now) == name) {
            return &interface;
        }
    }
    return nullptr;
}

Result<void> Session::save() const
{
    return write_record(instance_, record_);
}

// TC first: it judges whatever XDP passes on without a word.
Result<void> Session::attach_programs(AttachedInterface &interface, LinkWish wish,
                                      bool may_fall_back)
{
    if (const Result<void> done = attach_tc(instance_, interface, wish); !done) {
        return done;
    }
    if (interface.mode == TG_MODE_TC) {
        return {};
    }
    Result<void> done = switch_features(interface.name, interface.switched_off, false);
    if (done) {
        done = attach_xdp(instance_, interface);
    }
    if (!done && may_fall_back) {
        interface.mode = TG_MODE_TC;
        interface.why = done.error().message;
        switch_on_again(interface);
        interface.switched_off.clear();
        return {};
    }
    if (done) {
        try_redirect(interface);
    }
    return done;
}

// XDP sends only to interfaces of which a loss would be heard.
void Session::try_redirect(AttachedInterface &interface) const
{
    RedirectAbility ability = {.why = "only interfaces in native mode are sent to by XDP"};
    if (interface.mode == TG_MODE_NATIVE) {
        const Result<void> watched = start_redirect_watch(instance_);
        ability = watched ? probe_redirect(interface.ifindex)
                          : RedirectAbility{.why = watched.error().message};
    }
    interface.xdp_target = ability.takes;
    interface.xdp_target_why = ability.why;
}

Result<void> Session::try_redirect_again(std::uint32_t ifindex)
{
    AttachedInterface *interface = record_.find(ifindex);
    if (interface == nullptr || interface->mode != TG_MODE_NATIVE) {
        return {};
    }
    try_redirect(*interface);
    if (const Result<void> saved = save(); !saved) {
        return saved;
    }
    return change_target(instance_, ifindex, interface->xdp_target);
}

// The record first, then what the datapath must know, then the links: whoever comes after a sudden
// end finds everything that may have to be taken away. What the links have shown is told last.
Result<void> Session::attach(AttachedInterface interface, std::uint16_t link_header, LinkWish wish,
                             bool may_fall_back)
{
    const std::uint32_t ifindex = interface.ifindex;
    const auto tell = [&] {
        return tell_datapath(instance_, ifindex,
                             {.mode = interface.mode,
                              .link_header = link_header,
                              .xdp_target = interface.xdp_target});
    };
    interface.link = wish.value_or(Link::tcx);
    record_.interfaces.push_back(interface);
    Result<void> done = save();
    if (done) {
        done = tell();
    }
    if (done) {
        done = attach_programs(interface, wish, may_fall_back);
    }
    *record_.find(ifindex) = interface;
    if (done) {
        done = save();
    }
    if (done) {
        done = tell();
    }
    if (!done) {
        std::ignore = detach(ifindex); // the first error is the one to tell
    }
    return done;
}

Result<void> Session::detach(std::uint32_t ifindex)
{
    const AttachedInterface *interface = record_.find(ifindex);
    if (interface == nullptr) {
        return {};
    }
    detach_xdp(instance_, ifindex);
    if (const Result<void> done = detach_tc(instance_, *interface, in_namespace_); !done) {
        return done;
    }
    if (in_namespace_) {
        switch_on_again(*interface);
    }
    untell_datapath(instance_, ifindex);
    std::erase_if(record_.interfaces,
                  [ifindex](const auto &each) { return each.ifindex == ifindex; });
    pass_slot_on(instance_, ifindex, record_.interfaces);
    if (std::ranges::find(record_.interfaces, TG_MODE_NATIVE, &AttachedInterface::mode) ==
        record_.interfaces.end()) {
        stop_redirect_watch(instance_);
    }
    return save();
}

Result<void> Session::remove_everything()
{
    cancel_timer(instance_);
    while (!record_.interfaces.empty()) {
        if (const Result<void> done = detach(record_.interfaces.back().ifindex); !done) {
            return done;
        }
    }
    if (const Result<void> removed = remove_bpffs(instance_); !removed) {
        return removed;
    }
    remove_record(instance_);
    return {};
}

} // namespace tg::loader
