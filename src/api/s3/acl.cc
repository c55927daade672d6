#include "api/s3/acl.h"

#include <algorithm>
#include <array>
#include <utility>

namespace clary::api::s3 {
namespace {

using To = Grant::To;

constexpr std::array<std::pair<AclPermission, std::string_view>, 5> kPermissions{{
    {AclPermission::kRead, "READ"},
    {AclPermission::kWrite, "WRITE"},
    {AclPermission::kReadAcp, "READ_ACP"},
    {AclPermission::kWriteAcp, "WRITE_ACP"},
    {AclPermission::kFullControl, "FULL_CONTROL"},
}};

constexpr std::array<std::pair<To, std::string_view>, 3> kGroups{{
    {To::kAllUsers, "all"},
    {To::kAuthenticatedUsers, "authenticated"},
    {To::kLogDelivery, "logs"},
}};

// A list without any grant: "" already means the private one.
constexpr std::string_view kEmpty = "none";

Grant parse_grant(std::string_view text) {
  const auto equals = std::min(text.find('='), text.size());
  Grant grant;
  grant.permission = acl_permission(text.substr(0, equals));
  const auto to = text.substr(std::min(equals + 1, text.size()));
  for (const auto& [group, word] : kGroups) {
    if (word == to) grant.to = group;
  }
  if (grant.to == To::kAccount) grant.account = to;
  return grant;
}

}  // namespace

std::string_view name_of(AclPermission permission) {
  for (const auto& [value, name] : kPermissions) {
    if (value == permission) return name;
  }
  return {};
}

AclPermission acl_permission(std::string_view name) {
  for (const auto& [value, known] : kPermissions) {
    if (known == name) return value;
  }
  return AclPermission::kNone;
}

bool Acl::is_public() const {
  return std::ranges::any_of(grants, &Grant::is_public);
}

Acl private_acl(std::string_view owner) {
  return {{{To::kAccount, std::string(owner), AclPermission::kFullControl}}};
}

std::string acl_text(const Acl& acl) {
  if (acl.grants.empty()) return std::string(kEmpty);
  std::string text;
  for (const Grant& grant : acl.grants) {
    if (!text.empty()) text += ' ';
    text += name_of(grant.permission);
    text += '=';
    if (grant.to == To::kAccount) text += grant.account;
    for (const auto& [group, word] : kGroups) {
      if (group == grant.to) text += word;
    }
  }
  return text;
}

Acl parse_acl_text(std::string_view text, std::string_view owner) {
  if (text.empty()) return private_acl(owner);
  Acl acl;
  if (text == kEmpty) return acl;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    Grant grant = parse_grant(text.substr(0, end));
    if (grant.permission != AclPermission::kNone) acl.grants.push_back(std::move(grant));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return acl;
}

AclAnswer ask(const Acl& acl, const AclQuestion& question) {
  AclAnswer answer;
  for (const Grant& grant : acl.grants) {
    if (grant.permission != question.permission &&
        grant.permission != AclPermission::kFullControl) {
      continue;
    }
    if (grant.to == To::kAccount) {
      answer.by_account |= !question.account.empty() && grant.account == question.account;
    } else if (question.public_grants && grant.is_public()) {
      answer.by_group |= grant.to == To::kAllUsers || !question.account.empty();
    }
  }
  return answer;
}

}  // namespace clary::api::s3
