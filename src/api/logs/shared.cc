#include <charconv>

#include "api/logs/operations.h"
#include "base/arn.h"

namespace clary::api::logs {
namespace {

constexpr std::size_t kDigits = 19;  // an int64 in full

std::string padded(std::int64_t value) {
  std::string digits = std::to_string(std::max<std::int64_t>(value, 0));
  return std::string(kDigits - digits.size(), '0') + digits;
}

std::int64_t number(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    invalid("The specified nextToken is invalid.");
  }
  return value;
}

}  // namespace

void invalid(const std::string& message) {
  throw wire::ApiError("InvalidParameterException", message);
}

void throw_no_group() {
  throw wire::ApiError("ResourceNotFoundException", "The specified log group does not exist.");
}

void throw_no_stream() {
  throw wire::ApiError("ResourceNotFoundException", "The specified log stream does not exist.");
}

store::LogScope scope_of(const json::object& input, const Call& call) {
  const auto name = find_string(input, "logGroupName");
  const auto identifier = find_string(input, "logGroupIdentifier");
  if (name.has_value() == identifier.has_value()) {
    invalid(name ? "LogGroup name and LogGroup ARN are mutually exclusive parameters."
                 : "Either LogGroup name or LogGroup ARN must be specified.");
  }
  store::LogScope scope{.account = std::string(call.account),
                        .region = std::string(call.region),
                        .group = std::string(name ? *name : *identifier)};
  if (identifier && identifier->starts_with("arn:")) {
    constexpr std::string_view kPrefix = "log-group:";
    const auto arn = parse_arn(*identifier);
    if (!arn || arn->service != "logs" || !arn->resource.starts_with(kPrefix)) {
      invalid("Invalid log group ARN: " + std::string(*identifier));
    }
    if (arn->account != call.account || arn->region != call.region) throw_no_group();
    scope.group = arn->resource.substr(kPrefix.size());
    if (scope.group.ends_with(":*")) scope.group.resize(scope.group.size() - 2);
  }
  return scope;
}

std::string group_arn(const store::LogScope& scope) {
  return "arn:aws:logs:" + scope.region + ":" + scope.account + ":log-group:" + scope.group;
}

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

Timestamp from_milliseconds(std::int64_t value) {
  return Timestamp(std::chrono::milliseconds(value));
}

std::optional<Timestamp> time_in(const json::object& input, std::string_view name) {
  const auto value = find_int(input, name);
  return value ? std::optional(from_milliseconds(*value)) : std::nullopt;
}

std::string position_text(const Position& position) {
  return std::string(position.forward ? "f/" : "b/") + padded(milliseconds(position.cursor.time)) +
         padded(position.cursor.id) + "/s";
}

Position position_in(std::string_view token) {
  const bool forward = token.starts_with("f/");
  if ((!forward && !token.starts_with("b/")) || !token.ends_with("/s") ||
      token.size() != 2 * kDigits + 4) {
    invalid("The specified nextToken is invalid.");
  }
  return {.forward = forward,
          .cursor = {.time = from_milliseconds(number(token.substr(2, kDigits))),
                     .id = number(token.substr(2 + kDigits, kDigits))}};
}

}  // namespace clary::api::logs
