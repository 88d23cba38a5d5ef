// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 as text: requests, results, errors and notifications, one object a line. Knows no
// socket and no method.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "control/base/error.h"

namespace tg::rpc {

using Json = nlohmann::json;

// The error codes of JSON-RPC, and ours below -32000.
enum class Code : int {
    parse_error = -32700,
    invalid_request = -32600,
    unknown_method = -32601,
    invalid_params = -32602,
    internal = -32603,
    failed = -32000, // what was asked for cannot be done; data has file, line and column
    denied = -32001,
    busy = -32002,
};

// The error object of an answer.
struct Failure {
    Code code = Code::failed;
    std::string message;
    Json data = nullptr;

    friend bool operator==(const Failure &, const Failure &) = default;
};

template <class T> using Answer = std::expected<T, Failure>;

inline std::unexpected<Failure> refuse(Code code, std::string message)
{
    return std::unexpected(Failure{code, std::move(message), nullptr});
}

// An error with its place in the user's text, there and back.
Failure to_failure(const Error &error);
Error to_error(const Failure &failure);

struct Request {
    Json id; // null without `wants_answer`
    bool wants_answer = true;
    std::string method;
    Json params; // an object; empty if none were given
};

// A request that cannot be understood, and the id its error has to bear.
struct BadRequest {
    Json id;
    Failure failure;
};

std::expected<Request, BadRequest> parse_request(std::string_view line);

// Each is one line with its end.
std::string request_line(const Json &id, std::string_view method, const Json &params);
std::string notice_line(std::string_view method); // wants no answer
std::string result_line(const Json &id, const Json &result);
std::string failure_line(const Json &id, const Failure &failure);
std::string output_line(const Json &id, std::string_view text);

// What a server sends: output of a request that is running, or its end.
struct Message {
    Json id;
    bool is_output = false;
    std::string text;    // of output
    Answer<Json> answer; // otherwise
};

Result<Message> parse_message(std::string_view line);

} // namespace tg::rpc
