// Public access block and ownership of objects: what a bucket allows at most.
// Sources: "Blocking public access to your Amazon S3 storage", "Controlling ownership of objects
// and disabling ACLs for your bucket", Amazon S3 user guide.
#include "api/s3/bucket_access.h"
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

ApiError malformed_xml() {
  return ApiError("MalformedXML",
                  "The XML you provided was not well-formed or did not validate against our "
                  "published schema",
                  400);
}

ApiError with_bucket(ApiError error, const objects::BucketInfo& bucket) {
  error.details()["BucketName"] = bucket.name.str();
  return error;
}

json::object get_public_access_block(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto access = context.access.find(bucket);
  if (!access->block) {
    throw with_bucket(ApiError("NoSuchPublicAccessBlockConfiguration",
                               "The public access block configuration was not found", 404),
                      bucket);
  }
  const auto& block = *access->block;
  return {{"PublicAccessBlockConfiguration",
           json::object{{"BlockPublicAcls", block.block_public_acls},
                        {"IgnorePublicAcls", block.ignore_public_acls},
                        {"BlockPublicPolicy", block.block_public_policy},
                        {"RestrictPublicBuckets", block.restrict_public_buckets}}}};
}

json::object put_public_access_block(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto* asked = find_object(input, "PublicAccessBlockConfiguration");
  if (asked == nullptr) throw malformed_xml();
  const auto flag = [&](std::string_view name) { return find_bool(*asked, name).value_or(false); };
  const PublicAccessBlock block{.block_public_acls = flag("BlockPublicAcls"),
                                .ignore_public_acls = flag("IgnorePublicAcls"),
                                .block_public_policy = flag("BlockPublicPolicy"),
                                .restrict_public_buckets = flag("RestrictPublicBuckets")};
  must(context.access.set(bucket.name, kBlockSetting, block_text(block)), input);
  return {};
}

json::object delete_public_access_block(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  must(context.access.set(bucket.name, kBlockSetting, std::string(kDeletedSetting)), input);
  return {};
}

json::object get_ownership(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto ownership = context.access.find(bucket)->ownership;
  if (ownership == ObjectOwnership::kUnset) {
    throw with_bucket(ApiError("OwnershipControlsNotFoundError",
                               "The bucket ownership controls were not found", 404),
                      bucket);
  }
  const json::object rule{{"ObjectOwnership", name_of(ownership)}};
  return {{"OwnershipControls", json::object{{"Rules", json::array{rule}}}}};
}

json::object put_ownership(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto* controls = find_object(input, "OwnershipControls");
  const auto* rules = controls != nullptr ? find_array(*controls, "Rules") : nullptr;
  if (rules == nullptr || rules->size() != 1) throw malformed_xml();
  const auto ownership = object_ownership(string_or(rules->front().as_object(), "ObjectOwnership"));
  if (!ownership) throw malformed_xml();
  const auto access = context.access.find(bucket);
  // With ACLs out of force, what the bucket's list gives others would silently be lost.
  if (*ownership == ObjectOwnership::kBucketOwnerEnforced && access->acls_in_force() &&
      access->acl != private_acl(bucket.account)) {
    throw ApiError("InvalidBucketAclWithObjectOwnership",
                   "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                   400);
  }
  must(context.access.set(bucket.name, kOwnershipSetting, std::string(name_of(*ownership))), input);
  return {};
}

json::object delete_ownership(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  must(context.access.set(bucket.name, kOwnershipSetting, std::string(kDeletedSetting)), input);
  return {};
}

}  // namespace

std::vector<OperationEntry> public_access_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"GetPublicAccessBlock", plain(get_public_access_block), {}},
      {"PutPublicAccessBlock", plain(put_public_access_block), {}},
      {"DeletePublicAccessBlock", plain(delete_public_access_block), {}},
      {"GetBucketOwnershipControls", plain(get_ownership), {}},
      {"PutBucketOwnershipControls", plain(put_ownership), {}},
      {"DeleteBucketOwnershipControls", plain(delete_ownership), {}},
  };
}

}  // namespace clary::api::s3
