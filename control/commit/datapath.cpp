// SPDX-License-Identifier: Apache-2.0
#include "control/commit/datapath.h"

#include "control/maps/instance.h"

namespace tg {

Result<std::uint64_t> KernelDatapath::bank() const
{
    return maps_.control.bank();
}

Result<tg_bank_header> KernelDatapath::header(std::uint64_t bank) const
{
    return maps_.banks.header(bank);
}

Result<void> KernelDatapath::zero_counters(std::span<const std::uint32_t> ids)
{
    return maps_.rule_counters.zero(ids);
}

Result<void> KernelDatapath::make_room(const tg_bank_header &header)
{
    return maps_.table_memory.grow(maps::table_size(header), clock_.now());
}

Result<void> KernelDatapath::fill(std::uint64_t bank, std::span<const tg_bank_element> elements)
{
    return maps_.banks.fill(bank, elements);
}

Result<void> KernelDatapath::put_in_force(std::uint64_t bank)
{
    return maps_.control.set_bank(bank);
}

Result<void> KernelDatapath::wait_for_packets()
{
    return maps_.banks.wait_for_packets();
}

} // namespace tg
