// SPDX-License-Identifier: Apache-2.0
#include "control/maps/instance.h"

namespace tg::maps {

namespace {

// The first error of several results, if there is one.
template <class... Results> const Error *first_error(const Results &...results)
{
    const Error *first = nullptr;
    ((first == nullptr && !results ? (first = &results.error()) : first), ...);
    return first;
}

} // namespace

Result<Instance> Instance::open(const std::filesystem::path &bpffs)
{
    // First of all: what the other maps mean depends on it.
    const Result<tg_layout> layout = read_layout(bpffs);
    if (!layout) {
        return std::unexpected(layout.error());
    }
    Result<Control> control = Control::open(bpffs);
    Result<Table> table = Table::open(bpffs);
    Result<TableMemory> memory = TableMemory::open(bpffs);
    Result<Banks> banks = Banks::open(bpffs);
    Result<RuleCounters> rules = RuleCounters::open(bpffs);
    Result<ReasonCounters> reasons = ReasonCounters::open(bpffs, "tg_reasons_count");
    Result<AnswerCounters> answers = AnswerCounters::open(bpffs, "tg_answers_count");
    Result<PieceCounters> pieces = PieceCounters::open(bpffs, "tg_pieces_count");
    Result<TallyCounters> tallies = TallyCounters::open(bpffs, "tg_tallies_count");
    Result<Connections> connections = Connections::open(bpffs);
    Result<SweepProgram> sweep = SweepProgram::open(bpffs);
    Result<Attached> attached = Attached::open(bpffs);
    Result<Devices> devices = Devices::open(bpffs);
    Result<Vlans> vlans = Vlans::open(bpffs);
    Result<Addresses> addresses = Addresses::open(bpffs);
    if (const Error *error =
            first_error(control, table, memory, banks, rules, reasons, answers, pieces, tallies,
                        connections, sweep, attached, devices, vlans, addresses)) {
        return std::unexpected(*error);
    }
    return Instance{*layout,
                    std::move(*control),
                    std::move(*table),
                    std::move(*memory),
                    std::move(*banks),
                    std::move(*rules),
                    std::move(*reasons),
                    std::move(*answers),
                    std::move(*pieces),
                    std::move(*tallies),
                    std::move(*connections),
                    std::move(*sweep),
                    std::move(*attached),
                    std::move(*devices),
                    std::move(*vlans),
                    std::move(*addresses)};
}

} // namespace tg::maps
