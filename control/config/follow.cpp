// SPDX-License-Identifier: Apache-2.0
#include "control/config/follow.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>

#include "tidegate/limits.h"

namespace tg {
namespace {

// How long nothing may happen before we look whether anybody is still there.
constexpr Duration patience{200};
// Numbers that are remembered.
constexpr std::size_t limit_followed = TG_LIMIT_CONNECTIONS + TG_LIMIT_RESERVE_MAX;

constexpr std::array<std::string_view, TG_EVENT_COUNT> event_names{
#define TG_X(name, text) text,
    TG_EVENTS(TG_X)
#undef TG_X
};
constexpr std::string_view event_listed = "listed";

// As wide as a connection of the family can be, with every flag there is.
Connection widest_connection(Family family)
{
    Connection widest;
    tg_conn &record = widest.record;
    const Address address = *parse_address(
        family == Family::ipv4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        family);
    record.original = {.src = address.raw,
                       .dst = address.raw,
                       .src_port = 0xffff,
                       .dst_port = 0xffff,
                       .protocol = IPPROTO_TCP,
                       .family = static_cast<__u8>(family),
                       .mapping = 0};
    record.reply = record.original;
    record.word = tg_word_make(1, 0, TG_TCP_STATE_ESTABLISHED, (1u << TG_CONN_FLAG_COUNT) - 1);
    for (tg_counter &counter : record.counters) {
        counter = {.packets = 9'999'999, .bytes = 9'999'999'999};
    }
    widest.timeout_left = std::chrono::hours(24) - std::chrono::seconds(1);
    widest.rates = {123'400'000, 123'400'000};
    return widest;
}

// The numbers of the connections that were printed; the session's commands know them by these.
class Numbering {
public:
    explicit Numbering(std::vector<std::uint32_t> &ids) : ids_(ids) {}

    // The connection's number, a new one if it has none.
    std::uint64_t of(std::uint32_t id)
    {
        if (const auto found = numbers_.find(id); found != numbers_.end()) {
            return found->second;
        }
        // Whoever follows for days does not fill the memory.
        if (numbers_.size() == limit_followed) {
            numbers_.clear();
        }
        if (ids_.size() < limit_followed) {
            ids_.push_back(id);
        }
        numbers_.emplace(id, next_);
        return next_++;
    }
    [[nodiscard]] bool knows(std::uint32_t id) const
    {
        return numbers_.contains(id);
    }
    void forget(std::uint32_t id)
    {
        numbers_.erase(id);
    }

private:
    std::vector<std::uint32_t> &ids_;
    std::unordered_map<std::uint32_t, std::uint64_t> numbers_;
    std::uint64_t next_ = 0;
};

class FollowListing {
public:
    FollowListing(Context &context, const PrintOptions &options)
        : context_(context), output_(context.sink), json_(options.style == Style::json),
          listing_(make_listing(context.menu, options.style, context.session.width, output_)),
          numbering_(fresh_numbers(context))
    {
        const Connection widest = widest_connection(context.menu.family);
        listing_->expect_more(ConnectionRow(widest, context_.config.marks));
    }

    void listed(const Connection &connection)
    {
        print(connection, event_listed);
    }

    void told(const EventStream::Told &told)
    {
        if (told.lost != 0) {
            lost(told.lost);
        }
        const Connection &connection = told.connection;
        if (!told.kind ||
            connection.record.original.family != static_cast<std::uint8_t>(context_.menu.family)) {
            return;
        }
        const std::uint32_t id = name_of(connection.record).generation;
        // It was opened while the table was read, and was listed.
        const bool again = *told.kind == TG_EVENT_NEW && numbering_.knows(id);
        if (!again &&
            ConnectionRow(connection, context_.config.marks).matches(context_.command.where)) {
            print(connection, event_names[*told.kind]);
        }
        if (*told.kind == TG_EVENT_DESTROY) {
            numbering_.forget(id);
        }
    }

    void show()
    {
        output_.show();
    }

private:
    void print(const Connection &connection, std::string_view event)
    {
        const ConnectionRow row(connection, context_.config.marks);
        const std::uint64_t number = numbering_.of(row.id());
        if (!json_) {
            listing_->number_next(number);
            listing_->row(row);
            return;
        }
        Json object = {{"event", event}};
        object.update(row.json());
        output_.write(object.dump() + "\n");
    }

    void lost(std::uint64_t count)
    {
        output_.write(json_ ? Json{{"event", "lost"}, {"count", count}}.dump() + "\n"
                            : fmt::format(";;; {} events lost\n", count));
    }

    Context &context_;
    Output output_;
    bool json_;
    std::unique_ptr<Listing> listing_;
    Numbering numbering_;
};

} // namespace

Result<void> follow_connections(Context &context, const PrintOptions &options)
{
    // Before the table is read, so that nothing happens unseen between the two.
    const Result<std::unique_ptr<EventStream>> followed = context.runtime.follow();
    if (!followed) {
        return fail(followed.error().message, context.command.verb.position);
    }
    EventStream &stream = **followed;
    FollowListing listing(context, options);
    if (options.listed) {
        Result<void> listed =
            context.runtime.connections(context.menu.family, [&](const Connection &connection) {
                if (ConnectionRow(connection, context.config.marks)
                        .matches(context.command.where)) {
                    listing.listed(connection);
                }
                return true;
            });
        if (!listed) {
            return listed;
        }
    }
    while (!stream.ended()) {
        auto told = stream.next(Duration{0});
        if (!told) {
            listing.show();
            told = stream.next(patience);
        }
        if (told) {
            listing.told(*told);
        }
    }
    listing.show();
    return {};
}

} // namespace tg
