// GetBucketAcl, PutBucketAcl, GetObjectAcl, PutObjectAcl. Reading answers whether or not ACLs are
// in force: where they are not, the bucket's owner controls all.
#include "api/s3/acl_requests.h"
#include "api/s3/authorize.h"
#include "api/s3/bucket_access.h"
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

void refuse_without_acls(const BucketAccess& access) {
  if (access.acls_in_force()) return;
  throw ApiError("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
}

json::object get_bucket_acl(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto access = context.access.find(bucket);
  return acl_answer(access->acls_in_force() ? access->acl : private_acl(bucket.account),
                    bucket.account);
}

json::object put_bucket_acl(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto access = context.access.find(bucket);
  refuse_without_acls(*access);
  const AclOwners owners{.owner = bucket.account, .bucket_owner = bucket.account};
  const Acl acl = acl_of_request(input, call, context.directory, owners);
  refuse_public_acl(*access, acl);
  must(context.access.set(bucket.name, kAclSetting, acl_text(acl)), input);
  return {};
}

json::object get_object_acl(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto access = context.access.find(bucket);
  const auto info = context.store.head(bucket.name, key_of(input), string_or(input, "VersionId"));
  if (!info) throw missing_object(context, input, call, info.error());
  const std::string owner = owner_account(*access, bucket, (*info)->owner);
  return acl_answer(
      access->acls_in_force() ? parse_acl_text((*info)->acl, owner) : private_acl(owner), owner);
}

json::object put_object_acl(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto access = context.access.find(bucket);
  refuse_without_acls(*access);
  const objects::ObjectStore::VersionName version{.key = key_of(input),
                                                  .version_id = string_or(input, "VersionId")};
  const auto info = context.store.head(bucket.name, version.key, version.version_id);
  if (!info) throw missing_object(context, input, call, info.error());
  const AclOwners owners{.owner = owner_account(*access, bucket, (*info)->owner),
                         .bucket_owner = bucket.account,
                         .of_object = true};
  const Acl acl = acl_of_request(input, call, context.directory, owners);
  refuse_public_acl(*access, acl);
  must(context.store.set_acl(bucket.name, version, acl_text(acl)), input);
  return {};
}

}  // namespace

std::vector<OperationEntry> acl_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"GetBucketAcl", plain(get_bucket_acl), {}},
      {"PutBucketAcl", plain(put_bucket_acl), {}},
      {"GetObjectAcl", plain(get_object_acl), {}},
      {"PutObjectAcl", plain(put_object_acl), {}},
  };
}

}  // namespace clary::api::s3
