// May the caller do this in S3? Identity policies, bucket policy, ACLs, ownership of objects and
// public access block together.
//
// S3 evaluates in three contexts ("How Amazon S3 authorizes a request", user guide): the caller's
// account, the bucket's owner and, where ACLs are in force, the object's owner. An object belongs
// to the account that wrote it unless the bucket says otherwise; for reading it, its owner stands
// in the place of the bucket's, whose policy can then still refuse, but no longer grant.
#pragma once

#include <string>
#include <string_view>

#include "api/s3/operation_rules.h"
#include "api/s3/s3.h"
#include "base/json.h"
#include "objects/object_store.h"

namespace clary::api::s3 {

// One permission on one resource. The views outlive the decision.
struct Wanted {
  std::string_view action;                      // "s3:GetObject"
  const objects::BucketInfo* bucket = nullptr;  // nullptr: no bucket, the resource is "*"
  std::string_view key = {};                    // "" for the bucket itself
  std::string_view version_id = {};
  AclPermission permission = AclPermission::kNone;
  OperationRule::ListOf list = OperationRule::ListOf::kNobody;
  // The resource is one that the request is about to make: it belongs to the caller.
  bool own_object = false;
  // Of ListBucket on behalf of an object that is not there: what s3:prefix is.
  std::string_view listed_key = {};
};

// Whether the caller may; `input` and the head of the request give the condition keys.
// blocks: for an object's owner and tags, once, unless they are in the cache.
identity::Verdict may(const Context& context, const json::object& input, const Call& call,
                      const Wanted& wanted);

// AccessDenied, with AWS's reason for callers of the bucket's own account.
wire::ApiError access_denied(const Call& call, const Wanted& wanted,
                             const identity::Verdict& verdict);

// Throws AccessDenied unless the caller may.
void require(const Context& context, const json::object& input, const Call& call,
             const Wanted& wanted);

// The check of a whole request before its operation: S3::authorize().
void authorize_operation(const Context& context, const json::object& input, const Call& call);

// Whether one key of a DeleteObjects may go: the AccessDenied that stands for it in the answer, or
// nullopt.
std::optional<wire::ApiError> refuses_delete(const Context& context, const json::object& input,
                                             const Call& call, const objects::BucketInfo& bucket,
                                             std::string_view key, std::string_view version_id);

// Who may not list a bucket does not learn which keys it lacks: 403 instead of 404. `error` is what
// the store answered; every other error is error_of(error, input).
wire::ApiError missing_object(const Context& context, const json::object& input, const Call& call,
                              objects::StoreError error);

// "arn:aws:s3:::bucket/key"
std::string arn_of(std::string_view bucket, std::string_view key = {});

}  // namespace clary::api::s3
