// PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus.
#include "api/s3/bucket_access.h"
#include "api/s3/bucket_policy.h"
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

ApiError malformed(std::string message) {
  return ApiError("MalformedPolicy", std::move(message), 400);
}

// Every role and user that is named exists; what other servers have, this one cannot know.
void check_principals(const Directory& directory, const identity::Policy& policy) {
  for (const auto& statement : policy.statements) {
    for (const auto& [type, names] : statement.principals) {
      for (const auto& name : names) {
        const bool known =
            type == "AWS" ? !name.starts_with("arn:aws:iam::") || name.ends_with(":root") ||
                                !directory.principal_exists || directory.principal_exists(name)
                          : type != "CanonicalUser" || account_of_canonical_id(directory, name, {});
        if (!known) throw malformed("Invalid principal in policy");
      }
    }
  }
}

json::object put_bucket_policy(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto text = string_or(input, "Policy");
  if (text.size() > kMaxPolicyBytes) {
    throw malformed("Policy exceeds the maximum allowed document size.");
  }
  const auto policy = parse_bucket_policy(text, bucket.name.str());
  if (!policy) throw malformed(policy.error());
  check_principals(context.directory, *policy);
  const auto access = context.access.find(bucket);
  if (access->block && access->block->block_public_policy && is_public(*policy)) {
    throw ApiError("AccessDenied", "Access Denied", 403);
  }
  must(context.access.set(bucket.name, kPolicySetting, text), input);
  return {};
}

json::object get_bucket_policy(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto access = context.access.find(bucket);
  if (!access->policy) {
    ApiError error("NoSuchBucketPolicy", "The bucket policy does not exist", 404);
    error.details()["BucketName"] = bucket.name.str();
    throw error;
  }
  return {{"Policy", access->policy_text}};
}

json::object delete_bucket_policy(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  must(context.access.set(bucket.name, kPolicySetting, std::nullopt), input);
  return {};
}

// "Whether the bucket is public": by its policy or by its ACL, as far as neither is held back.
json::object get_bucket_policy_status(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto access = context.access.find(bucket);
  const bool by_acl =
      access->acls_in_force() && !access->ignores_public_acls() && access->acl.is_public();
  const bool by_policy =
      access->policy_is_public && !(access->block && access->block->restrict_public_buckets);
  return {{"PolicyStatus", json::object{{"IsPublic", by_acl || by_policy}}}};
}

}  // namespace

std::vector<OperationEntry> bucket_policy_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"PutBucketPolicy", plain(put_bucket_policy), {}},
      {"GetBucketPolicy", plain(get_bucket_policy), {}},
      {"DeleteBucketPolicy", plain(delete_bucket_policy), {}},
      {"GetBucketPolicyStatus", plain(get_bucket_policy_status), {}},
  };
}

}  // namespace clary::api::s3
