// SPDX-License-Identifier: Apache-2.0
// The agent of one instance: wires configuration, maps, network events and clients together. Only
// the thread of run changes anything; the others read.
#pragma once

#include <atomic>

#include "control/agent/engine.h"
#include "control/agent/held_pieces.h"
#include "control/agent/kernel_runtime.h"
#include "control/agent/loop.h"
#include "control/agent/nat_watch.h"
#include "control/agent/network.h"
#include "control/agent/rule_lines.h"
#include "control/base/instance.h"
#include "control/commit/committer.h"
#include "control/conntrack/aging.h"
#include "control/conntrack/followers.h"
#include "control/maps/ring.h"
#include "control/rpc/server.h"

namespace tg {

class Agent final : public Engine, public rpc::Service {
public:
    // Opens everything and brings a saved configuration into force if none is; in the network
    // namespace the thread is in. The caller holds the instance's lock.
    static Result<std::unique_ptr<Agent>> start(const Instance &instance);
    ~Agent() override;

    // Until stop, SIGTERM or SIGINT. The datapath goes on as it is.
    Result<void> run();

    std::shared_ptr<const Snapshot> snapshot() override;
    std::mutex &edits() override
    {
        return edits_;
    }
    Runtime &runtime() override
    {
        return runtime_;
    }
    Result<std::unique_ptr<EventStream>> follow() override;
    Result<std::uint64_t> apply(const Change &change) override;
    Result<Recheck> recheck() override;
    rpc::Json status() override;
    void stop() override;

    std::unique_ptr<rpc::Conversation> talk_to(const rpc::Peer &peer) override;

private:
    Agent(Instance instance, maps::Instance maps, maps::Events events, Network network,
          std::unique_ptr<Loop> loop);

    // The steps of start.
    Result<void> begin();
    Result<void> open_rule_lines();
    Result<void> take_over();
    Result<void> listen();
    Result<void> catch_signals();

    // All below: in the loop's thread.
    void publish();
    void follow_network();
    void network_event();
    void network_changed();
    Result<void> tell_datapath();
    void purge_masqueraded();
    void beat();
    void age();
    void listen_to_datapath();
    void hand_on_events();
    bool continue_resize();
    void size_table();
    void begin_stop();
    void continue_stop();
    Result<std::uint64_t> apply_now(const Change &change);
    [[nodiscard]] rpc::Json status_now();

    const Instance instance_;
    maps::Instance maps_;
    KernelConnectionStore store_;
    KernelDatapath datapath_;
    KernelRuntime runtime_;
    Committer committer_;
    NatWatch nat_watch_;
    Aging aging_;
    maps::Events events_;
    Followers followers_;
    std::uint64_t events_lost_ = 0; // that followers know of
    Network network_;
    std::optional<std::set<Address>> masqueraded_by_; // those without one of these were removed
    std::unique_ptr<Loop> loop_;
    std::unique_ptr<HeldPieces> held_pieces_;
    std::unique_ptr<RuleLines> rule_lines_;
    std::unique_ptr<rpc::Server> server_;
    Fd signals_;
    std::unique_ptr<Timer> heartbeat_;
    std::unique_ptr<Timer> aging_timer_;
    std::unique_ptr<Timer> network_timer_;
    std::unique_ptr<Timer> stop_timer_;
    std::mutex edits_;
    std::shared_ptr<const Snapshot> snapshot_;
    Duration started_ = {};
    Duration last_sync_ = {};
    bool network_waits_ = false;
    bool aging_fails_ = false;
    bool resize_fails_ = false;
    bool stopping_ = false;
    Duration stop_began_ = {};
};

} // namespace tg
