// SPDX-License-Identifier: Apache-2.0
#include "control/command/condition_parser.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "control/base/limits.h"
#include "control/command/condition_node.h"

// The grammar, loosest first:
//   any  = all { ("or" | "||") all }
//   all  = one { [ "and" | "&&" ] one }          side by side means and
//   one  = { "!" | "not" } ( "(" any ")" [ ("=" | "!=") truth ] | term )
//   term = property [ operator value ]            operator "in": an address, prefix or range
namespace tg {
namespace {

using Node = std::shared_ptr<const Condition::Node>;

struct OperatorName {
    std::string_view text;
    Comparison comparison;
};

// Longer ones first, so that "<=" is not read as "<".
constexpr std::array operators{
    OperatorName{"!=", Comparison::unequal},  OperatorName{"<=", Comparison::at_most},
    OperatorName{">=", Comparison::at_least}, OperatorName{"=", Comparison::equal},
    OperatorName{"<", Comparison::less},      OperatorName{">", Comparison::greater},
    OperatorName{"~", Comparison::match},
};

template <class T> Node make_node(T content)
{
    return std::make_shared<const Condition::Node>(Condition::Node{std::move(content)});
}

class ConditionParser {
public:
    explicit ConditionParser(Lexer &lexer) : lexer_(lexer) {}

    Result<Node> any();

private:
    Result<Node> all();
    Result<Node> one();
    Result<Node> parenthesis();
    Result<Node> term();
    Result<Literal> literal(Comparison comparison);

    [[nodiscard]] bool at(std::string_view mark) const;
    [[nodiscard]] std::string next_word() const;
    bool take_joint(std::string_view word, std::string_view mark);
    bool take_negation();
    [[nodiscard]] bool at_term() const;
    Comparison take_operator();

    Lexer &lexer_;
    std::size_t terms_ = 0;
};

// Whether these one or two characters come next.
bool ConditionParser::at(std::string_view mark) const
{
    return lexer_.peek() == mark[0] && (mark.size() == 1 || lexer_.peek_second() == mark[1]);
}

std::string ConditionParser::next_word() const
{
    Lexer ahead = lexer_;
    return ahead.run(is_name_character).text;
}

// "and" or "&&", "or" or "||".
bool ConditionParser::take_joint(std::string_view word, std::string_view mark)
{
    lexer_.skip_blanks();
    if (at(mark)) {
        lexer_.take();
        lexer_.take();
        return true;
    }
    if (next_word() == word) {
        lexer_.run(is_name_character);
        return true;
    }
    return false;
}

bool ConditionParser::take_negation()
{
    lexer_.skip_blanks();
    if (lexer_.peek() == '!') {
        lexer_.take();
        return true;
    }
    if (next_word() == "not") {
        lexer_.run(is_name_character);
        return true;
    }
    return false;
}

bool ConditionParser::at_term() const
{
    const char next = lexer_.peek();
    return next == '(' || next == '!' || (is_name_character(next) && next_word() != "or");
}

// truth if there is none.
Comparison ConditionParser::take_operator()
{
    lexer_.skip_blanks();
    for (const OperatorName &known : operators) {
        if (at(known.text)) {
            for (std::size_t count = 0; count < known.text.size(); ++count) {
                lexer_.take();
            }
            return known.comparison;
        }
    }
    if (next_word() == "in") {
        lexer_.run(is_name_character);
        return Comparison::within;
    }
    return Comparison::truth;
}

Result<Node> ConditionParser::any()
{
    Condition::Node::Group group{true, {}};
    do {
        auto part = all();
        if (!part) {
            return part;
        }
        group.parts.push_back(std::move(*part));
    } while (take_joint("or", "||"));
    return group.parts.size() == 1 ? group.parts.front() : make_node(std::move(group));
}

Result<Node> ConditionParser::all()
{
    Condition::Node::Group group{false, {}};
    do {
        auto part = one();
        if (!part) {
            return part;
        }
        group.parts.push_back(std::move(*part));
    } while (take_joint("and", "&&") || at_term());
    return group.parts.size() == 1 ? group.parts.front() : make_node(std::move(group));
}

Result<Node> ConditionParser::one()
{
    bool negated = false;
    while (take_negation()) {
        negated = !negated;
    }
    auto part = lexer_.peek() == '(' ? parenthesis() : term();
    if (!part || !negated) {
        return part;
    }
    return make_node(Condition::Node::Not{std::move(*part)});
}

Result<Node> ConditionParser::parenthesis()
{
    const Position opened = lexer_.position();
    if (auto entered = lexer_.open(); !entered) {
        return std::unexpected(std::move(entered.error()));
    }
    auto part = any();
    if (!part) {
        return part;
    }
    if (auto left = lexer_.close(')', opened); !left) {
        return std::unexpected(std::move(left.error()));
    }
    lexer_.skip_blanks();
    if (!at("=") && !at("!=")) {
        return part;
    }
    const bool unequal = take_operator() == Comparison::unequal;
    lexer_.skip_blanks_before_value();
    const Position place = lexer_.position();
    auto value = literal(Comparison::equal);
    if (!value) {
        return std::unexpected(std::move(value.error()));
    }
    const std::optional<bool> truth = value->boolean;
    if (!truth) {
        return fail("expected yes or no", place);
    }
    return *truth != unequal ? part : make_node(Condition::Node::Not{std::move(*part)});
}

Result<Node> ConditionParser::term()
{
    Word property = lexer_.run(is_name_character);
    if (property.text.empty() || property.text == "and" || property.text == "or") {
        return fail("syntax error: expected a property", std::move(property.position));
    }
    if (++terms_ > limit_condition_terms) {
        return fail(fmt::format("expected at most {} terms in a condition", limit_condition_terms),
                    std::move(property.position));
    }
    Condition::Node::Term term{
        std::move(property.text), std::move(property.position), take_operator(), {}};
    if (term.comparison != Comparison::truth) {
        auto value = literal(term.comparison);
        if (!value) {
            return std::unexpected(std::move(value.error()));
        }
        term.literal = std::move(*value);
    }
    return make_node(std::move(term));
}

Result<Literal> ConditionParser::literal(Comparison comparison)
{
    lexer_.skip_blanks_before_value();
    const Position place = lexer_.position();
    auto word = lexer_.value();
    if (!word) {
        return std::unexpected(std::move(word.error()));
    }
    if (word->text.empty() && !word->quoted) {
        return fail("syntax error: expected a value", place);
    }
    Literal literal = read_literal(std::move(word->text));
    if (comparison == Comparison::within && !literal.range) {
        return fail("expected an address, prefix or range such as 192.0.2.0/24", place);
    }
    if (comparison != Comparison::match) {
        return literal;
    }
    if (literal.text.size() > limit_regex_bytes) {
        return fail(
            fmt::format("expected a regular expression of at most {} bytes", limit_regex_bytes),
            place);
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(static_cast<std::int64_t>(limit_regex_memory));
    literal.regex = std::make_unique<const RE2>(literal.text, options);
    if (!literal.regex->ok()) {
        return fail(fmt::format("expected a regular expression: {}", literal.regex->error()),
                    place);
    }
    return literal;
}

} // namespace

Result<Condition> parse_condition(Lexer &lexer)
{
    auto root = ConditionParser(lexer).any();
    if (!root) {
        return std::unexpected(std::move(root.error()));
    }
    return Condition(std::move(*root));
}

} // namespace tg
