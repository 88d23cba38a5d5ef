// SPDX-License-Identifier: Apache-2.0
// The forms a listing can have, row by row: rows may be too many to be held at once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/execute.h"
#include "control/config/menu.h"
#include "control/config/row.h"

namespace tg {

// Gathers small pieces. What is not flushed is lost: nothing of a failed listing is written.
class Output {
public:
    // `sink` must outlive it.
    explicit Output(Sink &sink) : sink_(sink) {}
    void write(std::string_view text);
    void flush();
    // The same, and the user sees it at once.
    void show();

private:
    Sink &sink_;
    std::string pending_;
};

class Listing {
public:
    virtual ~Listing() = default;
    // Whether all rows must be shown to measure() before the first row().
    [[nodiscard]] virtual bool measures() const
    {
        return false;
    }
    virtual void measure(const Row & /*row*/) {}
    // Many more rows will come, none of which needs more room than this one.
    virtual void expect_more(const Row &widest)
    {
        measure(widest);
    }
    // Rows are numbered from 0 on, unless the next one is given its number.
    virtual void row(const Row &row) = 0;
    void number_next(std::uint64_t number)
    {
        number_ = number;
    }
    // After the last row.
    virtual void end() {}

protected:
    std::uint64_t number_ = 0; // of the next row
    bool begun_ = false;       // there was a row
};

enum class Style : std::uint8_t {
    menu, // the menu's own
    detail,
    terse,
    brief,
    stats,
    json,
    count,
    value_list, // a property a line
    as_value,   // for scripts: one line
};

// The listing of `menu` in a style; `width` is the session's. Both arguments must outlive it.
std::unique_ptr<Listing> make_listing(const Menu &menu, Style style, std::size_t width,
                                      Output &output);

} // namespace tg
