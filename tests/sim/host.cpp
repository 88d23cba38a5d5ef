// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/host.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace tg::sim {

Result<void> SimulatedDatapath::call()
{
    act();
    if (fail_at_ != 0 && --fail_at_ == 0) {
        return fail("the simulated kernel refuses");
    }
    return {};
}

Result<std::uint64_t> SimulatedDatapath::bank() const
{
    return kernel_.bank;
}

Result<tg_bank_header> SimulatedDatapath::header(std::uint64_t bank) const
{
    return kernel_.banks[bank & 1][TG_BANK_HEADER].header;
}

Result<void> SimulatedDatapath::zero_counters(std::span<const std::uint32_t> ids)
{
    for (const std::uint32_t id : ids) {
        if (Result<void> called = call(); !called) {
            return called;
        }
        kernel_.counters[id] = 0;
    }
    return {};
}

Result<void> SimulatedDatapath::make_room(const tg_bank_header & /*header*/)
{
    return call();
}

Result<void> SimulatedDatapath::fill(std::uint64_t bank, std::span<const tg_bank_element> elements)
{
    if (Result<void> called = call(); !called) {
        return called;
    }
    // A packet that began under the former bank, which lies in the same slot, might still read it.
    if (bank == kernel_.bank || kernel_.waited_for < kernel_.bank) {
        kernel_.overwrote_a_used_bank = true;
    }
    kernel_.sizes[bank & 1] = elements.size();
    std::ranges::copy(elements, kernel_.banks[bank & 1]);
    return {};
}

Result<void> SimulatedDatapath::put_in_force(std::uint64_t bank)
{
    if (Result<void> called = call(); !called) {
        return called;
    }
    kernel_.bank = bank;
    return {};
}

Result<void> SimulatedDatapath::wait_for_packets()
{
    if (Result<void> called = call(); !called) {
        return called;
    }
    kernel_.waited_for = kernel_.bank;
    return {};
}

Host::Host()
{
    // Memory rather than a disk if there is such a place: thousands of syncs.
    const char *base = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    std::string pattern = std::string(base) + "/tidegate-sim-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        std::abort();
    }
    folder_ = pattern;
    void *memory =
        ::mmap(nullptr, sizeof(Kernel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        std::abort();
    }
    kernel_ = new (memory) Kernel();
}

Host::~Host()
{
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
    ::munmap(kernel_, sizeof(Kernel));
}

Paths Host::paths() const
{
    return {folder_ / "run", folder_ / "etc", folder_ / "state"};
}

void Host::reboot()
{
    *kernel_ = Kernel();
}

Committer Host::start(SimulatedDatapath &datapath) const
{
    return Committer(datapath, paths(), clock_);
}

} // namespace tg::sim
