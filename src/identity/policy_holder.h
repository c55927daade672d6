// What users, groups and roles have in common: a name in an account, and the policies on them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace clary::identity {

struct PolicyHolder {
  std::string account, name, path = "/", id, arn;
  Timestamp created;
  std::vector<std::string> attached_policy_arns;
  std::map<std::string, std::string> inline_policies;  // name -> JSON text
  std::map<std::string, std::string> tags;             // groups have none
  std::string permissions_boundary;                    // a policy's ARN, "" for none; not of groups
};

}  // namespace clary::identity
