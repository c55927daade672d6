#include <algorithm>

#include "api/kms/operations.h"
#include "base/random.h"
#include "base/text.h"

namespace clary::api::kms {

using wire::ApiError;

std::string required(const json::object& input, std::string_view name) {
  return std::string(find_string(input, name).value_or(std::string_view()));
}

std::string blob_in(const json::object& input, std::string_view name) {
  const auto text = find_string(input, name);
  if (!text) return {};
  auto bytes = unbase64(*text);
  if (!bytes) {
    throw ApiError("SerializationException", std::string(name) + " is no canonical Base64");
  }
  return std::move(*bytes);
}

keys::EncryptionContext context_in(const json::object& input, std::string_view name) {
  keys::EncryptionContext context;
  if (const json::object* const given = find_object(input, name)) {
    for (const auto& [key, value] : *given) context.emplace(key, value.as_string());
  }
  return context;
}

std::map<std::string, std::string> tags_in(const json::object& input) {
  std::map<std::string, std::string> tags;
  const json::array* const list = find_array(input, "Tags");
  if (list == nullptr) return tags;
  for (const json::value& tag : *list) {
    const std::string key = string_or(tag.as_object(), "TagKey");
    if (to_lower(key).starts_with("aws:")) {
      throw ApiError("TagException",
                     "aws: prefixed tag key names are not allowed for external use");
    }
    if (!tags.emplace(key, string_or(tag.as_object(), "TagValue")).second) {
      throw ApiError("TagException", "Duplicate tag keys");
    }
  }
  return tags;
}

void end_dry_run(const json::object& input) {
  if (find_bool(input, "DryRun").value_or(false)) {
    throw ApiError("DryRunOperationException",
                   "The request would have succeeded, but the DryRun option is set.");
  }
}

void require_usage(const keys::KmsKey& key, std::string_view usage, std::string_view action) {
  if (key.usage == usage) return;
  throw ApiError("InvalidKeyUsageException", key.arn + " key usage is " + key.usage +
                                                 " which is not valid for " + std::string(action) +
                                                 ".");
}

KeyPointer key_for(const KmsParts& parts, const json::object& input, const Call& call, Ask ask) {
  return parts.access.require(call, required(input, "KeyId"), std::move(ask)).key;
}

KeyPointer own_key_for(const KmsParts& parts, const json::object& input, const Call& call,
                       Ask ask) {
  const std::string action(ask.action);
  KeyPointer key = key_for(parts, input, call, std::move(ask));
  if (key->account != call.account || key->aws_managed) {
    throw ApiError("AccessDeniedException",
                   "User: " + call.principal.arn + " is not authorized to perform: kms:" + action +
                       " on resource: " + key->arn +
                       (key->aws_managed ? " because it is an AWS managed key"
                                         : " because it belongs to another account"));
  }
  return key;
}

void throw_gone(const keys::KmsKey& key) {
  throw ApiError("NotFoundException", "Key '" + key.arn + "' does not exist");
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  fill_random(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

void page_out(json::object& output, std::string_view list_name, json::array items,
              const json::object& input, std::size_t default_limit,
              const std::function<std::string(const json::object&)>& name) {
  std::string after;
  if (const auto marker = find_string(input, "Marker")) {
    const auto decoded = unbase64(*marker);
    if (!decoded) throw ApiError("InvalidMarkerException", "Could not deserialize marker");
    after = *decoded;
  }
  const auto limit = static_cast<std::size_t>(
      find_int(input, "Limit").value_or(static_cast<std::int64_t>(default_limit)));
  json::array page;
  bool more = false;
  for (json::value& item : items) {
    if (!after.empty() && name(item.as_object()) <= after) continue;
    more = page.size() == limit;
    if (more) break;
    page.push_back(std::move(item));
  }
  output["Truncated"] = more;
  if (more) output["NextMarker"] = base64(name(page.back().as_object()));
  output[list_name] = std::move(page);
}

}  // namespace clary::api::kms
