#include "api/cloudtrail/cloudtrail_service.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "audit/record.h"
#include "base/text.h"

namespace clary::api {
namespace {

using audit::Attribute;

constexpr std::array<std::pair<std::string_view, Attribute>, 8> kAttributes{
    {{"EventId", Attribute::kEventId},
     {"EventName", Attribute::kEventName},
     {"ReadOnly", Attribute::kReadOnly},
     {"Username", Attribute::kUsername},
     {"ResourceType", Attribute::kResourceType},
     {"ResourceName", Attribute::kResourceName},
     {"EventSource", Attribute::kEventSource},
     {"AccessKeyId", Attribute::kAccessKeyId}}};

[[noreturn]] void refuse(std::string_view code, const std::string& message) {
  throw wire::ApiError(std::string(code), message, 400);
}

void read_attribute(const json::object& input, audit::Lookup& lookup) {
  const json::array* attributes = find_array(input, "LookupAttributes");
  if (attributes == nullptr || attributes->empty()) return;
  if (attributes->size() > 1) {
    refuse("InvalidLookupAttributesException",
           "Only one lookup attribute can be specified in a request.");
  }
  const json::object& attribute = attributes->front().as_object();
  const std::string key = string_or(attribute, "AttributeKey");
  const auto found =
      std::ranges::find(kAttributes, key, &std::pair<std::string_view, Attribute>::first);
  if (found == kAttributes.end()) {
    refuse("InvalidLookupAttributesException", "Unknown lookup attribute: " + key);
  }
  lookup.attribute = found->second;
  lookup.value = string_or(attribute, "AttributeValue");
  if (lookup.value.empty()) {
    refuse("InvalidLookupAttributesException", "The value of a lookup attribute is empty.");
  }
}

// "<milliseconds>.<line>" in Base64: where the page before ended.
std::string token_of(const audit::Found& last) {
  return base64(std::to_string(last.at.time_since_epoch().count()) + "." +
                std::to_string(last.seq));
}

audit::Lookup::After read_token(std::string_view token) {
  const auto text = unbase64(token);
  std::int64_t at = 0;
  std::uint64_t seq = 0;
  if (text) {
    const char* end = text->data() + text->size();
    const auto time = std::from_chars(text->data(), end, at);
    if (time.ec == std::errc() && time.ptr != end && *time.ptr == '.') {
      const auto line = std::from_chars(time.ptr + 1, end, seq);
      if (line.ec == std::errc() && line.ptr == end) {
        return {.at = Timestamp(std::chrono::milliseconds(at)), .seq = seq};
      }
    }
  }
  refuse("InvalidNextTokenException", "The token is not one that LookupEvents gave.");
}

json::array resources_of(const json::object& event) {
  json::array resources;
  const json::array* named = find_array(event, "resources");
  if (named == nullptr) return resources;
  for (const json::value& value : *named) {
    if (!value.is_object()) continue;
    const json::object& resource = value.get_object();
    json::object entry{{"ResourceName", audit::resource_name(string_or(resource, "ARN"))}};
    if (const auto type = find_string(resource, "type")) entry["ResourceType"] = *type;
    resources.push_back(std::move(entry));
  }
  return resources;
}

std::string user_name_of(const json::object& event) {
  const json::object* identity = find_object(event, "userIdentity");
  if (identity == nullptr) return {};
  if (string_or(*identity, "type") == "Root") return "root";
  if (const auto name = find_string(*identity, "userName")) return std::string(*name);
  const std::string arn = string_or(*identity, "arn");
  return arn.substr(arn.rfind('/') + 1);
}

json::object entry_of(const audit::Record& record) {
  const std::string document = audit::event_document(record);
  const json::object event = json::parse(document).as_object();
  json::object entry{
      {"EventId", string_or(event, "eventID")},
      {"EventName", string_or(event, "eventName")},
      {"ReadOnly", find_bool(event, "readOnly").value_or(false) ? "true" : "false"},
      {"EventTime", epoch_seconds(std::chrono::floor<std::chrono::seconds>(record.at))},
      {"EventSource", string_or(event, "eventSource")},
      {"Username", user_name_of(event)},
      {"Resources", resources_of(event)},
      {"CloudTrailEvent", document}};
  if (const json::object* identity = find_object(event, "userIdentity")) {
    if (const auto key = find_string(*identity, "accessKeyId")) entry["AccessKeyId"] = *key;
  }
  return entry;
}

}  // namespace

std::vector<OperationEntry> CloudTrailService::operations() {
  return {{.name = "LookupEvents",
           .plain = [this](const json::object& input,
                           Call& call) { return lookup_events(input, call); },
           .streaming = nullptr}};
}

json::object CloudTrailService::lookup_events(const json::object& input, Call& call) {
  if (find_string(input, "EventCategory")) {
    refuse("InvalidEventCategoryException", "Clary records no insight events.");
  }
  audit::Lookup lookup;
  lookup.account = call.account;
  lookup.region = call.region;
  read_attribute(input, lookup);
  const Timestamp oldest = call.now - audit::kEventHistory;
  lookup.from = oldest;
  lookup.until = call.now;
  if (const auto from = find_double(input, "StartTime")) lookup.from = from_epoch_seconds(*from);
  if (const auto until = find_double(input, "EndTime")) {
    // Times of CloudTrail are whole seconds: the last one counts to its end.
    lookup.until = from_epoch_seconds(*until) + std::chrono::milliseconds(999);
  }
  if (lookup.from > lookup.until) {
    refuse("InvalidTimeRangeException", "The start time is after the end time.");
  }
  lookup.from = std::max(lookup.from, oldest);
  lookup.limit = static_cast<std::size_t>(find_int(input, "MaxResults").value_or(50));
  if (const auto token = find_string(input, "NextToken")) lookup.after = read_token(*token);

  const std::vector<audit::Found> found = index_.lookup(lookup);
  json::array events;
  for (const audit::Found& line : found) {
    if (const auto record = audit::read_record(line.line)) events.push_back(entry_of(*record));
  }
  json::object output{{"Events", std::move(events)}};
  if (found.size() == lookup.limit) output["NextToken"] = token_of(found.back());
  return output;
}

}  // namespace clary::api
