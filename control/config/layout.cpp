// SPDX-License-Identifier: Apache-2.0
#include "control/config/layout.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/command/quote.h"

namespace tg {
namespace {

// Counts in groups of three digits, everything else as it is.
std::string shown(const Operand &operand)
{
    const auto *number = std::get_if<std::int64_t>(&operand);
    return number == nullptr ? to_string(operand)
                             : group_thousands(static_cast<std::uint64_t>(*number));
}

bool is_number(const Operand &operand)
{
    return std::holds_alternative<std::int64_t>(operand) ||
           std::holds_alternative<BitRate>(operand);
}

// Listings are read by people: only what would look like two words is quoted.
bool ends_word(char character)
{
    const auto code = static_cast<unsigned char>(character);
    return code <= ' ' || code == 0x7f || character == '"';
}

} // namespace

void FlagColumns::add(const Flag &flag)
{
    if (std::ranges::find(flags_, flag.letter, &Flag::letter) == flags_.end()) {
        flags_.insert(std::ranges::upper_bound(flags_, flag.group, {}, &Flag::group), flag);
    }
}

std::string FlagColumns::heading() const
{
    std::string text;
    for (std::size_t index = 0; index < flags_.size(); ++index) {
        if (index > 0) {
            text += flags_[index].group == flags_[index - 1].group ? ", " : "; ";
        }
        text += fmt::format("{} - {}", flags_[index].letter, flags_[index].name);
    }
    return text.empty() ? text : fmt::format("Flags: {}\n", text);
}

std::string FlagColumns::letters(const Row &row) const
{
    std::string text;
    for (std::size_t index = 0; index < flags_.size(); ++index) {
        if (index == 0 || flags_[index].group != flags_[index - 1].group) {
            text += ' ';
        }
        if (text.back() == ' ' && row.flag(flags_[index].name)) {
            text.back() = flags_[index].letter;
        }
    }
    return text;
}

std::size_t FlagColumns::width() const
{
    std::size_t groups = 0;
    for (std::size_t index = 0; index < flags_.size(); ++index) {
        groups += index == 0 || flags_[index].group != flags_[index - 1].group ? 1 : 0;
    }
    return groups;
}

Columns::Columns(const std::vector<std::string_view> &names, bool narrow_numbers)
    : narrow_numbers_(narrow_numbers)
{
    for (const std::string_view name : names) {
        columns_.push_back({.name = name});
    }
}

void Columns::measure(const Row &row)
{
    for (Column &column : columns_) {
        const Operand operand = row.operand(column.name).value_or(Operand{});
        const std::string text = shown(operand);
        column.widest = std::max(column.widest, text.size());
        column.right = column.right || is_number(operand);
        column.occurs = column.occurs || !text.empty();
    }
}

void Columns::drop_empty(std::size_t keep)
{
    const auto unused = std::remove_if(columns_.begin() + static_cast<std::ptrdiff_t>(keep),
                                       columns_.end(), [](const Column &c) { return !c.occurs; });
    columns_.erase(unused, columns_.end());
}

std::size_t Columns::width(const Column &column) const
{
    return column.right && narrow_numbers_ ? column.widest
                                           : std::max(column.widest, column.name.size());
}

std::string Columns::cell(const Column &column, std::string_view text) const
{
    return fmt::format(fmt::runtime(column.right ? "  {:>{}}" : "  {:<{}}"), text, width(column));
}

std::string Columns::heading(std::size_t number_width, std::size_t flags_width) const
{
    std::vector<std::string> titles;
    std::string line =
        fmt::format("{:<{}}{:{}}", '#', number_width, "", flags_width == 0 ? 0 : flags_width + 1);
    for (const Column &column : columns_) {
        titles.push_back(title(column.name));
        line += cell(column, std::string_view(titles.back()).substr(0, width(column)));
    }
    return fmt::format("Columns: {}\n{}", fmt::join(titles, ", "), trimmed(line) + "\n");
}

std::string Columns::line(const Row &row) const
{
    std::string line;
    for (const Column &column : columns_) {
        line += cell(column, shown(row.operand(column.name).value_or(Operand{})));
    }
    return trimmed(std::move(line)) + "\n";
}

std::vector<std::string> field_words(const Fields &fields)
{
    std::vector<std::string> words;
    for (const auto &[name, value] : fields) {
        const bool is_word = !value.empty() && std::ranges::none_of(value, ends_word);
        words.push_back(fmt::format("{}={}", name, is_word ? value : quote(value)));
    }
    return words;
}

std::string wrap(std::string first, const std::vector<std::string> &words, std::size_t indent,
                 std::size_t width)
{
    std::string text;
    std::string line = std::move(first);
    bool begun = false; // the line has a word
    for (const std::string &word : words) {
        if (begun && line.size() + word.size() > width) {
            text += trimmed(std::move(line)) + "\n";
            line = std::string(indent, ' ');
        }
        line += word + " ";
        begun = true;
    }
    return text + trimmed(std::move(line)) + "\n";
}

std::string title(std::string_view name)
{
    std::string text(name);
    std::ranges::transform(text, text.begin(), [](unsigned char character) {
        return static_cast<char>(std::toupper(character));
    });
    return text;
}

std::string trimmed(std::string line)
{
    const auto last = line.find_last_not_of(' ');
    line.erase(last == std::string::npos ? 0 : last + 1);
    return line;
}

} // namespace tg
