// SPDX-License-Identifier: Apache-2.0
// How listings look: headings, aligned columns, wrapped name=value lines. Knows no menu's meaning.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/row.h"

namespace tg {

// The flag columns of a listing: one for each group of flags.
class FlagColumns {
public:
    // All flags of the menu.
    explicit FlagColumns(std::span<const Flag> flags) : flags_(flags.begin(), flags.end()) {}
    // Only those that are added.
    FlagColumns() = default;
    void add(const Flag &flag);

    // "Flags: X - disabled, I - invalid; D - dynamic" and a line end; empty without flags.
    [[nodiscard]] std::string heading() const;
    // One letter or blank a group.
    [[nodiscard]] std::string letters(const Row &row) const;
    [[nodiscard]] std::size_t width() const;

private:
    std::vector<Flag> flags_; // in the menu's order
};

// Aligned columns. Widths are measured on all rows before the first is printed.
class Columns {
public:
    // `narrow_numbers`: see struct Menu.
    Columns(const std::vector<std::string_view> &names, bool narrow_numbers);
    void measure(const Row &row);
    // Leaves out what no measured row has, but for those named first.
    void drop_empty(std::size_t keep);

    // "Columns: CHAIN, ACTION" and the line of titles, after `number_width` and the flags' width.
    [[nodiscard]] std::string heading(std::size_t number_width, std::size_t flags_width) const;
    [[nodiscard]] std::string line(const Row &row) const;

private:
    struct Column {
        std::string_view name;
        std::size_t widest = 0; // of the values
        bool right = false;     // numbers
        bool occurs = false;
    };
    [[nodiscard]] std::size_t width(const Column &column) const;
    // The text in its column, with the blanks before it.
    [[nodiscard]] std::string cell(const Column &column, std::string_view text) const;

    std::vector<Column> columns_;
    bool narrow_numbers_;
};

// "protocol=tcp comment=\"a b\"", each a word of its own.
std::vector<std::string> field_words(const Fields &fields);

// `first` and the words, broken before a word that would pass `width`; later lines start with
// `indent` blanks. Ends with a line end.
std::string wrap(std::string first, const std::vector<std::string> &words, std::size_t indent,
                 std::size_t width);

// "src-address" → "SRC-ADDRESS"
std::string title(std::string_view name);

// Without the blanks at its end.
std::string trimmed(std::string line);

} // namespace tg
