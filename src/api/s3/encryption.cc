#include "api/s3/encryption.h"

#include "api/s3/request.h"
#include "base/log.h"
#include "base/text.h"
#include "keys/aead.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::string_view kServer = "AES256";
constexpr std::string_view kKms = "aws:kms";
constexpr std::string_view kDoubleKms = "aws:kms:dsse";
constexpr std::string_view kCustomer = "SSE-C";
constexpr std::string_view kPurpose = "objects";
constexpr std::string_view kHeader = "x-amz-server-side-encryption";

ApiError invalid(std::string_view header, std::string_view value, const std::string& message) {
  ApiError error("InvalidArgument", message, 400);
  error.details()["ArgumentName"] = header;
  error.details()["ArgumentValue"] = value;
  return error;
}

// What the seal of an object's key is bound to. A bucket's name has no slash.
std::string identity_of(const BucketName& bucket, const ObjectKey& key) {
  return bucket.str() + "/" + key.str();
}

// "{"a":"b"}" from its Base64. Throws InvalidArgument.
std::string context_of(std::string_view header) {
  const auto bad = [&] {
    return invalid("x-amz-server-side-encryption-context", header,
                   "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded "
                   "UTF-8 string holding JSON which represents a string-string map");
  };
  const auto text = unbase64(header);
  if (!text) throw bad();
  boost::system::error_code failed;
  const auto value = json::parse(*text, failed);
  if (failed || !value.is_object()) throw bad();
  for (const auto& [name, entry] : value.get_object()) {
    if (!entry.is_string()) throw bad();
  }
  return json::serialize(value);
}

// What KMS binds its data key to: the bucket with a bucket key, else the object.
keys::EncryptionContext kms_context(const std::string& given, bool bucket_key,
                                    const BucketName& bucket, const ObjectKey& key) {
  keys::EncryptionContext context;
  if (!given.empty()) {
    for (const auto& [name, value] : json::parse(given).as_object()) {
      context.emplace(name, value.as_string());
    }
  }
  context["aws:s3:arn"] = "arn:aws:s3:::" + (bucket_key ? bucket.str() : identity_of(bucket, key));
  return context;
}

// KMS's error as S3 passes it on: KMS.NotFoundException, KMS.DisabledException, ...
template <class Use>
auto ask_kms(const Use& use) {
  try {
    return use();
  } catch (const ApiError& error) {
    if (error.code().starts_with("AccessDenied")) {
      throw ApiError("AccessDenied", error.what(), 403);
    }
    if (error.status() >= 500) throw;
    throw ApiError("KMS." + error.code(), error.what(), 400);
  }
}

ApiError unknown_scheme(std::string_view scheme) {
  return invalid(kHeader, scheme, "The encryption method specified is not supported");
}

[[noreturn]] void does_not_open(const BucketName& bucket, const ObjectKey& key) {
  throw StorageError("the key of object " + identity_of(bucket, key) +
                     " does not open: another root key, or damaged");
}

std::string_view text_of(const keys::SecretKey& secret) {
  const auto bytes = secret.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The key that was opened; nullopt when it was not.
std::optional<keys::SecretKey> secret_of(std::optional<std::string> opened) {
  if (!opened || opened->size() != keys::kDataKeyBytes) return std::nullopt;
  keys::SecretKey secret(as_bytes(*opened).first<keys::kDataKeyBytes>());
  keys::wipe(*opened);
  return secret;
}

// The scheme a request names, checked against its other headers; "" when it names none.
std::string scheme_of(const json::object& input, bool customer) {
  const auto asked = string_or(input, "ServerSideEncryption");
  if (customer) {
    if (asked.empty()) return std::string(kCustomer);
    throw invalid(kHeader, asked,
                  "Server Side Encryption with Customer provided key is incompatible with the "
                  "encryption method specified");
  }
  if (asked == kDoubleKms) {
    throw ApiError("NotImplemented", "Clary does not encrypt in two layers (aws:kms:dsse).", 501);
  }
  if (!asked.empty() && asked != kServer && asked != kKms) throw unknown_scheme(asked);
  const bool names_key = input.contains("SSEKMSKeyId"),
             names_context = input.contains("SSEKMSEncryptionContext");
  if ((names_key || names_context) && asked != kKms) {
    throw invalid(kHeader, asked.empty() ? "null" : asked,
                  "Server Side Encryption with AWS KMS managed key requires HTTP header "
                  "x-amz-server-side-encryption : aws:kms or aws:kms:dsse");
  }
  return asked;
}

// The headers of a read fit how the object is encrypted.
void check_read(const Call& call, std::string_view prefix,
                const std::optional<CustomerKey>& customer, const objects::Encryption& kept) {
  if (prefix.empty() && call.request.headers.find(kHeader)) {
    throw invalid(kHeader, call.request.headers.get(kHeader),
                  "x-amz-server-side-encryption header is not supported for this operation.");
  }
  if (kept.scheme == kCustomer && !customer) {
    throw ApiError("InvalidRequest",
                   "The object was stored using a form of Server Side Encryption. The correct "
                   "parameters must be provided to retrieve the object.",
                   400);
  }
  if (kept.scheme != kCustomer && customer) {
    throw ApiError("InvalidRequest", "The encryption parameters are not applicable to this object.",
                   400);
  }
}

keys::SecretKey unwrap(const CustomerKey& customer, const objects::Encryption& kept,
                       const BucketName& bucket, const ObjectKey& key) {
  // A key opens what it sealed: nothing of it need be kept to know it again.
  auto opened = secret_of(keys::aead_open(customer.key, kept.object_key, identity_of(bucket, key)));
  if (!opened) throw ApiError("AccessDenied", "Access Denied", 403);
  return *opened;
}

}  // namespace

ObjectEncryption::ObjectEncryption(objects::ObjectStore& store, const EncryptionKeys& keys)
    : keys_(keys),
      buckets_(store, keys.encrypt_objects && keys.sealer != nullptr ? std::string(kServer) : "") {}

kms::KeyUse& ObjectEncryption::kms() const {
  if (keys_.kms != nullptr) return *keys_.kms;
  throw ApiError("NotImplemented", "This server has no keys of KMS.", 501);
}

keys::Sealer& ObjectEncryption::sealer() const {
  if (keys_.sealer != nullptr) return *keys_.sealer;
  throw ApiError("NotImplemented", "This server has no root key to encrypt with.", 501);
}

EncryptionChoice ObjectEncryption::choose(const json::object& input, const Call& call,
                                          const objects::BucketInfo& bucket) {
  EncryptionChoice choice;
  choice.customer = customer_key_of(input, "", call.request, keys_.customer_keys);
  choice.scheme = scheme_of(input, choice.customer.has_value());
  const auto by_default = buckets_.of(bucket);
  if (choice.customer && by_default.customer_keys_blocked) {
    throw ApiError("AccessDenied",
                   "This bucket has blocked uploads with Server Side Encryption with Customer "
                   "provided keys.",
                   403);
  }
  if (choice.scheme.empty()) {
    choice.scheme = by_default.scheme;
    choice.kms_key_id = by_default.kms_key_id;
  } else if (choice.uses_kms()) {
    choice.kms_key_id = string_or(input, "SSEKMSKeyId");
    if (choice.kms_key_id.empty() && by_default.scheme == choice.scheme) {
      choice.kms_key_id = by_default.kms_key_id;
    }
    if (const auto context = find_string(input, "SSEKMSEncryptionContext")) {
      choice.context = context_of(*context);
    }
  }
  if (choice.uses_kms()) {
    choice.bucket_key = find_bool(input, "BucketKeyEnabled").value_or(by_default.bucket_key);
  }
  return choice;
}

ObjectKeys ObjectEncryption::make(const EncryptionChoice& choice, const Call& call,
                                  const BucketName& bucket, const ObjectKey& key,
                                  const keys::SecretKey* same) {
  ObjectKeys made;
  if (choice.scheme.empty()) return made;
  const auto identity = identity_of(bucket, key);
  const auto secret = same != nullptr ? *same : keys::random_key();
  auto& kept = made.kept;
  kept.scheme = choice.scheme;
  if (choice.customer) {
    kept.object_key = keys::aead_seal(choice.customer->key, text_of(secret), identity);
  } else if (choice.uses_kms()) {
    const auto context = kms_context(choice.context, choice.bucket_key, bucket, key);
    auto data_key = ask_kms(
        [&] { return kms().generate(call, kms().arn_of(call, choice.kms_key_id, "s3"), context); });
    kept.object_key = keys::aead_seal(data_key.key, text_of(secret), identity);
    kept.kms_sealed = std::move(data_key.sealed);
    kept.kms_key_arn = std::move(data_key.key_arn);
    kept.context = choice.context;
    kept.bucket_key = choice.bucket_key;
  } else {
    kept.object_key = sealer().seal(kPurpose, text_of(secret), identity);
  }
  made.write = objects::WriteKey{secret, etag_kind_of(choice.scheme)};
  return made;
}

std::optional<keys::SecretKey> ObjectEncryption::open(const json::object& input,
                                                      std::string_view prefix, const Call& call,
                                                      const BucketName& bucket,
                                                      const ObjectKey& key,
                                                      const objects::Encryption& kept) {
  const auto customer = customer_key_of(input, prefix, call.request, keys_.customer_keys);
  check_read(call, prefix, customer, kept);
  if (!kept.on()) return std::nullopt;
  if (customer) return unwrap(*customer, kept, bucket, key);
  return open_ours(call, bucket, key, kept);
}

keys::SecretKey ObjectEncryption::open_ours(const Call& call, const BucketName& bucket,
                                            const ObjectKey& key, const objects::Encryption& kept) {
  const auto identity = identity_of(bucket, key);
  if (kept.kms_sealed.empty()) {
    const auto secret = secret_of(sealer().open(kPurpose, kept.object_key, identity));
    if (!secret) does_not_open(bucket, key);
    return *secret;
  }
  const auto context = kms_context(kept.context, kept.bucket_key, bucket, key);
  const auto wrapping = ask_kms([&] { return kms().open(call, kept.kms_sealed, context); });
  const auto secret = secret_of(keys::aead_open(wrapping, kept.object_key, identity));
  if (!secret) does_not_open(bucket, key);
  return *secret;
}

std::optional<objects::WriteKey> ObjectEncryption::part_key(const json::object& input,
                                                            const Call& call,
                                                            const BucketName& bucket,
                                                            const objects::UploadInfo& upload) {
  const auto& kept = upload.options.encryption;
  const auto customer = customer_key_of(input, "", call.request, keys_.customer_keys);
  if (kept.scheme == kCustomer && !customer) {
    throw ApiError("InvalidRequest",
                   "The multipart upload initiate requested encryption. Subsequent part requests "
                   "must include the appropriate encryption parameters.",
                   400);
  }
  if (kept.scheme != kCustomer && customer) {
    throw ApiError("InvalidRequest",
                   "The multipart upload initiate did not request encryption. Please resend the "
                   "request without sending encryption parameters.",
                   400);
  }
  if (!kept.on()) return std::nullopt;
  if (customer) {
    const auto secret =
        secret_of(keys::aead_open(customer->key, kept.object_key, identity_of(bucket, upload.key)));
    if (!secret) {
      throw ApiError("InvalidRequest",
                     "The provided encryption parameters did not match the ones used originally.",
                     400);
    }
    return objects::WriteKey{*secret, etag_kind_of(kept.scheme)};
  }
  // A part may name the encryption again; the upload's counts.
  return objects::WriteKey{open_ours(call, bucket, upload.key, kept), etag_kind_of(kept.scheme)};
}

void ObjectEncryption::check_completion(const json::object& input, const Call& call,
                                        const BucketName& bucket,
                                        const objects::UploadInfo& upload) {
  if (upload.options.encryption.scheme != kCustomer) return;
  if (!upload.checksum_algorithm && !input.contains("SSECustomerAlgorithm")) return;
  part_key(input, call, bucket, upload);
}

bool ObjectEncryption::unlocks_at_once(const objects::ObjectContent& content) {
  const auto& kept = content.info().encryption;
  return !kept.on() || (content.readable() && kept.scheme == kServer);
}

void ObjectEncryption::unlock(const json::object& input, std::string_view prefix, const Call& call,
                              const BucketName& bucket, objects::ObjectContent& content) {
  const auto& kept = content.info().encryption;
  if (unlocks_at_once(content)) {
    check_read(call, prefix, customer_key_of(input, prefix, call.request, keys_.customer_keys),
               kept);
    return;
  }
  const auto secret = open(input, prefix, call, bucket, content.info().key, kept);
  // What a customer's key opened is not kept for anybody.
  const bool keep = kept.scheme != kCustomer;
  content.unlock(*secret,
                 keep ? objects::ObjectContent::Keep::kYes : objects::ObjectContent::Keep::kNo);
}

void ObjectEncryption::check(const json::object& input, const Call& call, const BucketName& bucket,
                             const objects::ObjectInfo& info) {
  const auto customer = customer_key_of(input, "", call.request, keys_.customer_keys);
  check_read(call, "", customer, info.encryption);
  if (customer) unwrap(*customer, info.encryption, bucket, info.key);
}

void add_encryption(HeaderFields& headers, const json::object& input,
                    const objects::Encryption& encryption) {
  if (!encryption.on()) return;
  if (encryption.scheme == kCustomer) {
    headers.emplace_back("x-amz-server-side-encryption-customer-algorithm", kServer);
    headers.emplace_back("x-amz-server-side-encryption-customer-key-MD5",
                         string_or(input, "SSECustomerKeyMD5"));
    return;
  }
  headers.emplace_back(kHeader, encryption.scheme);
  if (encryption.kms_key_arn.empty()) return;
  headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", encryption.kms_key_arn);
  if (encryption.bucket_key) {
    headers.emplace_back("x-amz-server-side-encryption-bucket-key-enabled", "true");
  }
}

void add_encryption(json::object& output, const json::object& input,
                    const objects::Encryption& encryption) {
  if (!encryption.on()) return;
  if (encryption.scheme == kCustomer) {
    output["SSECustomerAlgorithm"] = kServer;
    output["SSECustomerKeyMD5"] = string_or(input, "SSECustomerKeyMD5");
    return;
  }
  output["ServerSideEncryption"] = encryption.scheme;
  if (encryption.kms_key_arn.empty()) return;
  output["SSEKMSKeyId"] = encryption.kms_key_arn;
  if (encryption.bucket_key) output["BucketKeyEnabled"] = true;
}

}  // namespace clary::api::s3
