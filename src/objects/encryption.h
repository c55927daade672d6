// How the bytes of an object or a part are encrypted at rest.
#pragma once

#include <string>
#include <string_view>

#include "keys/data_key.h"

namespace clary::objects {

// What is kept beside an object to find its key again. This folder keeps it, compares `scheme` with
// nothing but "", and leaves the rest to who reads and writes: api/s3/encryption.h.
struct Encryption {
  std::string scheme;      // "": not encrypted; "AES256", "aws:kms", "aws:kms:dsse", "SSE-C"
  std::string object_key;  // the key of the bytes, sealed. Raw bytes.
  // Of aws:kms: what KMS sealed the key with that sealed `object_key`, and under which key.
  std::string kms_sealed, kms_key_arn;
  std::string context;  // JSON, as the client gave it; "" for none
  bool bucket_key = false;
  bool on() const { return !scheme.empty(); }
  friend bool operator==(const Encryption&, const Encryption&) = default;
};

// The column of a row: JSON; "" when not encrypted.
std::string encryption_text(const Encryption& encryption);
Encryption read_encryption(std::string_view text);

// What a writer encrypts with. The ETags of SSE-KMS and SSE-C objects are not MD5s on AWS.
enum class EtagKind { kMd5, kRandom };
struct WriteKey {
  keys::SecretKey key;
  EtagKind etag = EtagKind::kMd5;
};

}  // namespace clary::objects
