// CloudWatch Logs' operations, by file; logs_service.cc has the table.
#pragma once

#include "api/logs/logs_service.h"

namespace clary::api::logs {

using Operation = json::object(const LogStores&, const json::object& input, Call& call);

// groups.cc
Operation create_log_group, delete_log_group, describe_log_groups, put_retention_policy,
    delete_retention_policy, tag_resource, untag_resource, list_tags_for_resource, tag_log_group,
    untag_log_group, list_tags_log_group;
// streams.cc
Operation create_log_stream, delete_log_stream, describe_log_streams;
// events.cc
Operation put_log_events, get_log_events;
// filter.cc
Operation filter_log_events;

// shared.cc

[[noreturn]] void invalid(const std::string& message);
[[noreturn]] void throw_no_group();
[[noreturn]] void throw_no_stream();
// The group that logGroupName or logGroupIdentifier (a name or an ARN) names.
store::LogScope scope_of(const json::object& input, const Call& call);
// arn:aws:logs:REGION:ACCOUNT:log-group:NAME
std::string group_arn(const store::LogScope& scope);
std::int64_t milliseconds(Timestamp time);
Timestamp from_milliseconds(std::int64_t value);
std::optional<Timestamp> time_in(const json::object& input, std::string_view name);

// A place between events: what page tokens hold. "f/..." goes on forward, "b/..." backwards.
struct Position {
  bool forward = true;
  store::LogEvents::Cursor cursor;
};
std::string position_text(const Position& position);
Position position_in(std::string_view token);  // throws InvalidParameterException

}  // namespace clary::api::logs
