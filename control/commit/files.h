// SPDX-License-Identifier: Apache-2.0
// Files that survive a crash: what returned is on disk. Knows nothing of what it writes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "control/base/error.h"

namespace tg {

// Makes the folder and those above it, if they are not there.
Result<void> make_folder(const std::filesystem::path &folder);
// The file as a whole, name included. A death meanwhile may leave it cut short.
Result<void> write_file(const std::filesystem::path &file, std::string_view bytes);
// As write_file, but a death meanwhile leaves the old file, or none, and at most a file with
// the suffix ".new" beside it.
Result<void> replace_file(const std::filesystem::path &file, std::string_view bytes);
// The new name is on disk when it returns.
Result<void> rename_file(const std::filesystem::path &from, const std::filesystem::path &to);
// False: there was none.
Result<bool> remove_file(const std::filesystem::path &file);
// nullopt: there is no such file.
Result<std::optional<std::string>> read_file(const std::filesystem::path &file);

} // namespace tg
