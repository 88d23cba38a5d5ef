/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One spelling of the compile-time assertion for C, C++ and BPF. */
#pragma once

#ifdef __cplusplus
#define TG_ASSERT(condition, message) static_assert(condition, message)
#else
#define TG_ASSERT(condition, message) _Static_assert(condition, message)
#endif
