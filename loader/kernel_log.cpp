// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel_log.h"

#include <cstdarg>
#include <cstdio>
#include <utility>
#include <vector>

#include <bpf/libbpf.h>

#include "loader/limits.h"

namespace tg::loader {
namespace {

std::string &kept()
{
    static std::string text;
    return text;
}

__attribute__((format(printf, 2, 0))) int keep(enum libbpf_print_level level, const char *format,
                                               va_list arguments)
{
    if (level == LIBBPF_DEBUG) {
        return 0;
    }
    va_list again;
    va_copy(again, arguments);
    const int length = std::vsnprintf(nullptr, 0, format, again);
    va_end(again);
    if (length <= 0) {
        return 0;
    }
    std::vector<char> line(static_cast<std::size_t>(length) + 1);
    std::vsnprintf(line.data(), line.size(), format, arguments);
    std::string &text = kept();
    text.append(line.data(), static_cast<std::size_t>(length));
    if (text.size() > limit_log_bytes) {
        text.erase(0, text.size() - limit_log_bytes);
    }
    return 0;
}

} // namespace

void keep_kernel_log()
{
    libbpf_set_print(keep);
}

std::string take_kernel_log()
{
    return std::exchange(kept(), {});
}

} // namespace tg::loader
