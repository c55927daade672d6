// Aliases: names of keys within an account and region.
#include <algorithm>

#include "api/kms/operations.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

std::string alias_name_in(const json::object& input) {
  std::string name = required(input, "AliasName");
  if (!name.starts_with("alias/")) {
    throw ApiError("ValidationException", "Invalid identifier");
  }
  if (name.size() == 6 || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                 "0123456789/_-") != std::string::npos) {
    throw ApiError("InvalidAliasNameException",
                   "Alias must contain only alphanumeric characters, forward slashes, underscores "
                   "and dashes after 'alias/'");
  }
  if (name.starts_with("alias/aws/")) {
    throw ApiError("NotAuthorizedException", "Aliases that begin with alias/aws/ are reserved");
  }
  return name;
}

void require_alias(const KmsParts& parts, const Call& call, std::string_view action,
                   const std::string& name) {
  parts.access.require_plain(call, action, alias_arn(call.region, call.account, name));
}

[[noreturn]] void alias_not_found(const Call& call, const std::string& name) {
  throw ApiError("NotFoundException",
                 "Alias " + alias_arn(call.region, call.account, name) + " is not found.");
}

// The key that TargetKeyId names: an id or a key's ARN of the caller's own.
KeyPointer target_of(const KmsParts& parts, const json::object& input, const Call& call,
                     std::string_view action) {
  const std::string target = required(input, "TargetKeyId");
  if (target.find("alias/") != std::string::npos) {
    throw ApiError("ValidationException", "Aliases must refer to keys. Not aliases");
  }
  json::object named = input;
  named["KeyId"] = target;
  KeyPointer key = own_key_for(parts, named, call, {.action = action});
  require_not_pending(*key);
  return key;
}

}  // namespace

json::object create_alias(const KmsParts& parts, const json::object& input, Call& call) {
  keys::KeyAlias alias{.account = std::string(call.account),
                       .region = std::string(call.region),
                       .name = alias_name_in(input),
                       .key_id = {}};
  require_alias(parts, call, "CreateAlias", alias.name);
  alias.key_id = target_of(parts, input, call, "CreateAlias")->id;
  if (!parts.keys.create_alias(alias)) {
    throw ApiError("AlreadyExistsException", "An alias with the name " +
                                                 alias_arn(call.region, call.account, alias.name) +
                                                 " already exists");
  }
  return {};
}

json::object update_alias(const KmsParts& parts, const json::object& input, Call& call) {
  const std::string name = alias_name_in(input);
  require_alias(parts, call, "UpdateAlias", name);
  const auto alias = parts.keys.find_alias(call.account, call.region, name);
  if (!alias) alias_not_found(call, name);
  const auto old_key = parts.keys.find(alias->key_id);
  if (old_key != nullptr) parts.access.require(call, old_key, {.action = "UpdateAlias"});
  const auto target = target_of(parts, input, call, "UpdateAlias");
  if (old_key != nullptr &&
      (old_key->usage != target->usage || old_key->symmetric() != target->symmetric())) {
    throw ApiError("ValidationException", "Alias " + name + " cannot be changed from a key for " +
                                              old_key->usage + " to one for " + target->usage +
                                              " or of another type.");
  }
  if (!parts.keys.move_alias(call.account, call.region, name, target->id)) {
    alias_not_found(call, name);
  }
  return {};
}

json::object delete_alias(const KmsParts& parts, const json::object& input, Call& call) {
  const std::string name = alias_name_in(input);
  require_alias(parts, call, "DeleteAlias", name);
  const auto alias = parts.keys.find_alias(call.account, call.region, name);
  if (!alias) alias_not_found(call, name);
  if (const auto key = parts.keys.find(alias->key_id)) {
    parts.access.require(call, key, {.action = "DeleteAlias"});
  }
  if (!parts.keys.delete_alias(call.account, call.region, name)) alias_not_found(call, name);
  return {};
}

json::object list_aliases(const KmsParts& parts, const json::object& input, Call& call) {
  parts.access.require_plain(call, "ListAliases", "*");
  std::string key_id;
  if (const auto given = find_string(input, "KeyId")) {
    Ask ask{.action = "ListAliases"};
    key_id = parts.access.resolve(call, *given, ask)->id;
  }
  json::array aliases;
  for (const keys::KeyAlias& alias : parts.keys.aliases(call.account, call.region)) {
    if (!key_id.empty() && alias.key_id != key_id) continue;
    aliases.push_back({{"AliasName", alias.name},
                       {"AliasArn", alias_arn(alias.region, alias.account, alias.name)},
                       {"TargetKeyId", alias.key_id},
                       {"CreationDate", epoch_seconds(alias.created)},
                       {"LastUpdatedDate", epoch_seconds(alias.updated)}});
  }
  json::object output;
  page_out(output, "Aliases", std::move(aliases), input, 50,
           [](const json::object& alias) { return string_or(alias, "AliasName"); });
  return output;
}

}  // namespace clary::api::kms
