// SPDX-License-Identifier: Apache-2.0
#include "control/rpc/message.h"

#include <fmt/format.h>

#include "control/base/limits.h"

namespace tg::rpc {
namespace {

constexpr std::string_view protocol_version = "2.0";
constexpr std::string_view output_method = "output";

// Looked at before parsing, which would build what is nested.
bool nested_too_deeply(std::string_view line)
{
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < line.size(); i++) {
        const char c = line[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > limit_rpc_depth) {
                return true;
            }
        } else if (c == '}' || c == ']') {
            depth -= depth > 0 ? 1 : 0;
        }
    }
    return false;
}

Answer<Json> parse_line(std::string_view line)
{
    if (nested_too_deeply(line)) {
        return refuse(Code::parse_error,
                      fmt::format("nested more than {} levels deep", limit_rpc_depth));
    }
    Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) {
        return refuse(Code::parse_error, "not JSON: expected one JSON object a line");
    }
    if (!json.is_object()) {
        return refuse(Code::invalid_request,
                      "expected one JSON object a line; batches are not supported");
    }
    return json;
}

bool usable_id(const Json &id)
{
    return id.is_null() || id.is_number() ||
           (id.is_string() && id.get_ref<const std::string &>().size() <= limit_rpc_id_bytes);
}

bool has_text(const Json &object, const char *member)
{
    const auto found = object.find(member);
    return found != object.end() && found->is_string();
}

// Bytes that are no UTF-8 become U+FFFD: JSON cannot carry them.
std::string to_line(const Json &json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Message> bad_message(std::string_view what)
{
    return fail(fmt::format("the agent's answer cannot be understood: {}", what));
}

} // namespace

Failure to_failure(const Error &error)
{
    Failure failure{.code = Code::failed, .message = error.message};
    if (error.position.line > 0) {
        failure.data = {{"file", error.position.file},
                        {"line", error.position.line},
                        {"column", error.position.column}};
    }
    return failure;
}

Error to_error(const Failure &failure)
{
    const auto number = [&](const char *member) {
        const Json value = failure.data.value(member, Json());
        return value.is_number_unsigned() ? value.get<unsigned>() : 0u;
    };
    Error error{failure.message};
    if (failure.data.is_object()) {
        error.position.line = number("line");
        error.position.column = number("column");
        if (has_text(failure.data, "file")) {
            error.position.file = failure.data["file"].get<std::string>();
        }
    }
    return error;
}

std::expected<Request, BadRequest> parse_request(std::string_view line)
{
    Answer<Json> json = parse_line(line);
    if (!json) {
        return std::unexpected(BadRequest{nullptr, json.error()});
    }
    Request request;
    const auto refused = [&](Code code, std::string message) {
        return std::unexpected(BadRequest{request.id, {code, std::move(message), nullptr}});
    };
    request.wants_answer = json->contains("id");
    if (request.wants_answer) {
        if (!usable_id((*json)["id"])) {
            return refused(Code::invalid_request,
                           fmt::format("id: expected a number, null or a string of at most {} "
                                       "bytes",
                                       limit_rpc_id_bytes));
        }
        request.id = (*json)["id"];
    }
    if (!has_text(*json, "jsonrpc") || (*json)["jsonrpc"] != protocol_version) {
        return refused(Code::invalid_request, R"(expected "jsonrpc":"2.0")");
    }
    if (!has_text(*json, "method")) {
        return refused(Code::invalid_request, "method: expected a string");
    }
    request.method = (*json)["method"].get<std::string>();
    request.params = json->value("params", Json::object());
    if (!request.params.is_object()) {
        return refused(request.params.is_array() ? Code::invalid_params : Code::invalid_request,
                       "params: expected an object");
    }
    return request;
}

std::string request_line(const Json &id, std::string_view method, const Json &params)
{
    return to_line(
        {{"jsonrpc", protocol_version}, {"id", id}, {"method", method}, {"params", params}});
}

std::string notice_line(std::string_view method)
{
    return to_line({{"jsonrpc", protocol_version}, {"method", method}});
}

std::string result_line(const Json &id, const Json &result)
{
    return to_line({{"jsonrpc", protocol_version}, {"id", id}, {"result", result}});
}

std::string failure_line(const Json &id, const Failure &failure)
{
    Json error = {{"code", static_cast<int>(failure.code)}, {"message", failure.message}};
    if (!failure.data.is_null()) {
        error["data"] = failure.data;
    }
    return to_line({{"jsonrpc", protocol_version}, {"id", id}, {"error", std::move(error)}});
}

std::string output_line(const Json &id, std::string_view text)
{
    return to_line({{"jsonrpc", protocol_version},
                    {"method", output_method},
                    {"params", {{"id", id}, {"text", text}}}});
}

Result<Message> parse_message(std::string_view line)
{
    const Answer<Json> parsed = parse_line(line);
    if (!parsed) {
        return bad_message(parsed.error().message);
    }
    const Json &json = *parsed;
    Message message;
    if (json.value("method", Json()) == output_method) {
        const Json params = json.value("params", Json::object());
        if (!params.is_object() || !has_text(params, "text")) {
            return bad_message("output without text");
        }
        message.is_output = true;
        message.id = params.value("id", Json());
        message.text = params["text"].get<std::string>();
        return message;
    }
    message.id = json.value("id", Json());
    if (json.contains("result")) {
        message.answer = json["result"];
        return message;
    }
    const Json error = json.value("error", Json());
    if (!error.is_object() || !has_text(error, "message")) {
        return bad_message("neither a result nor an error");
    }
    const Json code = error.value("code", Json());
    message.answer = std::unexpected(
        Failure{code.is_number_integer() ? static_cast<Code>(code.get<int>()) : Code::internal,
                error["message"].get<std::string>(), error.value("data", Json())});
    return message;
}

} // namespace tg::rpc
