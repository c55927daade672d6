#include "api/s3/authorize.h"

#include <array>
#include <memory>

#include "api/access.h"
#include "api/s3/authorize_context.h"
#include "api/s3/bucket_access.h"
#include "api/s3/copy_source.h"
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using ListOf = OperationRule::ListOf;
using Resource = OperationRule::Resource;
using wire::ApiError;
using ObjectPointer = std::shared_ptr<const objects::ObjectInfo>;

// The object of one decision, looked up when something depends on it.
class LookedUpObject {
 public:
  LookedUpObject(const Context& context, const Wanted& wanted)
      : context_(context), wanted_(wanted) {}

  const ObjectPointer& get() [[clang::lifetimebound]] {
    if (looked_) return info_;
    looked_ = true;
    const ObjectKey key{std::string(wanted_.key)};
    if (wanted_.version_id.empty()) info_ = context_.store.cached_head(wanted_.bucket->name, key);
    if (info_) return info_;
    if (auto found = context_.store.head(wanted_.bucket->name, key, wanted_.version_id))
      info_ = std::move(*found);
    return info_;
  }

 private:
  const Context& context_;
  const Wanted& wanted_;
  bool looked_ = false;
  ObjectPointer info_;
};

bool is_root_of(const identity::Principal& principal, std::string_view account) {
  return principal.account == account &&
         (principal.kind == identity::Principal::Kind::kRoot || principal.owner);
}

// A bucket's owner cannot lock themselves out of their own bucket's policy.
bool always_allowed(const Call& call, const Wanted& wanted) {
  constexpr std::array<std::string_view, 3> kPolicyActions{
      "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"};
  return wanted.bucket != nullptr && is_root_of(call.principal, wanted.bucket->account) &&
         std::ranges::find(kPolicyActions, wanted.action) != kPolicyActions.end();
}

identity::Verdict plain_verdict(bool allowed) {
  identity::Verdict verdict;
  verdict.allowed = allowed;
  verdict.decision = allowed ? identity::Decision::kAllowed : identity::Decision::kImplicitDeny;
  return verdict;
}

// Adds what the bucket's settings say.
void add_bucket(identity::AccessRequest& request, const Call& call, const Wanted& wanted,
                const BucketAccess& access, LookedUpObject& object) {
  const auto& bucket = *wanted.bucket;
  request.resource_account = bucket.account;
  request.resource_policy = access.policy;
  if (!access.acls_in_force()) return;
  if (wanted.own_object && !call.account.empty()) {
    request.resource_account = call.account;
    if (call.account != bucket.account) request.resource_policy = access.refusals;
    return;
  }
  if (wanted.own_object) {
    // Nobody's object: who may write it may say who reads it.
    request.granted =
        ask(access.acl, {call.account, AclPermission::kWrite, !access.ignores_public_acls()})
            .by_group;
    return;
  }
  if (wanted.list == ListOf::kNobody) return;
  AclAnswer answer;
  const AclQuestion question{call.account, wanted.permission, !access.ignores_public_acls()};
  if (wanted.list == ListOf::kBucket) {
    answer = ask(access.acl, question);
    // Who may write may not therefore delete what others wrote.
    if (wanted.action.starts_with("s3:DeleteObject")) {
      const auto& info = object.get();
      if (call.account.empty() || (info && info->owner != call.account)) answer = {};
    }
  } else if (const auto& info = object.get()) {
    const std::string& owner = info->owner.empty() ? bucket.account : info->owner;
    request.resource_account = owner;
    if (owner != bucket.account) request.resource_policy = access.refusals;
    answer = ask(parse_acl_text(info->acl, owner), question);
  }
  // A grant to the account is the account's to hand on; one to everybody needs nobody's leave.
  request.granted =
      answer.by_group || (answer.by_account && call.account != request.resource_account);
}

Wanted wanted_of(const OperationRule& rule, const objects::BucketInfo* bucket,
                 const json::object& input) {
  Wanted wanted{.action = rule.action, .bucket = bucket};
  wanted.permission = rule.permission;
  wanted.list = rule.list;
  if (rule.resource != Resource::kObject) return wanted;
  if (const auto key = find_string(input, "Key")) wanted.key = *key;
  if (const auto version = find_string(input, "VersionId"); version && !version->empty()) {
    wanted.version_id = *version;
    if (!rule.version_action.empty()) wanted.action = rule.version_action;
  }
  return wanted;
}

bool any_header(const Call& call, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(
      names, [&](std::string_view name) { return call.request.headers.find(name).has_value(); });
}

bool sets_acl(const Call& call) {
  return any_header(call,
                    {"x-amz-acl", "x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-read-acp",
                     "x-amz-grant-write-acp", "x-amz-grant-full-control"});
}

// What a request needs because of more than its operation.
void require_extras_of_bucket(const Context& context, const json::object& input, const Call& call,
                              const objects::BucketInfo& made) {
  const auto need = [&](std::string_view action) {
    require(context, input, call, {.action = action, .bucket = &made});
  };
  if (sets_acl(call)) need("s3:PutBucketAcl");
  if (any_header(call, {"x-amz-object-ownership"})) need("s3:PutBucketOwnershipControls");
  if (find_bool(input, "ObjectLockEnabledForBucket").value_or(false)) {
    need("s3:PutBucketObjectLockConfiguration");
    need("s3:PutBucketVersioning");
  }
}

void require_extras_of_object(const Context& context, const json::object& input, const Call& call,
                              const Wanted& main) {
  const auto need = [&](std::string_view action, bool own = false) {
    Wanted wanted = main;
    wanted.action = action;
    // A caller without an account may say about its object what the bucket's list lets it write.
    wanted.list = own && call.account.empty() ? main.list : ListOf::kNobody;
    wanted.own_object = own;
    require(context, input, call, wanted);
  };
  const std::string_view operation = call.operation.name;
  if (operation == "PutObject" || operation == "CreateMultipartUpload" ||
      operation == "CopyObject") {
    if (any_header(call, {"x-amz-tagging"})) need("s3:PutObjectTagging");
    if (any_header(call, {"x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"})) {
      need("s3:PutObjectRetention");
    }
    if (any_header(call, {"x-amz-object-lock-legal-hold"})) need("s3:PutObjectLegalHold");
    const bool lists = context.access.find(*main.bucket)->acls_in_force();
    if (lists && sets_acl(call)) need("s3:PutObjectAcl", true);
  }
  if (operation == "GetObjectAttributes") {
    need(main.version_id.empty() ? "s3:GetObjectAttributes" : "s3:GetObjectVersionAttributes");
  }
  if (find_bool(input, "BypassGovernanceRetention").value_or(false)) {
    need("s3:BypassGovernanceRetention");
  }
}

// A copy reads its source; tags that go with it are read and written.
void require_copy_source(const Context& context, const json::object& input, const Call& call,
                         const Wanted& main) {
  const auto header = find_string(input, "CopySource");
  if (!header) return;
  const auto source = parse_copy_source(*header);
  if (!source) return;  // refused by the operation, in its own words
  const auto bucket = context.store.bucket(source->bucket);
  if (!bucket) return;
  Wanted read{.action = source->version_id.empty() ? "s3:GetObject" : "s3:GetObjectVersion",
              .bucket = &*bucket,
              .key = source->key.str(),
              .version_id = source->version_id,
              .permission = AclPermission::kRead,
              .list = ListOf::kObject};
  require(context, input, call, read);
  if (call.operation.name != "CopyObject" ||
      string_or(input, "TaggingDirective", "COPY") != "COPY") {
    return;
  }
  const ObjectPointer info = LookedUpObject(context, read).get();
  if (!info || info->tags.empty()) return;
  read.action = source->version_id.empty() ? "s3:GetObjectTagging" : "s3:GetObjectVersionTagging";
  read.list = ListOf::kNobody;
  require(context, input, call, read);
  Wanted write = main;
  write.action = "s3:PutObjectTagging";
  write.list = ListOf::kNobody;
  require(context, input, call, write);
}

// Whoever may list a bucket is told that a key is not there, even who may not read it.
bool is_missing(const Context& context, const Wanted& wanted) {
  return wanted.list == ListOf::kObject && wanted.version_id.empty() &&
         !LookedUpObject(context, wanted).get();
}

// Who began an upload may end it and see its parts.
bool is_own_upload(const Context& context, const json::object& input, const Call& call,
                   const Wanted& wanted) {
  if (wanted.action != "s3:AbortMultipartUpload" &&
      wanted.action != "s3:ListMultipartUploadParts") {
    return false;
  }
  if (call.account.empty() || call.account == wanted.bucket->account) return false;
  const auto upload = context.store.upload(wanted.bucket->name, ObjectKey(std::string(wanted.key)),
                                           string_or(input, "UploadId"));
  return upload && upload->options.owner == call.account;
}

}  // namespace

std::string arn_of(std::string_view bucket, std::string_view key) {
  std::string arn = "arn:aws:s3:::";
  arn += bucket;
  if (!key.empty()) (arn += '/') += key;
  return arn;
}

identity::Verdict may(const Context& context, const json::object& input, const Call& call,
                      const Wanted& wanted) {
  if (always_allowed(call, wanted)) return plain_verdict(true);
  identity::AccessRequest request;
  request.action = wanted.action;
  LookedUpObject object(context, wanted);
  std::shared_ptr<const BucketAccess> access;
  if (wanted.bucket != nullptr) {
    request.resource = arn_of(wanted.bucket->name.str(), wanted.key);
    access = context.access.find(*wanted.bucket);
    const bool stranger = call.account != wanted.bucket->account;
    if (stranger && access->policy_is_public && access->block &&
        access->block->restrict_public_buckets) {
      return plain_verdict(false);
    }
    add_bucket(request, call, wanted, *access, object);
  } else {
    // Of no bucket: policies name it "*" or, as AWS's own examples do, every bucket.
    request.resource = arn_of("*", {});
    request.resource_account = call.account;
  }
  request.more_context = [&](identity::Context& keys) {
    add_condition_keys(keys, input, call, wanted, [&] { return object.get(); });
  };
  return check_access(call, std::move(request));
}

// Words: "Troubleshoot access denied (403 Forbidden) errors in Amazon S3". Callers of another
// account learn no more than that they may not.
ApiError access_denied(const Call& call, const Wanted& wanted, const identity::Verdict& verdict) {
  const bool own = !call.account.empty() && !verdict.reason.empty() &&
                   (wanted.bucket == nullptr || wanted.bucket->account == call.account);
  if (!own) return ApiError("AccessDenied", "Access Denied", 403);
  const std::string resource =
      wanted.bucket == nullptr ? "*" : arn_of(wanted.bucket->name.str(), wanted.key);
  return ApiError("AccessDenied",
                  "User: " + call.principal.arn +
                      " is not authorized to perform: " + std::string(wanted.action) +
                      " on resource: \"" + resource + "\" " + verdict.reason,
                  403);
}

void require(const Context& context, const json::object& input, const Call& call,
             const Wanted& wanted) {
  const auto verdict = may(context, input, call, wanted);
  if (verdict.allowed) return;
  // An object that is not there has no list that could let anybody in: who may list the bucket is
  // told that it is missing.
  if (verdict.decision == identity::Decision::kImplicitDeny && wanted.list == ListOf::kObject &&
      wanted.bucket != nullptr && context.access.find(*wanted.bucket)->acls_in_force()) {
    const auto found = context.store.head(wanted.bucket->name, ObjectKey{std::string(wanted.key)},
                                          std::string(wanted.version_id));
    if (!found) throw missing_object(context, input, call, found.error());
  }
  throw access_denied(call, wanted, verdict);
}

void authorize_operation(const Context& context, const json::object& input, const Call& call) {
  const std::string_view operation = call.operation.name;
  if (operation == "DeleteObjects") {
    // Keys are asked for one by one; a stranger without any right still learns nothing new.
    return;
  }
  const OperationRule* const rule = rule_of(operation);
  if (rule == nullptr) throw ApiError("AccessDenied", "Access Denied", 403);
  if (rule->resource == Resource::kService) {
    if (call.account.empty()) throw ApiError("AccessDenied", "Access Denied", 403);
    return require(context, input, call, {.action = rule->action});
  }
  if (operation == "CreateBucket") {
    if (call.account.empty()) throw ApiError("AccessDenied", "Access Denied", 403);
    // A bucket that is somebody's already is not asked: its name is taken, whoever asks.
    objects::BucketInfo made;
    made.name = BucketName(string_or(input, "Bucket"));
    made.account = call.account;
    require(context, input, call, {.action = rule->action, .bucket = &made});
    return require_extras_of_bucket(context, input, call, made);
  }
  const auto bucket = context.store.bucket(BucketName(string_or(input, "Bucket")));
  if (!bucket) return;  // NoSuchBucket, from the operation
  const Wanted wanted = wanted_of(*rule, &*bucket, input);
  if (!is_own_upload(context, input, call, wanted)) {
    const auto verdict = may(context, input, call, wanted);
    if (!verdict.allowed) {
      throw is_missing(context, wanted)
          ? missing_object(context, input, call, objects::StoreError::kNoSuchKey)
          : access_denied(call, wanted, verdict);
    }
  }
  if (rule->resource != Resource::kObject) return;
  require_extras_of_object(context, input, call, wanted);
  require_copy_source(context, input, call, wanted);
}

std::optional<ApiError> refuses_delete(const Context& context, const json::object& input,
                                       const Call& call, const objects::BucketInfo& bucket,
                                       std::string_view key, std::string_view version_id) {
  Wanted wanted{.action = version_id.empty() ? "s3:DeleteObject" : "s3:DeleteObjectVersion",
                .bucket = &bucket,
                .key = key,
                .version_id = version_id,
                .permission = AclPermission::kWrite,
                .list = ListOf::kBucket};
  const auto verdict = may(context, input, call, wanted);
  if (!verdict.allowed) return access_denied(call, wanted, verdict);
  if (!find_bool(input, "BypassGovernanceRetention").value_or(false)) return std::nullopt;
  wanted.action = "s3:BypassGovernanceRetention";
  wanted.list = ListOf::kNobody;
  const auto bypass = may(context, input, call, wanted);
  if (!bypass.allowed) return access_denied(call, wanted, bypass);
  return std::nullopt;
}

ApiError missing_object(const Context& context, const json::object& input, const Call& call,
                        objects::StoreError error) {
  if (error != objects::StoreError::kNoSuchKey) return error_of(error, input);
  const auto bucket = context.store.bucket(BucketName(string_or(input, "Bucket")));
  if (!bucket) return error_of(error, input);
  const std::string key = string_or(input, "Key");
  const Wanted wanted{.action = "s3:ListBucket",
                      .bucket = &*bucket,
                      .permission = AclPermission::kRead,
                      .list = ListOf::kBucket,
                      .listed_key = key};
  const auto verdict = may(context, input, call, wanted);
  return verdict.allowed ? error_of(error, input) : access_denied(call, wanted, verdict);
}

}  // namespace clary::api::s3
