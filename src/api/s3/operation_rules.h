// Which permission an operation of S3 needs: action, resource, and the ACL permission that stands
// for it. Source: "Actions, resources, and condition keys for Amazon S3", service authorization
// reference, and "Mapping of ACL permissions and access policy permissions", S3 user guide.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "api/s3/acl.h"

namespace clary::api::s3 {

struct OperationRule {
  enum class Resource : std::uint8_t { kService, kBucket, kObject };
  // Whose list may grant it.
  enum class ListOf : std::uint8_t { kNobody, kBucket, kObject };

  std::string_view operation;
  std::string_view action;
  Resource resource = Resource::kBucket;
  // When the request names a version; "" for the same action.
  std::string_view version_action = {};
  AclPermission permission = AclPermission::kNone;
  ListOf list = ListOf::kNobody;
};

// Sorted by operation. DeleteObjects is not here: it asks for each key.
std::span<const OperationRule> operation_rules();
// nullptr: nobody may do it.
const OperationRule* rule_of(std::string_view operation);

}  // namespace clary::api::s3
