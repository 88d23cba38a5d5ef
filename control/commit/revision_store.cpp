// SPDX-License-Identifier: Apache-2.0
#include "control/commit/revision_store.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "control/base/limits.h"
#include "control/commit/files.h"

namespace tg {

namespace {

constexpr std::string_view revision_suffix = ".json";
constexpr std::string_view unsaved_prefix = ".config.rsc.";

// 0: the name is no number of a revision.
std::uint64_t number_in(std::string_view digits)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

// Names of the files in `folder`; none if it is not there.
Result<std::vector<std::string>> names_in(const std::filesystem::path &folder)
{
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return fail(fmt::format("{}: cannot list: {}", folder.string(), error.message()));
    }
    return names;
}

} // namespace

std::filesystem::path RevisionStore::file(std::uint64_t number) const
{
    return paths_.revisions() / fmt::format("{:08}{}", number, revision_suffix);
}

std::filesystem::path RevisionStore::unsaved_file(std::uint64_t number) const
{
    return paths_.etc / fmt::format("{}{:08}", unsaved_prefix, number);
}

Result<std::vector<std::uint64_t>> RevisionStore::numbers() const
{
    const Result<std::vector<std::string>> names = names_in(paths_.revisions());
    if (!names) {
        return std::unexpected(names.error());
    }
    std::vector<std::uint64_t> numbers;
    for (std::string_view name : *names) {
        if (!name.ends_with(revision_suffix)) {
            continue;
        }
        name.remove_suffix(revision_suffix.size());
        if (const std::uint64_t number = number_in(name); number != 0) {
            numbers.push_back(number);
        }
    }
    std::ranges::sort(numbers);
    return numbers;
}

Result<Revision> RevisionStore::read(std::uint64_t number) const
{
    const std::string name = file(number).string();
    const Result<std::optional<std::string>> read = read_file(name);
    if (!read) {
        return std::unexpected(read.error());
    }
    const std::optional<std::string> &text = *read;
    if (!text) {
        return fail(fmt::format("{}: there is no such file", name));
    }
    Result<Revision> revision = revision_from_json(*text, name);
    if (revision && revision->number != number) {
        return fail(fmt::format("{} holds revision {}", name, revision->number));
    }
    return revision;
}

Result<void> RevisionStore::write(const Revision &revision)
{
    const Result<std::string> text = to_json(revision);
    if (!text) {
        return std::unexpected(text.error());
    }
    for (const std::filesystem::path &folder : {paths_.etc, paths_.revisions()}) {
        if (Result<void> made = make_folder(folder); !made) {
            return made;
        }
    }
    // Nobody reads the text under this name unless the revision is in force, so it may be cut
    // short if we die here.
    if (Result<void> written = write_file(unsaved_file(revision.number), revision.text); !written) {
        return written;
    }
    return replace_file(file(revision.number), *text);
}

Result<void> RevisionStore::forget(std::uint64_t number)
{
    for (const std::filesystem::path &name : {file(number), unsaved_file(number)}) {
        if (const Result<bool> gone = remove_file(name); !gone) {
            return std::unexpected(gone.error());
        }
    }
    return {};
}

Result<void> RevisionStore::save(std::uint64_t number)
{
    return rename_file(unsaved_file(number), paths_.config());
}

bool RevisionStore::unsaved(std::uint64_t number) const
{
    std::error_code error;
    return std::filesystem::exists(unsaved_file(number), error);
}

Result<std::optional<std::string>> RevisionStore::saved_text() const
{
    return read_file(paths_.config());
}

Result<void> RevisionStore::prune(std::uint64_t in_force)
{
    const Result<std::vector<std::uint64_t>> all = numbers();
    if (!all) {
        return std::unexpected(all.error());
    }
    const auto newer = std::ranges::upper_bound(*all, in_force);
    std::vector<std::uint64_t> unwanted(newer, all->end());
    if (const auto kept = static_cast<std::size_t>(newer - all->begin()); kept > limit_revisions) {
        unwanted.insert(unwanted.end(), all->begin(), newer - limit_revisions);
    }
    for (const std::uint64_t number : unwanted) {
        if (const Result<bool> gone = remove_file(file(number)); !gone) {
            return std::unexpected(gone.error());
        }
    }
    return remove_leftovers();
}

Result<void> RevisionStore::remove_leftovers()
{
    for (const std::filesystem::path &folder : {paths_.etc, paths_.revisions()}) {
        const Result<std::vector<std::string>> names = names_in(folder);
        if (!names) {
            return std::unexpected(names.error());
        }
        for (const std::string &name : *names) {
            if (!name.starts_with(unsaved_prefix) && !name.ends_with(".json.new")) {
                continue;
            }
            if (const Result<bool> gone = remove_file(folder / name); !gone) {
                return std::unexpected(gone.error());
            }
        }
    }
    return {};
}

} // namespace tg
