#include "api/s3/acl_requests.h"

#include <algorithm>
#include <array>

#include "api/s3/bucket_access.h"
#include "api/s3/request.h"
#include "base/text.h"

namespace clary::api::s3 {
namespace {

using To = Grant::To;
using wire::ApiError;

constexpr std::size_t kMaxGrants = 100;

constexpr std::array kGrantHeaders{
    std::pair{"x-amz-grant-read", AclPermission::kRead},
    std::pair{"x-amz-grant-write", AclPermission::kWrite},
    std::pair{"x-amz-grant-read-acp", AclPermission::kReadAcp},
    std::pair{"x-amz-grant-write-acp", AclPermission::kWriteAcp},
    std::pair{"x-amz-grant-full-control", AclPermission::kFullControl},
};

constexpr std::array kGroupUris{
    std::pair{To::kAllUsers, "http://acs.amazonaws.com/groups/global/AllUsers"},
    std::pair{To::kAuthenticatedUsers, "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"},
    std::pair{To::kLogDelivery, "http://acs.amazonaws.com/groups/s3/LogDelivery"},
};

ApiError invalid_argument(std::string message, std::string_view name, std::string_view value) {
  ApiError error("InvalidArgument", std::move(message), 400);
  error.details()["ArgumentName"] = name;
  error.details()["ArgumentValue"] = value;
  return error;
}

ApiError malformed_acl() {
  return ApiError("MalformedACLError",
                  "The XML you provided was not well-formed or did not validate against our "
                  "published schema",
                  400);
}

ApiError not_supported() {
  return ApiError("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
}

Grant to_canonical(const Directory& directory, const AclOwners& owners, std::string_view id,
                   AclPermission permission) {
  auto account = account_of_canonical_id(directory, id, owners.owner);
  if (!account) account = account_of_canonical_id(directory, id, owners.bucket_owner);
  if (!account) throw invalid_argument("Invalid id", "CanonicalUser/ID", id);
  return {To::kAccount, std::move(*account), permission};
}

Grant to_email(const Directory& directory, std::string_view email, AclPermission permission) {
  auto account = directory.account_of_email ? directory.account_of_email(email) : std::nullopt;
  if (!account) {
    throw ApiError("UnresolvableGrantByEmailAddress",
                   "The e-mail address you provided does not match any account on record.", 400);
  }
  return {To::kAccount, std::move(*account), permission};
}

Grant to_group(std::string_view uri, AclPermission permission) {
  for (const auto& [group, known] : kGroupUris) {
    if (uri == known) return {group, {}, permission};
  }
  throw invalid_argument("Invalid group uri", "Group/URI", uri);
}

// x-amz-acl by its name, in the order AWS documents them.
Acl canned(std::string_view name, const AclOwners& owners) {
  using enum AclPermission;
  Acl acl = private_acl(owners.owner);
  const auto add = [&](To to, std::string_view account, AclPermission permission) {
    acl.grants.push_back({to, std::string(account), permission});
  };
  const bool other_owner = owners.owner != owners.bucket_owner;
  if (name == "private") return acl;
  if (name == "public-read" || name == "public-read-write") {
    add(To::kAllUsers, {}, kRead);
    if (name == "public-read-write") add(To::kAllUsers, {}, kWrite);
    return acl;
  }
  if (name == "authenticated-read") {
    add(To::kAuthenticatedUsers, {}, kRead);
    return acl;
  }
  if (name == "log-delivery-write" && !owners.of_object) {
    add(To::kLogDelivery, {}, kWrite);
    add(To::kLogDelivery, {}, kReadAcp);
    return acl;
  }
  if (owners.of_object && name == "bucket-owner-read") {
    if (other_owner) add(To::kAccount, owners.bucket_owner, kRead);
    return acl;
  }
  if (owners.of_object && name == "bucket-owner-full-control") {
    if (other_owner) add(To::kAccount, owners.bucket_owner, kFullControl);
    return acl;
  }
  // No service of AWS fetches anything here.
  if (owners.of_object && name == "aws-exec-read") return acl;
  throw invalid_argument("", "x-amz-acl", name);
}

// id="...", uri="...", emailAddress="...", with or without quotes.
void add_grants(Acl& acl, std::string_view header, AclPermission permission,
                const Directory& directory, const AclOwners& owners) {
  while (!header.empty()) {
    const auto end = std::min(header.find(','), header.size());
    const auto pair = trim(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    const auto type = trim(pair.substr(0, equals));
    auto value = trim(pair.substr(std::min(equals + 1, pair.size())));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (equals_ignore_case(type, "id")) {
      acl.grants.push_back(to_canonical(directory, owners, value, permission));
    } else if (equals_ignore_case(type, "uri")) {
      acl.grants.push_back(to_group(value, permission));
    } else if (equals_ignore_case(type, "emailAddress")) {
      acl.grants.push_back(to_email(directory, value, permission));
    } else {
      throw invalid_argument("Argument format not recognized", "x-amz-grant", pair);
    }
  }
}

Grant grant_of(const json::object& element, const Directory& directory, const AclOwners& owners) {
  const auto permission = acl_permission(string_or(element, "Permission"));
  const auto* grantee = find_object(element, "Grantee");
  if (permission == AclPermission::kNone || grantee == nullptr) throw malformed_acl();
  const auto type = string_or(*grantee, "Type");
  if (type == "CanonicalUser") {
    return to_canonical(directory, owners, string_or(*grantee, "ID"), permission);
  }
  if (type == "Group") return to_group(string_or(*grantee, "URI"), permission);
  if (type == "AmazonCustomerByEmail") {
    return to_email(directory, string_or(*grantee, "EmailAddress"), permission);
  }
  throw malformed_acl();
}

Acl acl_of_body(const json::object& policy, const Directory& directory, const AclOwners& owners) {
  const auto* owner = find_object(policy, "Owner");
  if (owner == nullptr) throw malformed_acl();
  if (string_or(*owner, "ID") != owner_of(owners.owner).at("ID").as_string()) {
    throw ApiError("AccessDenied", "Access Denied", 403);
  }
  Acl acl;
  const auto* grants = find_array(policy, "Grants");
  if (grants == nullptr) return acl;
  if (grants->size() > kMaxGrants) throw malformed_acl();
  for (const auto& element : *grants) {
    acl.grants.push_back(grant_of(element.as_object(), directory, owners));
  }
  return acl;
}

bool gives_bucket_owner_all(const Acl& acl, std::string_view bucket_owner) {
  return std::ranges::any_of(acl.grants, [&](const Grant& grant) {
    return grant.permission == AclPermission::kFullControl && grant.account == bucket_owner;
  });
}

}  // namespace

std::optional<Acl> acl_of_headers(const Call& call, const Directory& directory,
                                  const AclOwners& owners) {
  const auto name = call.request.headers.find("x-amz-acl");
  Acl acl;
  bool grants = false;
  for (const auto& [header, permission] : kGrantHeaders) {
    const auto value = call.request.headers.find(header);
    if (!value) continue;
    grants = true;
    if (!name) add_grants(acl, *value, permission, directory, owners);
  }
  if (name && grants) {
    throw ApiError("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed",
                   400);
  }
  if (name) return canned(*name, owners);
  if (!grants) return std::nullopt;
  return acl;
}

Acl acl_of_request(const json::object& input, const Call& call, const Directory& directory,
                   const AclOwners& owners) {
  auto asked = acl_of_headers(call, directory, owners);
  const auto* policy = find_object(input, "AccessControlPolicy");
  if (asked && policy != nullptr) {
    throw ApiError("UnexpectedContent", "This request does not support content", 400);
  }
  if (asked) return std::move(*asked);
  if (policy == nullptr) {
    throw ApiError("MissingSecurityHeader", "Your request was missing a required header", 400);
  }
  return acl_of_body(*policy, directory, owners);
}

json::object acl_answer(const Acl& acl, std::string_view owner) {
  json::array groups, accounts;
  for (const Grant& grant : acl.grants) {
    json::object grantee;
    if (grant.to == To::kAccount) {
      grantee = owner_of(grant.account);
      grantee["Type"] = "CanonicalUser";
    }
    for (const auto& [group, uri] : kGroupUris) {
      if (group == grant.to) grantee = {{"Type", "Group"}, {"URI", uri}};
    }
    (grant.to == To::kAccount ? accounts : groups)
        .push_back(json::object{{"Grantee", std::move(grantee)},
                                {"Permission", name_of(grant.permission)}});
  }
  for (auto& grant : accounts) groups.push_back(std::move(grant));
  return {{"Owner", owner_of(owner)}, {"Grants", std::move(groups)}};
}

void refuse_public_acl(const BucketAccess& access, const Acl& acl) {
  if (access.block && access.block->block_public_acls && acl.is_public()) {
    throw ApiError("AccessDenied", "Access Denied", 403);
  }
}

std::string owner_account(const BucketAccess& access, const objects::BucketInfo& bucket,
                          std::string_view object_owner) {
  return !access.acls_in_force() || object_owner.empty() ? bucket.account
                                                         : std::string(object_owner);
}

void set_object_access(const Context& context, const objects::BucketInfo& bucket, const Call& call,
                       std::string& owner, std::string& acl) {
  const auto access = context.access.find(bucket);
  // What an anonymous caller leaves behind belongs to the bucket's owner, who answers for it.
  AclOwners owners{.owner = call.account.empty() ? bucket.account : std::string(call.account),
                   .bucket_owner = bucket.account,
                   .of_object = true};
  const auto asked = acl_of_headers(call, context.directory, owners);
  const bool for_bucket_owner =
      call.request.headers.get("x-amz-acl") == "bucket-owner-full-control";
  if (!access->acls_in_force()) {
    if (!asked || for_bucket_owner) return;
    if (asked->grants.size() == 1 && gives_bucket_owner_all(*asked, bucket.account) &&
        !call.request.headers.find("x-amz-acl")) {
      return;
    }
    throw not_supported();
  }
  if (access->ownership == ObjectOwnership::kBucketOwnerPreferred && for_bucket_owner) return;
  if (owners.owner != bucket.account) owner = owners.owner;
  if (!asked) return;
  refuse_public_acl(*access, *asked);
  if (*asked != private_acl(owners.owner)) acl = acl_text(*asked);
}

}  // namespace clary::api::s3
