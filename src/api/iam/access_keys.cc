#include <algorithm>

#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

using identity::AccessKey;
using identity::Principal;

constexpr std::size_t kMaxKeys = 2;

// Whose keys: the user that the input names, or the caller.
Principal owner_in(const IamStores& stores, const json::object& input, const Call& call) {
  Principal owner;
  owner.account = call.account;
  if (!find_string(input, "UserName") && call.principal.kind == Principal::Kind::kRoot) {
    owner.arn = call.principal.arn;
    owner.user_id = call.principal.user_id;
    return owner;
  }
  std::string name = string_or(input, "UserName");
  if (name.empty()) {
    if (call.principal.kind != Principal::Kind::kUser) {
      throw wire::ApiError("ValidationError",
                           "Must specify userName when calling with non-User credentials", 400);
    }
    name = call.principal.name;
  }
  const identity::User user = user_or_throw(stores, {{"UserName", name}}, call);
  owner.kind = Principal::Kind::kUser;
  owner.arn = user.arn;
  owner.user_id = user.id;
  owner.name = user.name;
  return owner;
}

std::string_view status_of(const AccessKey& key) {
  return key.active ? "Active" : "Inactive";
}

json::object shown(const Principal& owner, const AccessKey& key) {
  json::object object{{"AccessKeyId", key.id},
                      {"Status", status_of(key)},
                      {"CreateDate", epoch_seconds(key.created)}};
  if (!owner.name.empty()) object["UserName"] = owner.name;
  return object;
}

// The key that the input names, when it is the owner's.
std::string key_or_throw(const IamStores& stores, const Principal& owner,
                         const json::object& input) {
  const std::string id = required(input, "AccessKeyId");
  const auto keys = stores.credentials.keys_of(owner.arn);
  if (std::ranges::find(keys, id, &AccessKey::id) == keys.end()) {
    throw wire::ApiError("NoSuchEntity", "The Access Key with id " + id + " cannot be found.");
  }
  return id;
}

}  // namespace

json::object create_access_key(const IamStores& stores, const json::object& input, Call& call) {
  const Principal owner = owner_in(stores, input, call);
  if (stores.credentials.keys_of(owner.arn).size() >= kMaxKeys) {
    throw_over_quota("AccessKeysPerUser", kMaxKeys);
  }
  const AccessKey key = stores.credentials.create_key(owner);
  json::object object = shown(owner, key);
  object["SecretAccessKey"] = key.secret;
  return {{"AccessKey", std::move(object)}};
}

json::object list_access_keys(const IamStores& stores, const json::object& input, Call& call) {
  const Principal owner = owner_in(stores, input, call);
  std::map<std::string, AccessKey> keys;
  for (const AccessKey& key : stores.credentials.keys_of(owner.arn)) keys.emplace(key.id, key);
  std::vector<std::string> ids;
  for (const auto& key : keys) ids.push_back(key.first);
  json::object output;
  page_of_names(output, "AccessKeyMetadata", ids, paging_in(input),
                [&](const std::string& id) { return shown(owner, keys.at(id)); });
  return output;
}

json::object update_access_key(const IamStores& stores, const json::object& input, Call& call) {
  const Principal owner = owner_in(stores, input, call);
  stores.credentials.set_active(key_or_throw(stores, owner, input),
                                required(input, "Status") == "Active");
  return {};
}

json::object delete_access_key(const IamStores& stores, const json::object& input, Call& call) {
  const Principal owner = owner_in(stores, input, call);
  stores.credentials.delete_key(key_or_throw(stores, owner, input));
  return {};
}

json::object get_access_key_last_used(const IamStores& stores, const json::object& input,
                                      Call& call) {
  const std::string id = required(input, "AccessKeyId");
  const auto key = stores.credentials.find(id);
  if (key == nullptr || key->expires || key->principal->account != call.account) {
    throw wire::ApiError("NoSuchEntity", "The Access Key with id " + id + " cannot be found.");
  }
  json::object output;
  if (!key->principal->name.empty()) output["UserName"] = key->principal->name;
  json::object used{{"ServiceName", "N/A"}, {"Region", "N/A"}};
  if (const auto use = stores.credentials.last_use(id)) {
    used = {{"LastUsedDate", epoch_seconds(use->time)},
            {"ServiceName", use->service},
            {"Region", use->region}};
  }
  output["AccessKeyLastUsed"] = std::move(used);
  return output;
}

}  // namespace clary::api::iam
