#include "api/s3/bucket_encryption.h"

#include "api/s3/encryption.h"
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::string_view kConfig = "encryption";

ApiError malformed() {
  return ApiError("MalformedXML",
                  "The XML you provided was not well-formed or did not validate against our "
                  "published schema",
                  400);
}

// The one rule of a configuration. Throws MalformedXML or InvalidArgument.
const json::object& rule_of(const json::object& configuration) {
  const auto* rules = find_array(configuration, "Rules");
  if (rules == nullptr || rules->size() != 1 || !rules->front().is_object()) throw malformed();
  return rules->front().get_object();
}

BucketEncryption parsed(const json::object& rule, const std::string& fallback) {
  BucketEncryption result{.configured = true, .scheme = fallback, .kms_key_id = {}};
  if (const auto* by_default = find_object(rule, "ApplyServerSideEncryptionByDefault")) {
    result.scheme = string_or(*by_default, "SSEAlgorithm");
    result.kms_key_id = string_or(*by_default, "KMSMasterKeyID");
  }
  result.bucket_key = find_bool(rule, "BucketKeyEnabled").value_or(false);
  if (const auto* blocked = find_object(rule, "BlockedEncryptionTypes")) {
    if (const auto* types = find_array(*blocked, "EncryptionType")) {
      for (const auto& type : *types) {
        if (type == "SSE-C") result.customer_keys_blocked = true;
      }
    }
  }
  return result;
}

void check(const BucketEncryption& encryption) {
  const auto& scheme = encryption.scheme;
  if (scheme == "aws:kms:dsse") {
    throw ApiError("NotImplemented", "Clary does not encrypt in two layers (aws:kms:dsse).", 501);
  }
  if (!scheme.empty() && scheme != "AES256" && scheme != "aws:kms") throw malformed();
  if (scheme != "aws:kms" && !encryption.kms_key_id.empty()) {
    throw ApiError("InvalidArgument",
                   "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms "
                   "or aws:kms:dsse",
                   400);
  }
}

}  // namespace

BucketEncryption BucketEncryptions::of(const objects::BucketInfo& bucket) {
  std::uint64_t stamp = 0;
  {
    std::scoped_lock lock(mutex_);
    const auto found = known_.find(bucket.name.str());
    if (found != known_.end() && found->second.created == bucket.created) {
      return found->second.encryption;
    }
    stamp = stamp_;
  }
  BucketEncryption encryption{.configured = false, .scheme = fallback_, .kms_key_id = {}};
  const auto stored = store_.bucket_config(bucket.name, kConfig);
  if (stored && *stored) encryption = parsed(rule_of(json::parse(**stored).as_object()), fallback_);
  std::scoped_lock lock(mutex_);
  if (stamp == stamp_) known_[bucket.name.str()] = {bucket.created, encryption};
  return encryption;
}

json::object BucketEncryptions::get(const objects::BucketInfo& bucket) {
  const json::object named{{"Bucket", bucket.name.str()}};
  if (const auto stored = must(store_.bucket_config(bucket.name, kConfig), named)) {
    return {{"ServerSideEncryptionConfiguration", json::parse(*stored)}};
  }
  if (fallback_.empty()) {
    ApiError error("ServerSideEncryptionConfigurationNotFoundError",
                   "The server side encryption configuration was not found", 404);
    error.details()["BucketName"] = bucket.name.str();
    throw error;
  }
  json::object rule{
      {"ApplyServerSideEncryptionByDefault", json::object{{"SSEAlgorithm", fallback_}}},
      {"BucketKeyEnabled", false}};
  return {
      {"ServerSideEncryptionConfiguration", json::object{{"Rules", json::array{std::move(rule)}}}}};
}

void BucketEncryptions::put(const objects::BucketInfo& bucket, const json::object& input) {
  const auto* configuration = find_object(input, "ServerSideEncryptionConfiguration");
  if (configuration == nullptr) throw malformed();
  auto kept = *configuration;
  check(parsed(rule_of(kept), fallback_));
  // Answered as it was set, with what was left out.
  auto& rule = kept["Rules"].as_array().front().as_object();
  if (!rule.contains("BucketKeyEnabled")) rule["BucketKeyEnabled"] = false;
  must(store_.set_bucket_config(bucket.name, kConfig, json::serialize(kept)), input);
  std::scoped_lock lock(mutex_);
  ++stamp_;
  known_.erase(bucket.name.str());
}

void BucketEncryptions::remove(const objects::BucketInfo& bucket, const json::object& input) {
  must(store_.set_bucket_config(bucket.name, kConfig, std::nullopt), input);
  std::scoped_lock lock(mutex_);
  ++stamp_;
  known_.erase(bucket.name.str());
}

std::vector<OperationEntry> bucket_encryption_operations(Context& context) {
  return {
      {"GetBucketEncryption",
       [&context](const json::object& input, Call& call) {
         return context.encryption.buckets().get(bucket_of(context, input, call));
       },
       {}},
      {"PutBucketEncryption",
       [&context](const json::object& input, Call& call) -> json::object {
         context.encryption.buckets().put(bucket_of(context, input, call), input);
         return {};
       },
       {}},
      {"DeleteBucketEncryption",
       [&context](const json::object& input, Call& call) -> json::object {
         context.encryption.buckets().remove(bucket_of(context, input, call), input);
         return {};
       },
       {}},
  };
}

}  // namespace clary::api::s3
