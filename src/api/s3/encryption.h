// Encryption of objects at rest: which key, and what requests and answers say about it.
//
// Every object has a key of its own (a multipart object one for all its parts), which is kept
// sealed beside it: by the server's root key (SSE-S3), by a data key that KMS sealed (SSE-KMS), by
// the customer's key (SSE-C). The seal is bound to bucket and key. See
// docs/decisions/encryption.md.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/call.h"
#include "api/kms/key_use.h"
#include "api/s3/bucket_encryption.h"
#include "api/s3/customer_key.h"
#include "keys/sealer.h"
#include "objects/object_store.h"

namespace clary::api::s3 {

// What objects are encrypted with. Without a sealer nothing is encrypted unless SSE-C asks for it.
struct EncryptionKeys {
  keys::Sealer* sealer = nullptr;
  kms::KeyUse* kms = nullptr;
  bool encrypt_objects = true;  // those that ask for nothing, in buckets without a configuration
  CustomerKeys customer_keys = CustomerKeys::kNeedTls;
};

// What a request that creates an object asks for, with the bucket's default filled in.
struct EncryptionChoice {
  std::string scheme;  // as objects::Encryption::scheme
  std::string kms_key_id;
  std::string context;  // JSON; "" for none
  bool bucket_key = false;
  std::optional<CustomerKey> customer;
  bool uses_kms() const { return scheme.starts_with("aws:kms"); }
};

// An object's key, and what is kept of it.
struct ObjectKeys {
  objects::Encryption kept;
  std::optional<objects::WriteKey> write;  // unset: not encrypted
};

// threads: any. errors: ApiError in S3's words.
class ObjectEncryption {
 public:
  ObjectEncryption(objects::ObjectStore& store, const EncryptionKeys& keys);

  BucketEncryptions& buckets() { return buckets_; }

  EncryptionChoice choose(const json::object& input, const Call& call,
                          const objects::BucketInfo& bucket);
  // A new object's, or upload's. blocks: when the choice uses KMS. `same`: seal this key rather
  // than a new one (a copy that shares its source's bytes).
  ObjectKeys make(const EncryptionChoice& choice, const Call& call, const BucketName& bucket,
                  const ObjectKey& key, const keys::SecretKey* same = nullptr);

  // The key of what is there, for a request that names none but for SSE-C; nullopt when it is not
  // encrypted. `prefix` is "CopySource" for the source of a copy. blocks: when KMS is used.
  std::optional<keys::SecretKey> open(const json::object& input, std::string_view prefix,
                                      const Call& call, const BucketName& bucket,
                                      const ObjectKey& key, const objects::Encryption& kept);
  // What a part of an upload is written with. blocks: when KMS is used.
  std::optional<objects::WriteKey> part_key(const json::object& input, const Call& call,
                                            const BucketName& bucket,
                                            const objects::UploadInfo& upload);
  // The customer's key, when a CompleteMultipartUpload names one, is the upload's; it has to name
  // it when the upload has a checksum algorithm.
  void check_completion(const json::object& input, const Call& call, const BucketName& bucket,
                        const objects::UploadInfo& upload);
  // Makes `content` readable. blocks: when KMS is used.
  void unlock(const json::object& input, std::string_view prefix, const Call& call,
              const BucketName& bucket, objects::ObjectContent& content);
  // Whether unlock() is done without blocking.
  static bool unlocks_at_once(const objects::ObjectContent& content);
  // For requests that read no bytes: the headers fit, the customer's key is the right one.
  void check(const json::object& input, const Call& call, const BucketName& bucket,
             const objects::ObjectInfo& info);

 private:
  // By the root key or KMS.
  keys::SecretKey open_ours(const Call& call, const BucketName& bucket, const ObjectKey& key,
                            const objects::Encryption& kept);
  kms::KeyUse& kms() const;
  keys::Sealer& sealer() const;

  const EncryptionKeys keys_;
  BucketEncryptions buckets_;
};

// What answers say: x-amz-server-side-encryption and its relatives, or the members of an output.
// `input` has the customer's key, whose MD5 is echoed.
using HeaderFields = std::vector<std::pair<std::string, std::string>>;
void add_encryption(HeaderFields& headers, const json::object& input,
                    const objects::Encryption& encryption);
void add_encryption(json::object& output, const json::object& input,
                    const objects::Encryption& encryption);

// Two objects that share bytes share their ETag only if it is of the same kind.
inline objects::EtagKind etag_kind_of(std::string_view scheme) {
  return scheme.empty() || scheme == "AES256" ? objects::EtagKind::kMd5
                                              : objects::EtagKind::kRandom;
}

}  // namespace clary::api::s3
