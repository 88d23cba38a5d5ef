// SPDX-License-Identifier: Apache-2.0
// What a run sends, from the words of a request to the record the BPF programs read.
#pragma once

#include <array>

#include <nlohmann/json.hpp>

#include "control/base/error.h"
#include "tools/bench/bpf/traffic.h"

namespace tg::bench {

using Json = nlohmann::json;
using Frame = std::array<std::uint8_t, BENCH_FRAME>;

// protocol (udp, tcp), tcp-flags, flows, step, first, client, server ("198.18.0.0/16": the host
// bits vary), client-port, server-port, from-server, src-mac, dst-mac.
Result<bench_traffic> parse_traffic(const Json &request);

// A frame of flow 0, for whoever looks at it before a program runs; its checksums are 0.
Frame first_frame(const bench_traffic &traffic);

} // namespace tg::bench
