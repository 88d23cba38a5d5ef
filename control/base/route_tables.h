// SPDX-License-Identifier: Apache-2.0
// The names of routing tables, as iproute2 has them. Whether such a table has routes is not asked.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tg {

using TableNames = std::map<std::string, std::uint32_t, std::less<>>;

// Adds the lines "NUMBER NAME" of an rt_tables file; others say nothing, as to ip(8).
void add_table_names(std::string_view text, TableNames &names);

// Those of the files of this host, the administrator's last, and those that every kernel has.
TableNames read_table_names();

} // namespace tg
