// SPDX-License-Identifier: Apache-2.0
#include "control/agent/agent.h"

#include <array>
#include <csignal>
#include <pwd.h>
#include <sys/signalfd.h>

#include "control/agent/console.h"
#include "control/agent/event_stream.h"
#include "control/agent/lock.h"
#include "control/agent/status.h"
#include "control/base/log.h"
#include "control/config/validate.h"

namespace tg {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds heartbeat_interval{1000};
// Reading the whole network again and again while many interfaces come up would starve the rest.
constexpr milliseconds network_interval{100};
// A round over a full table of TG_LIMIT_CONNECTIONS takes a few seconds and a few per cent of a
// CPU; a small table is looked at once a second.
constexpr std::uint64_t aging_slice = 16384;
constexpr milliseconds aging_slice_interval{50};
constexpr milliseconds aging_round_interval{1000};
// Events handed on before the loop looks after the rest.
constexpr std::size_t event_batch = 1024;
constexpr milliseconds stop_poll{10};
// How long clients may take to read their last answer when the agent stops.
constexpr milliseconds stop_patience{1000};

std::string user_name(uid_t uid)
{
    std::array<char, 4096> buffer;
    passwd entry = {};
    passwd *found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return std::to_string(uid);
    }
    return found->pw_name;
}

} // namespace

Agent::Agent(Instance instance, maps::Instance maps, maps::Events events, Network network,
             std::unique_ptr<Loop> loop)
    : instance_(std::move(instance)), maps_(std::move(maps)), store_(maps_, host_clock()),
      datapath_(maps_, store_.clock()), runtime_(maps_, store_),
      committer_(datapath_, Paths::of(instance_), host_clock()),
      aging_(store_, [this](const tg_conn &record) { nat_watch_.see(record); }),
      events_(std::move(events)), network_(std::move(network)), loop_(std::move(loop)),
      started_(host_clock().since_boot())
{
}

Agent::~Agent()
{
    std::error_code ignored;
    if (server_) {
        std::filesystem::remove(control_socket(instance_), ignored);
    }
}

Result<std::unique_ptr<Agent>> Agent::start(const Instance &instance)
{
    Result<maps::Instance> maps = maps::Instance::open(instance.bpffs());
    if (!maps) {
        return std::unexpected(maps.error());
    }
    Result<maps::Events> events = maps::Events::open(instance.bpffs(), "tg_events");
    if (!events) {
        return std::unexpected(events.error());
    }
    Result<Network> network = Network::open();
    if (!network) {
        return std::unexpected(network.error());
    }
    Result<std::unique_ptr<Loop>> loop = Loop::make();
    if (!loop) {
        return std::unexpected(loop.error());
    }
    std::unique_ptr<Agent> agent(new Agent(instance, std::move(*maps), std::move(*events),
                                           std::move(*network), std::move(*loop)));
    if (const Result<void> begun = agent->begin(); !begun) {
        return std::unexpected(begun.error());
    }
    return agent;
}

Result<void> Agent::begin()
{
    for (const auto step :
         {&Agent::catch_signals, &Agent::open_rule_lines, &Agent::take_over, &Agent::listen}) {
        if (const Result<void> done = (this->*step)(); !done) {
            return done;
        }
    }
    return {};
}

// Before the first rules are in force.
Result<void> Agent::open_rule_lines()
{
    Result<std::unique_ptr<RuleLines>> lines =
        RuleLines::start(instance_.bpffs(), *loop_, maps_.tally_counters);
    if (!lines) {
        return std::unexpected(lines.error());
    }
    rule_lines_ = std::move(*lines);
    return {};
}

// From here on the agent owns the policy: what a former agent left, or what is saved.
Result<void> Agent::take_over()
{
    if (const Result<bool> read = network_.sync(); !read) {
        return std::unexpected(read.error());
    }
    if (const Result<void> told = tell_datapath(); !told) {
        return told;
    }
    const Environment &environment = network_.state().environment;
    Result<Standing> standing = committer_.load();
    if (standing && !standing->armed) {
        standing = committer_.arm(environment);
    } else if (standing) {
        standing = committer_.refresh(environment);
    }
    if (!standing) {
        return std::unexpected(standing.error());
    }
    for (const std::string &notice : standing->notices) {
        log_warning("{}", notice);
    }
    log_info("{}, revision {}", standing->armed ? "armed" : "not armed", standing->revision);
    publish();
    return {};
}

// For as many connections as are admitted now. A commit that admits more has made the room before.
void Agent::size_table()
{
    const Result<std::uint64_t> bank = maps_.control.bank();
    const Result<tg_bank_header> header = !bank        ? std::unexpected(bank.error())
                                          : *bank == 0 ? unarmed_header()
                                                       : maps_.banks.header(*bank);
    const Result<void> sized =
        header ? maps_.table_memory.resize(maps::table_size(*header), store_.clock().now())
               : std::unexpected(header.error());
    if (!sized) {
        log_error("{}", to_string(sized.error())); // fewer connections find a place
    }
}

Result<void> Agent::catch_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&set, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) {
        return fail("cannot catch signals");
    }
    return loop_->watch(signals_.get(), [this] {
        signalfd_siginfo signal = {};
        if (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
            log_info("signal {} from pid {}", signal.ssi_signo, signal.ssi_pid);
            begin_stop();
        }
    });
}

Result<void> Agent::listen()
{
    const std::pair<std::unique_ptr<Timer> *, void (Agent::*)()> timers[] = {
        {&heartbeat_, &Agent::beat},
        {&aging_timer_, &Agent::age},
        {&network_timer_, &Agent::follow_network},
        {&stop_timer_, &Agent::continue_stop},
    };
    for (const auto &[timer, function] : timers) {
        Result<Timer> made = Timer::make(*loop_, [this, function] { (this->*function)(); });
        if (!made) {
            return std::unexpected(made.error());
        }
        *timer = std::make_unique<Timer>(std::move(*made));
    }
    Result<std::unique_ptr<HeldPieces>> held =
        HeldPieces::start(instance_.bpffs(), *loop_, store_.clock());
    if (!held) {
        return std::unexpected(held.error());
    }
    held_pieces_ = std::move(*held);
    Result<rpc::Server> server = rpc::Server::listen(control_socket(instance_), *this);
    if (!server) {
        return std::unexpected(server.error());
    }
    server_ = std::make_unique<rpc::Server>(std::move(*server));
    if (const Result<void> watched = loop_->watch(server_->fd(), [this] { server_->accept(); });
        !watched) {
        return watched;
    }
    beat();
    aging_timer_->set(aging_slice_interval);
    if (const Result<void> watched = loop_->watch(events_.fd(), [this] { hand_on_events(); });
        !watched) {
        return watched;
    }
    return loop_->watch(network_.fd(), [this] { network_event(); });
}

Result<void> Agent::run()
{
    return loop_->run_while([this] { return !stopping_ || server_->busy(); });
}

void Agent::publish()
{
    size_table();
    purge_masqueraded();
    const Standing &standing = committer_.standing();
    snapshot_ = std::make_shared<const Snapshot>(
        Snapshot{standing.revision, standing.config, network_.state().environment});
    if (const Result<std::uint64_t> bank = maps_.control.bank(); bank) {
        rule_lines_->add_bank(*bank, standing.config, network_.state().environment);
    } else {
        log_error("what the rules in force log cannot be written: {}", to_string(bank.error()));
    }
    // What was tracked before would come back to life, too late, when tracking is on again.
    if (!tracking_active(standing.config, network_.state().environment)) {
        if (const auto removed = remove_connections(store_); !removed) {
            log_error("{}", to_string(removed.error()));
        }
    }
}

void Agent::network_event()
{
    if (!network_.drain() || network_waits_) {
        return;
    }
    const Duration since = host_clock().since_boot() - last_sync_;
    if (since >= network_interval) {
        follow_network();
        return;
    }
    network_waits_ = true;
    network_timer_->set(network_interval - since);
}

void Agent::follow_network()
{
    network_waits_ = false;
    last_sync_ = host_clock().since_boot();
    const Result<bool> changed = network_.sync();
    if (!changed) {
        log_error("{}", to_string(changed.error()));
        network_waits_ = true;
        network_timer_->set(network_interval);
    } else if (*changed) {
        network_changed();
    }
}

// What the datapath must know of the host's interfaces and addresses.
Result<void> Agent::tell_datapath()
{
    const NetworkState &state = network_.state();
    Result<void> told = maps_.devices.replace(state.devices);
    told = told ? maps_.vlans.replace(state.vlans) : told;
    return told ? maps_.addresses.replace(state.addresses) : told;
}

// What an address was lost under cannot be answered any more; what fails is tried again by beat().
void Agent::purge_masqueraded()
{
    const std::set<Address> &running = network_.state().running_addresses;
    if (masqueraded_by_ == running) {
        return;
    }
    if (const auto removed = remove_masqueraded(store_, running); !removed) {
        log_error("{}", to_string(removed.error()));
    } else {
        masqueraded_by_ = running;
        if (*removed > 0) {
            log_info("{} masqueraded connections have lost their address", *removed);
        }
    }
}

void Agent::network_changed()
{
    if (const Result<void> told = tell_datapath(); !told) {
        log_error("{}", to_string(told.error()));
    }
    if (const Result<Standing> now = committer_.refresh(network_.state().environment); !now) {
        log_error("interfaces have changed, but the rules in force could not follow: {}",
                  to_string(now.error()));
    }
    publish();
}

void Agent::beat()
{
    if (const Result<void> set = maps_.control.set_heartbeat(store_.clock().now()); !set) {
        log_error("{}", to_string(set.error()));
    }
    purge_masqueraded();
    listen_to_datapath();
    rule_lines_->tell_lost();
    heartbeat_->set(heartbeat_interval);
}

// As long as somebody follows; if the agent dies, the datapath soon stops telling.
void Agent::listen_to_datapath()
{
    const std::uint64_t patience =
        std::uint64_t{TG_LIMIT_SILENCE_SECONDS} * store_.clock().ticks_per_second();
    const std::uint64_t until = followers_.count() == 0 ? 0 : store_.clock().now() + patience;
    if (const Result<void> set = maps_.control.set_listening(until); !set) {
        log_error("{}", to_string(set.error()));
    }
}

// What is lost was lost behind what is in the ring, which was full then.
void Agent::hand_on_events()
{
    const Result<tg_table> table = maps_.table.read();
    const Result<std::size_t> told =
        events_.read(event_batch, [this](const tg_event &event) { followers_.tell(event); });
    if (!told || !table) {
        log_error("{}", to_string(told ? table.error() : told.error()));
        loop_->forget(events_.fd());
        followers_.end();
        return;
    }
    if (*told < event_batch && table->events_lost != events_lost_) {
        followers_.lose(table->events_lost - events_lost_);
        events_lost_ = table->events_lost;
    }
}

// Followers are told of losses from now on.
Result<std::unique_ptr<EventStream>> Agent::follow()
{
    return loop_->call([this]() -> Result<std::unique_ptr<EventStream>> {
        if (followers_.count() == 0) {
            const Result<tg_table> table = maps_.table.read();
            if (!table) {
                return std::unexpected(table.error());
            }
            events_lost_ = table->events_lost;
        }
        auto stream = std::make_unique<FollowedConnections>(followers_.add(), store_);
        listen_to_datapath();
        return stream;
    });
}

void Agent::age()
{
    const Result<Aging::Step> step = aging_.step(aging_slice);
    if (!step && !aging_fails_) {
        log_error("aging: {}", to_string(step.error()));
    }
    aging_fails_ = !step;
    if (step && step->round_done) {
        nat_watch_.end_walk(committer_.standing().config, host_clock().since_boot());
    }
    const bool resizing = continue_resize();
    aging_timer_->set(resizing || (step && !step->round_done) ? aging_slice_interval
                                                              : aging_round_interval);
}

// What a commit with another max-connections has left to do; false: nothing for now.
bool Agent::continue_resize()
{
    const Result<tg_table> table = maps_.table.read();
    const Result<bool> busy =
        table ? maps_.table_memory.step(table->connections) : std::unexpected(table.error());
    if (!busy && !resize_fails_) {
        log_error("connection table: {}", to_string(busy.error()));
    }
    resize_fails_ = !busy;
    return busy && *busy;
}

std::unique_ptr<rpc::Conversation> Agent::talk_to(const rpc::Peer &peer)
{
    return std::make_unique<Console>(*this, Author{.uid = peer.uid, .name = user_name(peer.uid)});
}

// The kernel queues its messages before the change they tell of is visible to whoever made it, so
// what a client has done before it asks is in the snapshot.
std::shared_ptr<const Snapshot> Agent::snapshot()
{
    return loop_->call([this] {
        if (network_.look()) {
            follow_network();
        }
        return snapshot_;
    });
}

Result<std::uint64_t> Agent::apply(const Change &change)
{
    return loop_->call([this, &change] { return apply_now(change); });
}

Result<std::uint64_t> Agent::apply_now(const Change &change)
{
    if (change.config) {
        const Result<Standing> standing =
            committer_.commit(*change.config, network_.state().environment, change.author);
        if (!standing) {
            return std::unexpected(standing.error());
        }
        publish();
        log_info("revision {} by {}", standing->revision, change.author.name);
    }
    const Result<void> zeroed = maps_.rule_counters.zero(change.reset);
    const Result<std::uint64_t> removed =
        zeroed ? runtime_.remove_connections(change.remove) : Result<std::uint64_t>(0);
    if (!zeroed || !removed) {
        return fail(fmt::format("{}{}", change.config ? "committed, but: " : "",
                                zeroed ? removed.error().message : zeroed.error().message));
    }
    return snapshot_->revision;
}

Result<Recheck> Agent::recheck()
{
    const Result<maps::Explainer> explainer = maps::Explainer::open(instance_.bpffs());
    if (!explainer) {
        return std::unexpected(explainer.error());
    }
    const auto devices = loop_->call([this] { return network_.state().devices; });
    return recheck_connections(
        store_, [&](const maps::ExplainQuestion &question) { return explainer->ask(question); },
        devices, snapshot()->config);
}

rpc::Json Agent::status()
{
    return loop_->call([this] { return status_now(); });
}

rpc::Json Agent::status_now()
{
    const Standing &standing = committer_.standing();
    const auto uptime =
        std::chrono::duration_cast<std::chrono::seconds>(host_clock().since_boot() - started_);
    return {{"pid", ::getpid()},
            {"version", TG_VERSION},
            {"uptime", uptime.count()},
            {"revision", standing.revision},
            {"armed", standing.armed},
            {"saved", standing.saved},
            {"notices", standing.notices},
            {"followers", followers_.count()},
            {"interfaces", network_.state().environment.interfaces.size()},
            {"route-changes", network_.route_changes()},
            {"netlink-losses", network_.losses()},
            {"nat", nat_watch_.status()}};
}

void Agent::stop()
{
    loop_->call([this] { begin_stop(); });
}

void Agent::begin_stop()
{
    if (stopping_) {
        return;
    }
    log_info("stopping; the datapath goes on");
    stopping_ = true;
    stop_began_ = host_clock().since_boot();
    loop_->forget(server_->fd());
    followers_.end();
    server_->stop();
    stop_timer_->set(stop_poll);
}

void Agent::continue_stop()
{
    if (host_clock().since_boot() - stop_began_ >= stop_patience) {
        server_->cut_off();
    }
    stop_timer_->set(stop_poll);
}

} // namespace tg
