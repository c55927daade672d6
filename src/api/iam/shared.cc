#include <algorithm>

#include "api/iam/operations.h"

namespace clary::api::iam {

identity::Role role_or_throw(const IamStores& stores, const json::object& input, const Call& call) {
  const std::string name = required(input, "RoleName");
  auto role = stores.roles.find(call.account, name);
  if (!role) throw_no_such_role(name);
  return *std::move(role);
}

void throw_no_such_role(std::string_view name) {
  throw wire::ApiError("NoSuchEntity",
                       "The role with name " + std::string(name) + " cannot be found.");
}

identity::Role update_role_or_throw(const IamStores& stores, const json::object& input,
                                    const Call& call,
                                    const std::function<void(identity::Role&)>& change) {
  const std::string name = required(input, "RoleName");
  auto role = stores.roles.update(call.account, name, change);
  if (!role) throw_no_such_role(name);
  return *std::move(role);
}

void check_policy(std::string_view document, identity::PolicyKind kind) {
  const auto policy = identity::parse_policy(document, kind);
  if (!policy) throw wire::ApiError("MalformedPolicyDocument", policy.error());
}

std::string encoded_document(std::string_view document) {
  return uri_encode(document);
}

std::map<std::string, std::string> tags_in(const json::object& input) {
  std::map<std::string, std::string> tags;
  if (const json::array* const list = find_array(input, "Tags")) {
    for (const json::value& tag : *list) {
      tags.insert_or_assign(string_or(tag.as_object(), "Key"), string_or(tag.as_object(), "Value"));
    }
  }
  return tags;
}

json::array tags_out(const std::map<std::string, std::string>& tags) {
  json::array list;
  for (const auto& [key, value] : tags) {
    list.push_back(json::object{{"Key", key}, {"Value", value}});
  }
  return list;
}

std::string required(const json::object& input, std::string_view name) {
  return string_or(input, name);
}

Paging paging_in(const json::object& input) {
  Paging paging;
  if (const auto limit = find_int(input, "MaxItems")) {
    paging.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(*limit, 1, 1000));
  }
  if (const auto marker = find_string(input, "Marker")) {
    const auto after = unbase64(*marker);
    if (!after) throw wire::ApiError("ValidationError", "Invalid Marker.", 400);
    paging.after = *after;
  }
  return paging;
}

void paging_out(json::object& output, std::string_view list_name, json::array items,
                const Paging& paging, const std::function<std::string(const json::value&)>& name) {
  const bool truncated = items.size() > paging.limit;
  if (truncated) {
    items.resize(paging.limit);
    output["Marker"] = base64(name(items.back()));
  }
  output["IsTruncated"] = truncated;
  output[list_name] = std::move(items);
}

void page_of_names(json::object& output, std::string_view list_name,
                   const std::vector<std::string>& names, const Paging& paging,
                   const std::function<json::value(const std::string&)>& item) {
  json::array items;
  std::string last;
  bool truncated = false;
  for (const std::string& name : names) {
    if (name <= paging.after) continue;
    truncated = items.size() == paging.limit;
    if (truncated) break;
    items.push_back(item(name));
    last = name;
  }
  if (truncated) output["Marker"] = base64(last);
  output["IsTruncated"] = truncated;
  output[list_name] = std::move(items);
}

}  // namespace clary::api::iam
