// SPDX-License-Identifier: Apache-2.0
#include "control/config/listing.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "control/config/layout.h"

namespace tg {
namespace {

constexpr std::size_t flush_bytes = 16384;

// The tracking record is shown as the specification shows it: broken as if later lines were
// indented in a terminal of this width, but without the indent.
constexpr std::size_t wrapped_width = 62;
constexpr std::size_t wrapped_indent = 3;

// ";;; text", each line of it on its own.
std::string comment_lines(const std::string &comment, std::size_t indent)
{
    std::string text = ";;; ";
    for (const char character : comment) {
        if (character == '\n') {
            text += fmt::format("\n{:{}};;; ", "", indent);
        } else {
            text += static_cast<unsigned char>(character) < ' ' ? '?' : character;
        }
    }
    return text + "\n";
}

class CountListing final : public Listing {
public:
    explicit CountListing(Output &output) : output_(output) {}
    void row(const Row & /*row*/) override
    {
        ++count_;
    }
    void end() override
    {
        output_.write(fmt::format("{}\n", count_));
    }

private:
    Output &output_;
    std::uint64_t count_ = 0;
};

class JsonListing final : public Listing {
public:
    explicit JsonListing(Output &output) : output_(output) {}
    void row(const Row &row) override
    {
        output_.write(begun_ ? ",\n" : "[");
        // Text may be anything the user typed; what is not UTF-8 is replaced.
        output_.write(row.json().dump(-1, ' ', false, Json::error_handler_t::replace));
        begun_ = true;
    }
    void end() override
    {
        output_.write(begun_ ? "]\n" : "[]\n");
    }

private:
    Output &output_;
};

class DetailListing final : public Listing {
public:
    DetailListing(const Menu &menu, std::size_t width, Output &output)
        : menu_(menu), width_(width), output_(output), flags_(first_flags(menu))
    {
    }
    // Of connections only the flags that occur are named.
    [[nodiscard]] bool measures() const override
    {
        return menu_.kind == MenuKind::connections;
    }
    void measure(const Row &row) override
    {
        add_flags(flags_, menu_, row);
    }
    void row(const Row &row) override
    {
        output_.write(begun_ ? "\n" : flags_.heading());
        begun_ = true;
        const std::string letters = flags_.letters(row) + (flags_.width() == 0 ? "" : " ");
        const std::size_t indent = number_width + 1 + letters.size();
        std::string first = fmt::format("{:>{}} {}", number_++, number_width, letters);
        if (const std::string comment = row.comment(); !comment.empty()) {
            output_.write(first + comment_lines(comment, indent));
            first = std::string(indent, ' ');
        }
        output_.write(wrap(std::move(first), field_words(row.fields()), indent, width_));
    }
    void end() override
    {
        if (!begun_) {
            output_.write(flags_.heading());
        }
    }
    static void add_flags(FlagColumns &flags, const Menu &menu, const Row &row)
    {
        for (const Flag &flag : menu.flags) {
            if (row.flag(flag.name)) {
                flags.add(flag);
            }
        }
    }

private:
    static FlagColumns first_flags(const Menu &menu)
    {
        return menu.kind == MenuKind::connections ? FlagColumns() : FlagColumns(menu.flags);
    }
    static constexpr std::size_t number_width = 2;

    const Menu &menu_;
    std::size_t width_;
    Output &output_;
    FlagColumns flags_;
};

class TerseListing final : public Listing {
public:
    TerseListing(const Menu &menu, Output &output) : flags_(menu.flags), output_(output) {}
    void row(const Row &row) override
    {
        Fields fields = row.fields();
        if (std::string comment = row.comment(); !comment.empty()) {
            fields.insert(fields.begin(), {"comment", std::move(comment)});
        }
        std::string letters = flags_.letters(row);
        std::erase(letters, ' ');
        output_.write(fmt::format("{} {}{}{}\n", number_++, letters, letters.empty() ? "" : " ",
                                  fmt::join(field_words(fields), " ")));
    }

private:
    FlagColumns flags_;
    Output &output_;
};

class ColumnListing final : public Listing {
public:
    ColumnListing(const Menu &menu, const std::vector<std::string_view> &names, Output &output)
        : menu_(menu), columns_(names, menu.narrow_numbers), output_(output)
    {
    }
    [[nodiscard]] bool measures() const override
    {
        return true;
    }
    void measure(const Row &row) override
    {
        columns_.measure(row);
        DetailListing::add_flags(flags_, menu_, row);
        ++count_;
    }
    void expect_more(const Row &widest) override
    {
        measure(widest);
        count_ += many;
    }
    void row(const Row &row) override
    {
        if (!begun_) {
            begun_ = true;
            number_width_ = fmt::formatted_size("{}", count_ == 0 ? 0 : count_ - 1);
            columns_.drop_empty(1);
            output_.write(flags_.heading());
            output_.write(columns_.heading(number_width_, flags_.width()));
        }
        if (const std::string comment = row.comment(); !comment.empty()) {
            output_.write(comment_lines(comment, 0));
        }
        const std::string letters = flags_.letters(row);
        output_.write(fmt::format("{:<{}}{}{}", number_++, number_width_,
                                  letters.empty() ? "" : " ", letters));
        output_.write(columns_.line(row));
    }

private:
    const Menu &menu_;
    Columns columns_;
    Output &output_;
    FlagColumns flags_;
    static constexpr std::uint64_t many = 1000;
    std::uint64_t count_ = 0;
    std::size_t number_width_ = 1;
};

// "4 sip 5060, 5061"
class CompactListing final : public Listing {
public:
    CompactListing(const Menu &menu, Output &output)
        : menu_(menu), output_(output), flags_(menu.flags)
    {
    }
    void row(const Row &row) override
    {
        if (!begun_) {
            begun_ = true;
            output_.write(flags_.heading() + heading());
        }
        std::string line = fmt::format("{}", number_++);
        const std::string letters = flags_.letters(row);
        if (!trimmed(letters).empty()) {
            line += " " + letters;
        }
        for (const std::string_view name : menu_.columns) {
            line += " " + spaced(to_string(row.operand(name).value_or(Operand{})));
        }
        output_.write(trimmed(std::move(line)) + "\n");
    }

private:
    // A list with a blank after each comma.
    static std::string spaced(const std::string &list)
    {
        std::string text;
        for (const char character : list) {
            text += character;
            text += character == ',' ? " " : "";
        }
        return text;
    }
    [[nodiscard]] std::string heading() const
    {
        std::string line = "#";
        for (const std::string_view name : menu_.columns) {
            line += " " + title(name);
        }
        return line + "\n";
    }

    const Menu &menu_;
    Output &output_;
    FlagColumns flags_;
};

// One property a line, records apart.
class LineListing final : public Listing {
public:
    explicit LineListing(Output &output) : output_(output) {}
    void row(const Row &row) override
    {
        output_.write(begun_ ? "\n" : "");
        begun_ = true;
        const Fields fields = row.fields();
        std::size_t widest = 0;
        for (const auto &[name, value] : fields) {
            widest = std::max(widest, name.size());
        }
        for (const auto &[name, value] : fields) {
            output_.write(fmt::format("  {:>{}}: {}\n", name, widest, value));
        }
    }

private:
    Output &output_;
};

// ".id=*1;protocol=tcp;.id=*2;protocol=udp"
class ValueListing final : public Listing {
public:
    explicit ValueListing(Output &output) : output_(output) {}
    void row(const Row &row) override
    {
        for (const auto &[name, value] : row.values()) {
            output_.write(fmt::format("{}{}={}", begun_ ? ";" : "", name, value));
            begun_ = true;
        }
    }
    void end() override
    {
        output_.write("\n");
    }

private:
    Output &output_;
};

class WrappedListing final : public Listing {
public:
    WrappedListing(const Menu &menu, Output &output) : output_(output), flags_(menu.flags) {}
    void row(const Row &row) override
    {
        const std::string letters = trimmed(flags_.letters(row));
        const std::string first = fmt::format(" 0 {}{}", letters, letters.empty() ? "" : " ");
        const std::string text =
            wrap(first, field_words(row.fields()), wrapped_indent, wrapped_width);
        output_.write(flags_.heading());
        for (std::size_t start = 0; start < text.size();) {
            const std::size_t end = text.find('\n', start) + 1;
            start = text.find_first_not_of(' ', start);
            output_.write(std::string_view(text).substr(start, end - start));
            start = end;
        }
    }

private:
    Output &output_;
    FlagColumns flags_;
};

std::unique_ptr<Listing> make_menu_listing(const Menu &menu, std::size_t width, Output &output)
{
    switch (menu.form) {
    case Form::detail:
        return std::make_unique<DetailListing>(menu, width, output);
    case Form::compact:
        return std::make_unique<CompactListing>(menu, output);
    case Form::lines:
        return std::make_unique<LineListing>(output);
    case Form::wrapped:
        return std::make_unique<WrappedListing>(menu, output);
    case Form::columns:
        break;
    }
    return std::make_unique<ColumnListing>(menu, menu.columns, output);
}

} // namespace

void Output::write(std::string_view text)
{
    pending_ += text;
    if (pending_.size() >= flush_bytes) {
        flush();
    }
}

void Output::flush()
{
    if (!pending_.empty()) {
        sink_.write(pending_);
        pending_.clear();
    }
}

void Output::show()
{
    flush();
    sink_.flush();
}

std::unique_ptr<Listing> make_listing(const Menu &menu, Style style, std::size_t width,
                                      Output &output)
{
    std::vector<std::string_view> names = menu.columns;
    switch (style) {
    case Style::count:
        return std::make_unique<CountListing>(output);
    case Style::json:
        return std::make_unique<JsonListing>(output);
    case Style::detail:
        return std::make_unique<DetailListing>(menu, width, output);
    case Style::terse:
        return std::make_unique<TerseListing>(menu, output);
    case Style::stats:
        names.insert(names.end(), {"bytes", "packets"});
        return std::make_unique<ColumnListing>(menu, names, output);
    case Style::brief:
        return std::make_unique<ColumnListing>(menu, names, output);
    case Style::value_list:
        return std::make_unique<LineListing>(output);
    case Style::as_value:
        return std::make_unique<ValueListing>(output);
    case Style::menu:
        break;
    }
    return make_menu_listing(menu, width, output);
}

} // namespace tg
