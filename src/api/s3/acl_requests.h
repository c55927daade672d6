// ACLs on the wire: what a request asks for, and how one is shown.
// Source: "Access control list (ACL) overview", Amazon S3 user guide.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/s3/acl.h"
#include "api/s3/directory.h"
#include "base/json.h"
#include "objects/object_info.h"

namespace clary::api::s3 {

struct BucketAccess;
struct Context;

// Whose ACL it is. Of a bucket, both are the same account.
struct AclOwners {
  std::string owner, bucket_owner;
  bool of_object = false;
};

// What x-amz-acl or the x-amz-grant-* headers ask for; nullopt when there are none. Throws
// InvalidArgument, InvalidRequest, UnresolvableGrantByEmailAddress.
std::optional<Acl> acl_of_headers(const Call& call, const Directory& directory,
                                  const AclOwners& owners);

// The ACL that PutBucketAcl or PutObjectAcl sets: by header or by AccessControlPolicy.
Acl acl_of_request(const json::object& input, const Call& call, const Directory& directory,
                   const AclOwners& owners);

// Owner and Grants, groups first.
json::object acl_answer(const Acl& acl, std::string_view owner);

// Fills owner and acl of an object that the request creates, by the bucket's rules. Throws
// AccessControlListNotSupported where ACLs are not in force, AccessDenied for a public one that the
// bucket blocks.
void set_object_access(const Context& context, const objects::BucketInfo& bucket, const Call& call,
                       std::string& owner, std::string& acl);

// Throws AccessDenied for a public ACL when the bucket blocks those.
void refuse_public_acl(const BucketAccess& access, const Acl& acl);

// The account an object belongs to.
std::string owner_account(const BucketAccess& access, const objects::BucketInfo& bucket,
                          std::string_view object_owner);

}  // namespace clary::api::s3
