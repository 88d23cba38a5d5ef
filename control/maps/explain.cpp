// SPDX-License-Identifier: Apache-2.0
#include "control/maps/explain.h"

#include <cerrno>
#include <cstring>
#include <mutex>
#include <sched.h>
#include <vector>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include "control/maps/counters.h"
#include "control/maps/program.h"
#include "tidegate/maps.h"

namespace tg::maps {

namespace {

constexpr MapSpec records_spec = {"tg_explained", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(tg_record)};

// Keeps the thread on the CPU it is on: what a program records there is read from there.
class OneCpu {
public:
    OneCpu() : cpu_(::sched_getcpu())
    {
        cpu_set_t one;
        CPU_ZERO(&one);
        if (cpu_ < 0 || cpu_ >= CPU_SETSIZE ||
            ::sched_getaffinity(0, sizeof before_, &before_) != 0) {
            return;
        }
        CPU_SET(static_cast<unsigned>(cpu_), &one);
        kept_ = ::sched_setaffinity(0, sizeof one, &one) == 0;
    }
    ~OneCpu()
    {
        if (kept_) {
            ::sched_setaffinity(0, sizeof before_, &before_);
        }
    }
    OneCpu(const OneCpu &) = delete;
    OneCpu &operator=(const OneCpu &) = delete;
    explicit operator bool() const
    {
        return kept_;
    }
    [[nodiscard]] std::size_t number() const
    {
        return static_cast<std::size_t>(cpu_);
    }

private:
    int cpu_;
    cpu_set_t before_ = {};
    bool kept_ = false;
};

} // namespace

Result<Explainer> Explainer::open(const std::filesystem::path &bpffs)
{
    Result<Fd> ingress = open_program(bpffs, "explain_ingress");
    Result<Fd> egress = open_program(bpffs, "explain_egress");
    Result<PinnedMap> records = PinnedMap::open(bpffs, records_spec);
    const Result<std::size_t> cpus = possible_cpus();
    if (!ingress || !egress || !records || !cpus) {
        return std::unexpected(!ingress   ? ingress.error()
                               : !egress  ? egress.error()
                               : !records ? records.error()
                                          : cpus.error());
    }
    return Explainer(std::move(*ingress), std::move(*egress), std::move(*records), *cpus);
}

Result<Explained> Explainer::ask(const ExplainQuestion &question) const
{
    static std::mutex asking;
    const std::lock_guard one(asking);
    const OneCpu cpu;
    if (!cpu || cpu.number() >= cpus_) {
        return fail(fmt::format("cannot stay on one CPU: {}", std::strerror(errno)));
    }
    __sk_buff context = {};
    context.ifindex = question.ifindex;
    context.ingress_ifindex = question.sent ? 0 : question.ifindex;
    context.cb[TG_EXPLAIN_WITHOUT] = question.without;
    bpf_test_run_opts options = {};
    options.sz = sizeof options;
    options.data_in = question.frame.data();
    options.data_size_in = static_cast<std::uint32_t>(question.frame.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof context;
    options.repeat = 1;
    if (bpf_prog_test_run_opts((question.sent ? egress_ : ingress_).get(), &options) != 0) {
        return fail(fmt::format("cannot run the explain program: {}", std::strerror(errno)));
    }
    // The kernel hands out each CPU's value at a multiple of eight bytes.
    static_assert(sizeof(tg_record) % 8 == 0);
    std::vector<tg_record> records(cpus_);
    const std::uint32_t zero = 0;
    if (bpf_map_lookup_elem(records_.fd(), &zero, records.data()) != 0) {
        return records_.failed("read", errno);
    }
    return Explained{options.retval, records[cpu.number()]};
}

} // namespace tg::maps
