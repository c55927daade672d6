#include "api/logs/operations.h"
#include "base/arn.h"

namespace clary::api::logs {
namespace {

std::map<std::string, std::string> tags_in(const json::object& input) {
  std::map<std::string, std::string> tags;
  if (const json::object* const given = find_object(input, "tags")) {
    for (const auto& [key, value] : *given) tags.emplace(key, value.as_string());
  }
  return tags;
}

json::object tags_out(const std::map<std::string, std::string>& tags) {
  json::object object;
  for (const auto& [key, value] : tags) object[key] = value;
  return object;
}

std::vector<std::string> keys_in(const json::object& input, std::string_view name) {
  std::vector<std::string> keys;
  for (const json::value& key : *find_array(input, name)) keys.emplace_back(key.as_string());
  return keys;
}

store::LogScope existing(const LogStores& stores, store::LogScope scope) {
  if (!stores.events.group(scope)) throw_no_group();
  return scope;
}

store::LogScope existing(const LogStores& stores, const json::object& input, const Call& call) {
  return existing(stores, scope_of(input, call));
}

// The group that a resource ARN of the tag operations names.
store::LogScope resource_in(const LogStores& stores, const json::object& input, const Call& call) {
  const json::object named{{"logGroupIdentifier", string_or(input, "resourceArn")}};
  return existing(stores, scope_of(named, call));
}

json::object shown(const store::LogGroup& group) {
  const std::string arn =
      group_arn({.account = group.account, .region = group.region, .group = group.name});
  json::object object{{"logGroupName", group.name},
                      {"creationTime", milliseconds(group.created)},
                      {"metricFilterCount", 0},
                      {"arn", arn + ":*"},
                      {"logGroupArn", arn},
                      {"logGroupClass", "STANDARD"},
                      {"storedBytes", group.stored_bytes}};
  if (group.retention_days) object["retentionInDays"] = *group.retention_days;
  return object;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return to_lower(text).find(to_lower(part)) != std::string::npos;
}

}  // namespace

json::object create_log_group(const LogStores& stores, const json::object& input, Call& call) {
  if (input.contains("kmsKeyId")) {
    invalid("Encrypting a single log group is not supported by Clary; leave out kmsKeyId.");
  }
  if (string_or(input, "logGroupClass", "STANDARD") != "STANDARD") {
    invalid("Only the log group class STANDARD is supported by Clary.");
  }
  const store::LogScope scope = scope_of(input, call);
  if (!stores.events.create_group(scope)) {
    throw wire::ApiError("ResourceAlreadyExistsException",
                         "The specified log group already exists");
  }
  if (const auto tags = tags_in(input); !tags.empty()) {
    stores.documents.set_tags(group_arn(scope), tags);
  }
  return {};
}

json::object delete_log_group(const LogStores& stores, const json::object& input, Call& call) {
  const store::LogScope scope = scope_of(input, call);
  const std::string arn = group_arn(scope);
  if (!stores.events.remove_group(scope)) throw_no_group();
  std::vector<std::string> keys;
  for (const auto& tag : stores.documents.tags(arn)) keys.push_back(tag.first);
  if (!keys.empty()) stores.documents.remove_tags(arn, keys);
  return {};
}

json::object describe_log_groups(const LogStores& stores, const json::object& input, Call& call) {
  const auto limit = static_cast<std::size_t>(find_int(input, "limit").value_or(50));
  const std::string pattern = string_or(input, "logGroupNamePattern");
  const std::string prefix = string_or(input, "logGroupNamePrefix");
  if (!pattern.empty() && !prefix.empty()) {
    invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  std::string after;
  if (const auto token = find_string(input, "nextToken")) {
    const auto name = unbase64(*token);
    if (!name) invalid("The specified nextToken is invalid.");
    after = *name;
  }
  json::array groups;
  bool more = true;
  while (more && groups.size() <= limit) {
    const auto page = stores.events.groups(call.account, call.region, prefix, after, limit + 1);
    more = page.size() == limit + 1;
    for (const store::LogGroup& group : page) {
      after = group.name;
      if (!pattern.empty() && !contains_ignoring_case(group.name, pattern)) continue;
      groups.push_back(shown(group));
      if (groups.size() > limit) break;
    }
  }
  json::object output;
  if (groups.size() > limit) {
    groups.resize(limit);
    output["nextToken"] = base64(string_or(groups.back().as_object(), "logGroupName"));
  }
  output["logGroups"] = std::move(groups);
  return output;
}

json::object put_retention_policy(const LogStores& stores, const json::object& input, Call& call) {
  constexpr std::array kAllowed = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                   365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
  const auto days = find_int(input, "retentionInDays").value_or(0);
  if (std::ranges::find(kAllowed, days) == kAllowed.end()) {
    invalid(
        "1 validation error detected: Value '" + std::to_string(days) +
        "' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value "
        "set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, "
        "2557, 2922, 3288, 3653]");
  }
  if (!stores.events.set_retention(scope_of(input, call), days)) throw_no_group();
  return {};
}

json::object delete_retention_policy(const LogStores& stores, const json::object& input,
                                     Call& call) {
  if (!stores.events.set_retention(scope_of(input, call), std::nullopt)) throw_no_group();
  return {};
}

json::object tag_resource(const LogStores& stores, const json::object& input, Call& call) {
  stores.documents.set_tags(group_arn(resource_in(stores, input, call)), tags_in(input));
  return {};
}

json::object untag_resource(const LogStores& stores, const json::object& input, Call& call) {
  stores.documents.remove_tags(group_arn(resource_in(stores, input, call)),
                               keys_in(input, "tagKeys"));
  return {};
}

json::object list_tags_for_resource(const LogStores& stores, const json::object& input,
                                    Call& call) {
  return {{"tags", tags_out(stores.documents.tags(group_arn(resource_in(stores, input, call))))}};
}

json::object tag_log_group(const LogStores& stores, const json::object& input, Call& call) {
  stores.documents.set_tags(group_arn(existing(stores, input, call)), tags_in(input));
  return {};
}

json::object untag_log_group(const LogStores& stores, const json::object& input, Call& call) {
  stores.documents.remove_tags(group_arn(existing(stores, input, call)), keys_in(input, "tags"));
  return {};
}

json::object list_tags_log_group(const LogStores& stores, const json::object& input, Call& call) {
  return {{"tags", tags_out(stores.documents.tags(group_arn(existing(stores, input, call))))}};
}

}  // namespace clary::api::logs
