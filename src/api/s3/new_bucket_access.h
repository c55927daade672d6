// Who may use a bucket that CreateBucket makes.
#pragma once

#include "api/call.h"
#include "api/s3/bucket_access.h"
#include "api/s3/s3.h"
#include "base/json.h"

namespace clary::api::s3 {

// x-amz-object-ownership, x-amz-acl and x-amz-grant-* of a CreateBucket, checked before the bucket
// is made. Throws InvalidBucketAclWithObjectOwnership, AccessDenied for a public ACL that new
// buckets block, and what acl_of_headers() throws.
struct NewBucketAccess {
  ObjectOwnership ownership = ObjectOwnership::kBucketOwnerEnforced;
  std::optional<Acl> acl;
};
NewBucketAccess new_bucket_access(const Context& context, const json::object& input,
                                  const Call& call);

// Stores it with the bucket. A crash in between leaves the bucket to its owner alone.
void store_access(const Context& context, const BucketName& bucket, const NewBucketAccess& asked,
                  const json::object& input);

// CreateBucket of a bucket that is one's own already, where that succeeds: "resets the bucket
// access control lists (ACLs)", and changes nothing else.
void reset_acl(const Context& context, const objects::BucketInfo& bucket,
               const NewBucketAccess& asked, const json::object& input);

}  // namespace clary::api::s3
