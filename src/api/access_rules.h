// What each operation needs permission for: the build writes it down from AWS's Service
// Authorization Reference (tools/build_access_rules.py says how), this reads it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "identity/authorizer.h"

namespace clary::api {

// The ARN of a resource with places for members of the input.
struct ResourceTemplate {
  struct Member {
    std::string name;
    bool list = false;
  };
  struct Piece {
    std::string text;             // before the place
    std::vector<Member> members;  // the first that is there fills it; none: the end
    std::string fallback = "*";
    enum class Place { kNone, kRegion, kAccount, kMember } place = Place::kNone;
  };
  bool optional = false;
  std::string arn_member;  // a member that is the ARN, or a list of ARNs; then no pieces
  std::vector<Piece> pieces;
};

struct OperationRule {
  std::string action;
  bool free = false;      // everybody may, or the operation decides by itself
  bool unlisted = false;  // the reference does not know the operation
  std::vector<ResourceTemplate> resources;
  std::map<std::string, std::vector<std::string>> keys;  // condition key -> ends of paths
  std::string tags, tag_keys;                            // members; "" for none
  std::string add_tags;  // the action that tags need beside; "" for none
  bool pass_role = false;
};

// threads: any, after the first call of get().
class AccessRules {
 public:
  static const AccessRules& get();
  // Nullptr: the service has rules of its own.
  const OperationRule* find(std::string_view service, std::string_view operation) const;

 private:
  AccessRules();
  std::unordered_map<std::string, OperationRule> rules_;  // by "service.Operation"
};

// The ARNs that an operation is about; "*" alone when it is about none in particular.
std::vector<std::string> resources_of(const OperationRule& rule, const json::object& input,
                                      std::string_view region, std::string_view account);

// Condition keys that the input says: those of the rule, aws:RequestTag/* and aws:TagKeys.
void add_input_keys(const OperationRule& rule, const json::object& input,
                    identity::Context& context);

// ARNs of the roles that stand anywhere in the input.
std::vector<std::string> roles_in(const json::object& input);

// SageMaker writes most names in ARNs in lower case.
std::string as_sagemaker_writes(std::string arn);

// The embedded JSON, for access_rules.cc alone.
std::string_view embedded_access_rules();

}  // namespace clary::api
