// SPDX-License-Identifier: Apache-2.0
// What is a request, and which error each thing that is none deserves.
#include "control/rpc/message.h"

#include <gtest/gtest.h>

#include "control/base/limits.h"

namespace tg::rpc {
namespace {

struct Refused {
    const char *line;
    Code code;
    Json id;
};

class BadRequests : public testing::TestWithParam<Refused> {};

TEST_P(BadRequests, HaveTheirErrorAndTheirId)
{
    const auto request = parse_request(GetParam().line);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().failure.code, GetParam().code) << request.error().failure.message;
    EXPECT_EQ(request.error().id, GetParam().id);
    EXPECT_FALSE(request.error().failure.message.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Rpc, BadRequests,
    testing::Values(
        Refused{"", Code::parse_error, nullptr}, Refused{"garbage", Code::parse_error, nullptr},
        Refused{"{", Code::parse_error, nullptr},
        Refused{"{\"jsonrpc\":\"2.0\"} x", Code::parse_error, nullptr},
        Refused{"\xff\xfe", Code::parse_error, nullptr},
        Refused{"{\"a\":\"\xff\"}", Code::parse_error, nullptr},
        Refused{"[]", Code::invalid_request, nullptr}, Refused{"1", Code::invalid_request, nullptr},
        Refused{"null", Code::invalid_request, nullptr},
        Refused{R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", Code::invalid_request, nullptr},
        Refused{"{}", Code::invalid_request, nullptr},
        Refused{R"({"id":7,"method":"ping"})", Code::invalid_request, 7},
        Refused{R"({"jsonrpc":"1.0","id":7,"method":"ping"})", Code::invalid_request, 7},
        Refused{R"({"jsonrpc":2.0,"id":7,"method":"ping"})", Code::invalid_request, 7},
        Refused{R"({"jsonrpc":"2.0","id":"x"})", Code::invalid_request, "x"},
        Refused{R"({"jsonrpc":"2.0","id":1,"method":5})", Code::invalid_request, 1},
        Refused{R"({"jsonrpc":"2.0","id":[1],"method":"ping"})", Code::invalid_request, nullptr},
        Refused{R"({"jsonrpc":"2.0","id":{},"method":"ping"})", Code::invalid_request, nullptr},
        Refused{R"({"jsonrpc":"2.0","id":true,"method":"ping"})", Code::invalid_request, nullptr},
        Refused{R"({"jsonrpc":"2.0","id":1,"method":"x","params":[1]})", Code::invalid_params, 1},
        Refused{R"({"jsonrpc":"2.0","id":1,"method":"x","params":"y"})", Code::invalid_request,
                1}));

TEST(Request, IsReadBack)
{
    const auto request = parse_request(request_line(5, "run", {{"text", "/ip \"x\"\n"}}));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->id, 5);
    EXPECT_TRUE(request->wants_answer);
    EXPECT_EQ(request->method, "run");
    EXPECT_EQ(request->params["text"], "/ip \"x\"\n");
}

TEST(Request, WithoutIdWantsNoAnswer)
{
    const auto request = parse_request(R"({"jsonrpc":"2.0","method":"ping"})");
    ASSERT_TRUE(request);
    EXPECT_FALSE(request->wants_answer);
    EXPECT_TRUE(request->params.is_object());
}

TEST(Request, NullIsAnId)
{
    const auto request = parse_request(R"({"jsonrpc":"2.0","id":null,"method":"ping"})");
    ASSERT_TRUE(request);
    EXPECT_TRUE(request->wants_answer);
}

std::string nested(std::size_t levels)
{
    return R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":)" + std::string(levels - 2, '[') +
           std::string(levels - 2, ']') + "}}";
}

TEST(Request, MayBeNestedUpToTheLimit)
{
    EXPECT_TRUE(parse_request(nested(limit_rpc_depth)));
    const auto deeper = parse_request(nested(limit_rpc_depth + 1));
    ASSERT_FALSE(deeper);
    EXPECT_EQ(deeper.error().failure.code, Code::parse_error);
}

TEST(Request, BracketsInStringsAreNoNesting)
{
    EXPECT_TRUE(parse_request(R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\")" +
                              std::string(100, '{') + R"("}})"));
}

TEST(Request, IdsAreBounded)
{
    const auto with_id = [](std::size_t bytes) {
        return R"({"jsonrpc":"2.0","id":")" + std::string(bytes, 'i') + R"(","method":"x"})";
    };
    EXPECT_TRUE(parse_request(with_id(limit_rpc_id_bytes)));
    EXPECT_FALSE(parse_request(with_id(limit_rpc_id_bytes + 1)));
}

TEST(Message, ResultErrorAndOutputAreReadBack)
{
    const Result<Message> result = parse_message(result_line(3, {{"revision", 7}}));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->id, 3);
    ASSERT_TRUE(result->answer);
    EXPECT_EQ((*result->answer)["revision"], 7);

    const Failure failure{Code::failed, "no such item", {{"line", 1}, {"column", 2}}};
    const Result<Message> error = parse_message(failure_line(4, failure));
    ASSERT_TRUE(error);
    ASSERT_FALSE(error->answer);
    EXPECT_EQ(error->answer.error(), failure);

    const Result<Message> output = parse_message(output_line(5, "text\n"));
    ASSERT_TRUE(output);
    EXPECT_TRUE(output->is_output);
    EXPECT_EQ(output->text, "text\n");
}

TEST(Message, OutputThatIsNoTextIsStillJson)
{
    const Result<Message> output = parse_message(output_line(5, "a\xff z"));
    ASSERT_TRUE(output);
    EXPECT_EQ(output->text, "a\xef\xbf\xbd z");
}

TEST(Message, NonsenseIsAnError)
{
    for (const char *line : {"", "x", "[]", "{}", R"({"id":1})", R"({"id":1,"error":5})",
                             R"({"id":1,"error":{"code":1}})", R"({"method":"output"})",
                             R"({"method":"output","params":[]})"}) {
        EXPECT_FALSE(parse_message(line)) << line;
    }
}

TEST(Failure, CarriesThePlaceOfAnError)
{
    const Error error{"bad command name xx", {"rules.rsc", 3, 12}};
    EXPECT_EQ(to_error(to_failure(error)), error);
    const Error nowhere{"something"};
    EXPECT_EQ(to_error(to_failure(nowhere)), nowhere);
    EXPECT_TRUE(to_failure(nowhere).data.is_null());
}

TEST(Failure, StrangeDataIsNoPlace)
{
    for (const Json &data : {Json(5), Json("x"), Json::array(), Json{{"line", "x"}},
                             Json{{"line", -1}}, Json{{"file", 5}}}) {
        EXPECT_EQ(to_error({Code::failed, "m", data}).position.line, 0u) << data;
    }
}

} // namespace
} // namespace tg::rpc
