// Key policies and tags.
#include "api/kms/operations.h"
#include "api/kms/policy_check.h"
#include "base/text.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

constexpr std::string_view kPolicyName = "default";
constexpr std::size_t kPolicyBytes = 32768, kMostTags = 50;

void require_policy_name(const json::object& input) {
  if (string_or(input, "PolicyName", kPolicyName) != kPolicyName) {
    throw ApiError("NotFoundException", "No such policy exists");
  }
}

}  // namespace

void check_key_policy(KeyAccess& access, const Call& call, const keys::KmsKey& key,
                      const std::string& policy, bool bypass) {
  if (policy.size() > kPolicyBytes) {
    throw ApiError("LimitExceededException", "Key policies may not exceed 32768 bytes.");
  }
  const auto parsed = identity::parse_policy(policy, identity::PolicyKind::kResource);
  if (!parsed) throw ApiError("MalformedPolicyDocumentException", parsed.error());
  if (!bypass && !access.would_allow(call, key, policy, "PutKeyPolicy")) {
    throw ApiError("MalformedPolicyDocumentException",
                   "The new key policy will not allow you to update the key policy in the future.");
  }
}

void add_tag_context(identity::Context& context, const std::map<std::string, std::string>& tags) {
  for (const auto& [key, value] : tags) {
    context["aws:requesttag/" + to_lower(key)] = {value};
    context["aws:tagkeys"].push_back(key);
  }
}

json::object get_key_policy(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = key_for(parts, input, call, {.action = "GetKeyPolicy"});
  require_policy_name(input);
  return {{"Policy", *key->policy}, {"PolicyName", kPolicyName}};
}

json::object put_key_policy(const KmsParts& parts, const json::object& input, Call& call) {
  const bool bypass = find_bool(input, "BypassPolicyLockoutSafetyCheck").value_or(false);
  Ask ask{.action = "PutKeyPolicy"};
  ask.context["kms:bypasspolicylockoutsafetycheck"] = {bypass ? "true" : "false"};
  const auto key = own_key_for(parts, input, call, std::move(ask));
  require_policy_name(input);
  const auto policy = std::make_shared<const std::string>(required(input, "Policy"));
  check_key_policy(parts.access, call, *key, *policy, bypass);
  parts.keys.update(key->id, [&](keys::KmsKey& changed) { changed.policy = policy; });
  return {};
}

json::object list_key_policies(const KmsParts& parts, const json::object& input, Call& call) {
  key_for(parts, input, call, {.action = "ListKeyPolicies"});
  return {{"PolicyNames", json::array{kPolicyName}}, {"Truncated", false}};
}

json::object tag_resource(const KmsParts& parts, const json::object& input, Call& call) {
  const auto tags = tags_in(input);
  Ask ask{.action = "TagResource"};
  add_tag_context(ask.context, tags);
  const auto key = own_key_for(parts, input, call, std::move(ask));
  parts.keys.update(key->id, [&](keys::KmsKey& changed) {
    require_not_pending(changed);
    for (const auto& [name, value] : tags) changed.tags.insert_or_assign(name, value);
    if (changed.tags.size() > kMostTags) throw ApiError("LimitExceededException", "Too many tags");
  });
  return {};
}

json::object untag_resource(const KmsParts& parts, const json::object& input, Call& call) {
  Ask ask{.action = "UntagResource"};
  const json::array names = *find_array(input, "TagKeys");
  for (const json::value& name : names) ask.context["aws:tagkeys"].emplace_back(name.as_string());
  const auto key = own_key_for(parts, input, call, std::move(ask));
  parts.keys.update(key->id, [&](keys::KmsKey& changed) {
    require_not_pending(changed);
    for (const json::value& name : names) changed.tags.erase(std::string(name.as_string()));
  });
  return {};
}

json::object list_resource_tags(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = key_for(parts, input, call, {.action = "ListResourceTags"});
  json::array tags;
  for (const auto& [name, value] : key->tags) {
    tags.push_back({{"TagKey", name}, {"TagValue", value}});
  }
  json::object output;
  page_out(output, "Tags", std::move(tags), input, 50,
           [](const json::object& tag) { return string_or(tag, "TagKey"); });
  return output;
}

}  // namespace clary::api::kms
