// Access control lists: what a bucket's or an object's grants let whom do.
// Source: "Access control list (ACL) overview", Amazon S3 user guide.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clary::api::s3 {

enum class AclPermission : std::uint8_t { kNone, kRead, kWrite, kReadAcp, kWriteAcp, kFullControl };

// "READ_ACP"; kNone for what is none.
std::string_view name_of(AclPermission permission);
AclPermission acl_permission(std::string_view name);

struct Grant {
  enum class To : std::uint8_t { kAccount, kAllUsers, kAuthenticatedUsers, kLogDelivery };
  To to = To::kAccount;
  std::string account;  // of kAccount
  AclPermission permission = AclPermission::kNone;

  bool is_public() const { return to == To::kAllUsers || to == To::kAuthenticatedUsers; }
  friend bool operator==(const Grant&, const Grant&) = default;
};

struct Acl {
  std::vector<Grant> grants;

  bool is_public() const;
  friend bool operator==(const Acl&, const Acl&) = default;
};

// The owner alone, who may do everything: what a bucket or object has when nobody asks for more.
Acl private_acl(std::string_view owner);

// One line of text, as it is stored. An unknown word stands for no grant.
std::string acl_text(const Acl& acl);
// `text` "" is the owner's private list.
Acl parse_acl_text(std::string_view text, std::string_view owner);

// Whether a grant names the caller. `account` "" is an anonymous caller. `public_grants`: those to
// everybody count too.
struct AclQuestion {
  std::string_view account;
  AclPermission permission = AclPermission::kNone;
  bool public_grants = true;
};
struct AclAnswer {
  bool by_account = false;  // a grant names the account
  bool by_group = false;    // a grant to everybody, or to every account
};
AclAnswer ask(const Acl& acl, const AclQuestion& question);

}  // namespace clary::api::s3
