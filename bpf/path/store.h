/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which stores the stages have: those that write, or, where the entry defines TG_STORE_RECORD
 * before its first include, those of the same names that record what would be written.
 */
#pragma once

#ifdef TG_STORE_RECORD
#include "path/store_record.h"
#else
#include "path/log.h"
#include "path/store_place.h"
#include "path/store_write.h"
#endif
