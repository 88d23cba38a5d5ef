// SPDX-License-Identifier: Apache-2.0
// The BPF objects built into the loader: a table, and how one is opened. Nothing here is loaded
// into the kernel.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include <bpf/libbpf.h>

#include "control/base/error.h"

namespace tg::loader {

struct ObjectSource {
    const char *name;
    const void *(*bytes)(std::size_t *size);
    // Its programs are variants of one: each is loaded when it is attached for the first time, for
    // the kernel takes a third of a second to verify one.
    bool on_demand = false;
};

// Every object of the datapath.
std::span<const ObjectSource> datapath_objects();
// Loaded apart, since the rest works without it.
const ObjectSource &redirect_watch_object();
// Run by the loader itself and never pinned.
const ObjectSource &clock_object();
const ObjectSource &redirect_probe_object();

struct ObjectCloser {
    void operator()(bpf_object *object) const
    {
        bpf_object__close(object);
    }
};
using Object = std::unique_ptr<bpf_object, ObjectCloser>;

// Maps declared to be pinned by name are shared through the folder `maps`.
Result<Object> open_object(const ObjectSource &source, const std::filesystem::path &maps);

// Verifies and loads it, or that program of it alone; the error holds the verifier's last lines.
Result<void> load_object(const ObjectSource &source, bpf_object &object);
Result<void> load_program(const ObjectSource &source, bpf_object &object, bpf_program &program);

} // namespace tg::loader
