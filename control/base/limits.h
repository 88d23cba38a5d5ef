// SPDX-License-Identifier: Apache-2.0
// The bounds of what userspace reads, by name; the datapath's are in tidegate/limits.h.
// Each is tested at its edge and one past it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tg {

// A script: a file, a pipe or one command line.
inline constexpr std::size_t limit_script_bytes = std::size_t{16} << 20;
inline constexpr std::size_t limit_line_bytes = 65536; // up to the line end, without it
inline constexpr std::size_t limit_commands = 131072;  // in one script
inline constexpr std::size_t limit_arguments = 256;    // of one command
inline constexpr unsigned limit_nesting = 32;          // braces, brackets and parentheses

// Conditions of where and find.
inline constexpr std::size_t limit_condition_terms = 256;
inline constexpr std::size_t limit_regex_bytes = 1024;                  // of the expression's text
inline constexpr std::size_t limit_regex_memory = std::size_t{1} << 20; // of it compiled

// The longest time a property can hold: 35w3d13h13m56s, as on RouterOS.
inline constexpr std::chrono::seconds limit_duration{21474836};

// The log file is renamed when it is this long; so many old ones are kept.
inline constexpr std::size_t limit_log_bytes = std::size_t{8} << 20;
inline constexpr std::size_t limit_log_files = 3;

// An instance's name; a socket's path must have room for it.
inline constexpr std::size_t limit_instance_name = 32;

// Revisions kept on disk, the one in force included.
inline constexpr std::size_t limit_revisions = 100;

// Values of properties.
inline constexpr std::int64_t limit_comment = 4096;      // bytes
inline constexpr std::int64_t limit_log_prefix = 31;     // bytes, as on RouterOS
inline constexpr std::int64_t limit_interface_name = 15; // bytes, the kernel's bound
inline constexpr std::int64_t limit_list_name = 64;      // bytes of an interface list's name
inline constexpr std::int64_t limit_chain_name = 64;     // bytes
inline constexpr std::int64_t limit_mark_name = 64;      // bytes
inline constexpr std::int64_t limit_helper_ports = 8;    // ports one helper watches

// Listings: how often one can be repeated.
inline constexpr std::chrono::milliseconds limit_interval_min{200};

// The control socket. A request may hold a whole script; escaping can double it.
inline constexpr std::size_t limit_rpc_line_bytes = 2 * limit_script_bytes + 65536;
inline constexpr std::size_t limit_rpc_depth = 16;                      // nesting of a request
inline constexpr std::size_t limit_rpc_id_bytes = 256;                  // of a request's id
inline constexpr std::size_t limit_rpc_clients = 32;                    // connected at once
inline constexpr std::size_t limit_rpc_chunk_bytes = 65536;             // text of one notification
inline constexpr std::size_t limit_held_output = std::size_t{16} << 20; // of an uncommitted run

} // namespace tg
