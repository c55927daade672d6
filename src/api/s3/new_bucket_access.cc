#include "api/s3/new_bucket_access.h"

#include "api/s3/acl_requests.h"
#include "api/s3/request.h"

namespace clary::api::s3 {

using wire::ApiError;

NewBucketAccess new_bucket_access(const Context& context, const json::object& input,
                                  const Call& call) {
  NewBucketAccess result;
  result.ownership = context.new_buckets.ownership;
  if (const auto named = find_string(input, "ObjectOwnership")) {
    const auto ownership = object_ownership(*named);
    if (!ownership) {
      ApiError error("InvalidArgument",
                     "Invalid x-amz-object-ownership header: " + std::string(*named), 400);
      error.details()["ArgumentName"] = "x-amz-object-ownership";
      throw error;
    }
    result.ownership = *ownership;
  }
  const std::string account(call.account);
  result.acl = acl_of_headers(call, context.directory, {.owner = account, .bucket_owner = account});
  if (!result.acl || *result.acl == private_acl(account)) return result;
  if (result.ownership == ObjectOwnership::kBucketOwnerEnforced) {
    throw ApiError("InvalidBucketAclWithObjectOwnership",
                   "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                   400);
  }
  BucketAccess access;
  if (context.new_buckets.block_public_access) access.block = kBlockAll;
  refuse_public_acl(access, *result.acl);
  return result;
}

void store_access(const Context& context, const BucketName& bucket, const NewBucketAccess& asked,
                  const json::object& input) {
  const auto set = [&](std::string_view setting, std::string value) {
    must(context.access.set(bucket, setting, std::move(value)), input);
  };
  if (asked.acl) set(kAclSetting, acl_text(*asked.acl));
  if (asked.ownership != ObjectOwnership::kBucketOwnerEnforced) {
    const auto name = name_of(asked.ownership);
    set(kOwnershipSetting, std::string(name.empty() ? kDeletedSetting : name));
  }
  if (!context.new_buckets.block_public_access) set(kBlockSetting, std::string(kDeletedSetting));
}

void reset_acl(const Context& context, const objects::BucketInfo& bucket,
               const NewBucketAccess& asked, const json::object& input) {
  const auto access = context.access.find(bucket);
  if (!access->acls_in_force()) return;
  const Acl acl = asked.acl.value_or(private_acl(bucket.account));
  refuse_public_acl(*access, acl);
  if (acl != access->acl) must(context.access.set(bucket.name, kAclSetting, acl_text(acl)), input);
}

}  // namespace clary::api::s3
