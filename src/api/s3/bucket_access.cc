#include "api/s3/bucket_access.h"

#include <array>
#include <mutex>
#include <utility>

#include "api/s3/bucket_policy.h"

namespace clary::api::s3 {
namespace {

constexpr std::array<std::pair<ObjectOwnership, std::string_view>, 3> kOwnerships{{
    {ObjectOwnership::kObjectWriter, "ObjectWriter"},
    {ObjectOwnership::kBucketOwnerPreferred, "BucketOwnerPreferred"},
    {ObjectOwnership::kBucketOwnerEnforced, "BucketOwnerEnforced"},
}};

// "1101": one digit per flag, in the order of the structure.
PublicAccessBlock parse_block(std::string_view text) {
  const auto flag = [&](std::size_t at) { return at < text.size() && text[at] == '1'; };
  return {flag(0), flag(1), flag(2), flag(3)};
}

void add_policy(BucketAccess& access, std::string text, const objects::BucketInfo& bucket) {
  auto parsed = parse_bucket_policy(text, bucket.name.str());
  access.policy_text = std::move(text);
  if (!parsed) {
    // Nothing gets in that does not parse; what does not is no reason to let anybody in.
    auto nothing = std::make_shared<const identity::Policy>();
    access.policy = access.refusals = std::move(nothing);
    return;
  }
  access.policy_is_public = is_public(*parsed);
  identity::Policy refusals = *parsed;
  std::erase_if(refusals.statements, [](const auto& statement) { return statement.allow; });
  access.policy = std::make_shared<const identity::Policy>(std::move(*parsed));
  access.refusals = std::make_shared<const identity::Policy>(std::move(refusals));
}

}  // namespace

std::string_view name_of(ObjectOwnership ownership) {
  for (const auto& [value, name] : kOwnerships) {
    if (value == ownership) return name;
  }
  return {};
}

std::optional<ObjectOwnership> object_ownership(std::string_view name) {
  for (const auto& [value, known] : kOwnerships) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string block_text(const PublicAccessBlock& block) {
  std::string text;
  for (const bool flag : {block.block_public_acls, block.ignore_public_acls,
                          block.block_public_policy, block.restrict_public_buckets}) {
    text += flag ? '1' : '0';
  }
  return text;
}

std::shared_ptr<const BucketAccess> BucketAccessCache::find(const objects::BucketInfo& bucket) {
  std::uint64_t changes = 0;
  {
    std::shared_lock lock(mutex_);
    const auto found = known_.find(bucket.name.str());
    if (found != known_.end()) return found->second;
    changes = changes_;
  }
  const auto read = [&](std::string_view setting) {
    return store_.bucket_config(bucket.name, setting).value_or(std::nullopt);
  };
  auto access = std::make_shared<BucketAccess>();
  if (auto policy = read(kPolicySetting)) add_policy(*access, std::move(*policy), bucket);
  if (const auto ownership = read(kOwnershipSetting)) {
    access->ownership = object_ownership(*ownership).value_or(ObjectOwnership::kUnset);
  }
  const auto block = read(kBlockSetting);
  if (!block) {
    access->block = kBlockAll;
  } else if (*block != kDeletedSetting) {
    access->block = parse_block(*block);
  }
  access->acl = parse_acl_text(read(kAclSetting).value_or(""), bucket.account);
  std::unique_lock lock(mutex_);
  if (changes == changes_) known_.insert_or_assign(bucket.name.str(), access);
  return access;
}

objects::Outcome<void> BucketAccessCache::set(const BucketName& bucket, std::string_view setting,
                                              std::optional<std::string> value) {
  auto outcome = store_.set_bucket_config(bucket, setting, std::move(value));
  forget(bucket);
  return outcome;
}

void BucketAccessCache::forget(const BucketName& bucket) {
  std::unique_lock lock(mutex_);
  ++changes_;
  known_.erase(bucket.str());
}

}  // namespace clary::api::s3
