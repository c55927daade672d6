#include "keys/key_rows.h"

#include "base/json.h"

namespace clary::keys {
namespace {

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

void put_time(json::object& out, std::string_view name, const std::optional<Timestamp>& time) {
  if (time) out[name] = milliseconds(*time);
}

std::optional<Timestamp> time_in(const json::object& in, std::string_view name) {
  const auto value = find_int(in, name);
  if (!value) return std::nullopt;
  return Timestamp(std::chrono::milliseconds(*value));
}

json::object map_out(const std::map<std::string, std::string>& map) {
  json::object out;
  for (const auto& [key, value] : map) out[key] = value;
  return out;
}

std::optional<std::map<std::string, std::string>> map_in(const json::object& in,
                                                         std::string_view name) {
  const json::object* const object = find_object(in, name);
  if (object == nullptr) return std::nullopt;
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : *object) map.emplace(key, value.as_string());
  return map;
}

}  // namespace

std::string key_text(const KmsKey& key) {
  json::object out{{"id", key.id},
                   {"account", key.account},
                   {"region", key.region},
                   {"arn", key.arn},
                   {"description", key.description},
                   {"spec", key.spec},
                   {"usage", key.usage},
                   {"state", key.state},
                   {"aws_managed", key.aws_managed},
                   {"multi_region", key.multi_region},
                   {"created", milliseconds(key.created)},
                   {"pending_days", key.pending_days},
                   {"rotation_enabled", key.rotation_enabled},
                   {"rotation_days", key.rotation_days},
                   {"policy", *key.policy},
                   {"tags", map_out(key.tags)}};
  put_time(out, "deletion_date", key.deletion_date);
  put_time(out, "next_rotation", key.next_rotation);
  return json::serialize(out);
}

KmsKey key_of(std::string_view text) {
  const json::value parsed = json::parse(text);
  const json::object& in = parsed.as_object();
  KmsKey key;
  key.id = string_or(in, "id");
  key.account = string_or(in, "account");
  key.region = string_or(in, "region");
  key.arn = string_or(in, "arn");
  key.description = string_or(in, "description");
  key.spec = string_or(in, "spec");
  key.usage = string_or(in, "usage");
  key.state = string_or(in, "state");
  key.aws_managed = find_bool(in, "aws_managed").value_or(false);
  key.multi_region = find_bool(in, "multi_region").value_or(false);
  key.created = time_in(in, "created").value_or(Timestamp{});
  key.pending_days = static_cast<int>(find_int(in, "pending_days").value_or(0));
  key.rotation_enabled = find_bool(in, "rotation_enabled").value_or(false);
  key.rotation_days = static_cast<int>(find_int(in, "rotation_days").value_or(365));
  key.policy = std::make_shared<const std::string>(string_or(in, "policy"));
  key.tags = map_in(in, "tags").value_or(std::map<std::string, std::string>());
  key.deletion_date = time_in(in, "deletion_date");
  key.next_rotation = time_in(in, "next_rotation");
  return key;
}

std::string grant_text(const Grant& grant) {
  json::object out{{"id", grant.id},
                   {"token", grant.token},
                   {"name", grant.name},
                   {"grantee", grant.grantee},
                   {"retiring", grant.retiring},
                   {"issuing_account", grant.issuing_account},
                   {"operations", json::array(grant.operations.begin(), grant.operations.end())},
                   {"created", milliseconds(grant.created)}};
  if (grant.context_equals) out["equals"] = map_out(*grant.context_equals);
  if (grant.context_subset) out["subset"] = map_out(*grant.context_subset);
  return json::serialize(out);
}

Grant grant_of(std::string_view text) {
  const json::value parsed = json::parse(text);
  const json::object& in = parsed.as_object();
  Grant grant;
  grant.id = string_or(in, "id");
  grant.token = string_or(in, "token");
  grant.name = string_or(in, "name");
  grant.grantee = string_or(in, "grantee");
  grant.retiring = string_or(in, "retiring");
  grant.issuing_account = string_or(in, "issuing_account");
  if (const json::array* const operations = find_array(in, "operations")) {
    for (const json::value& one : *operations) grant.operations.emplace_back(one.as_string());
  }
  grant.context_equals = map_in(in, "equals");
  grant.context_subset = map_in(in, "subset");
  grant.created = time_in(in, "created").value_or(Timestamp{});
  return grant;
}

}  // namespace clary::keys
