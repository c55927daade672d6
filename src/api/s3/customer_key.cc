#include "api/s3/customer_key.h"

#include <openssl/evp.h>

#include <array>

#include "base/text.h"
#include "wire/api_error.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::string_view kHeader = "x-amz-server-side-encryption-customer-";
constexpr std::string_view kSourceHeader = "x-amz-copy-source-server-side-encryption-customer-";

constexpr std::array<std::string_view, 3> kMembers{"SSECustomerAlgorithm", "SSECustomerKey",
                                                   "SSECustomerKeyMD5"};
constexpr std::array<std::string_view, 3> kSourceMembers{
    "CopySourceSSECustomerAlgorithm", "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5"};

ApiError invalid(std::string_view prefix, std::string_view what, const char* message) {
  ApiError error("InvalidArgument", message, 400);
  error.details()["ArgumentName"] =
      std::string(prefix.empty() ? kHeader : kSourceHeader) + std::string(what);
  error.details()["ArgumentValue"] = "null";
  return error;
}

std::string md5_base64(std::string_view bytes) {
  std::array<char, 16> digest{};
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
             EVP_md5(), nullptr);
  return base64({digest.data(), digest.size()});
}

}  // namespace

// The words are those S3 answers with.
std::optional<CustomerKey> customer_key_of(const json::object& input, std::string_view prefix,
                                           const RequestHead& head, CustomerKeys rule) {
  const auto& names = prefix.empty() ? kMembers : kSourceMembers;
  const auto algorithm = find_string(input, names[0]), key = find_string(input, names[1]),
             md5 = find_string(input, names[2]);
  if (!algorithm && !key && !md5) return std::nullopt;
  if (rule == CustomerKeys::kNeedTls && !head.tls) {
    throw ApiError("InvalidRequest",
                   "Requests specifying Server Side Encryption with Customer provided keys must be "
                   "made over a secure connection.",
                   400);
  }
  if (!algorithm) {
    throw invalid(prefix, "algorithm",
                  "Requests specifying Server Side Encryption with Customer provided keys must "
                  "provide a valid encryption algorithm.");
  }
  if (*algorithm != "AES256") {
    ApiError error("InvalidEncryptionAlgorithmError",
                   "The Encryption request you specified is not valid. Supported value: AES256.",
                   400);
    error.details()["ArgumentName"] =
        std::string(prefix.empty() ? kHeader : kSourceHeader) + "algorithm";
    error.details()["ArgumentValue"] = *algorithm;
    throw error;
  }
  if (!key || key->empty()) {
    throw invalid(prefix, "key",
                  "Requests specifying Server Side Encryption with Customer provided keys must "
                  "provide an appropriate secret key.");
  }
  if (!md5 || md5->empty()) {
    throw invalid(prefix, "key-MD5",
                  "Requests specifying Server Side Encryption with Customer provided keys must "
                  "provide the client calculated MD5 of the secret key.");
  }
  auto raw = unbase64(*key);
  if (!raw || raw->size() != keys::kDataKeyBytes) {
    throw invalid(prefix, "key", "The secret key was invalid for the specified algorithm.");
  }
  CustomerKey result{keys::SecretKey(as_bytes(*raw).first<keys::kDataKeyBytes>()),
                     std::string(*md5)};
  const bool same = md5_base64(*raw) == *md5;
  OPENSSL_cleanse(raw->data(), raw->size());
  if (!same) {
    throw invalid(prefix, "key-MD5",
                  "The calculated MD5 hash of the key did not match the hash that was provided.");
  }
  return result;
}

}  // namespace clary::api::s3
