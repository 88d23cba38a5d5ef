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
    virtual void row(const Row &row) = 0;
    // After the last row.
    virtual void end() {}
};

enum class Style : std::uint8_t {
    menu, // the menu's own
    detail,
    terse,
    brief,
    stats,
    json,
    count,
};

// The listing of `menu` in a style; `width` is the session's. Both arguments must outlive it.
std::unique_ptr<Listing> make_listing(const Menu &menu, Style style, std::size_t width,
                                      Output &output);

} // namespace tg
