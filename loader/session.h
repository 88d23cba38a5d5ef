// SPDX-License-Identifier: Apache-2.0
// One instance under lock, with its record, while it is being changed: what attach and detach have
// in common.
#pragma once

#include "control/base/instance.h"
#include "loader/attach_tc.h"
#include "loader/link_status.h"
#include "loader/record.h"
#include "loader/system.h"

namespace tg::loader {

// Moves this process into the record's namespace, if it is not there. False: it cannot be reached,
// most likely because it is gone; the process is where it was.
bool reach_namespace(const Record &record);

class Session {
public:
    // For adding: the record is that of the present namespace, interfaces that are gone are
    // forgotten. Error if the instance belongs to another namespace that still lives.
    static Result<Session> to_attach(const Instance &instance, const std::string &netns);
    // For removing: goes on without the namespace if that is gone, and without a readable record.
    static Result<Session> to_detach(const Instance &instance);

    [[nodiscard]] const Instance &instance() const
    {
        return instance_;
    }
    [[nodiscard]] const Record &record() const
    {
        return record_;
    }
    // As the record has it; nullptr: not attached.
    [[nodiscard]] const AttachedInterface *find(std::uint32_t ifindex);
    [[nodiscard]] const AttachedInterface *find(const std::string &name) const;

    Result<void> save() const;
    // `may_fall_back`: to tc mode, if the driver refuses XDP.
    Result<void> attach(AttachedInterface interface, std::uint16_t link_header, LinkWish wish,
                        bool may_fall_back);
    // What an attached interface takes of redirected frames may have changed: tries it once more.
    Result<void> try_redirect_again(std::uint32_t ifindex);
    Result<void> detach(std::uint32_t ifindex);
    // All interfaces, pins, the mount, the timer and the files: the instance is not loaded any
    // more.
    Result<void> remove_everything();

private:
    Session(Instance instance, Lock lock, Record record, bool in_namespace)
        : instance_(std::move(instance)), lock_(std::move(lock)), record_(std::move(record)),
          in_namespace_(in_namespace)
    {
    }
    Result<void> attach_programs(AttachedInterface &interface, LinkWish wish, bool may_fall_back);
    void try_redirect(AttachedInterface &interface) const;
    Result<void> move_to(const Record &here);
    Result<void> forget_gone();

    Instance instance_;
    Lock lock_;
    Record record_;
    bool in_namespace_;
};

} // namespace tg::loader
