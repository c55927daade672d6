#include "objects/encryption.h"

#include "base/json.h"
#include "base/text.h"

namespace clary::objects {
namespace {

std::string bytes_of(const json::object& object, std::string_view name) {
  return unbase64(string_or(object, name)).value_or(std::string());
}

}  // namespace

std::string encryption_text(const Encryption& encryption) {
  if (!encryption.on()) return {};
  json::object object{{"s", encryption.scheme}, {"k", base64(encryption.object_key)}};
  if (!encryption.kms_sealed.empty()) object["m"] = base64(encryption.kms_sealed);
  if (!encryption.kms_key_arn.empty()) object["a"] = encryption.kms_key_arn;
  if (!encryption.context.empty()) object["c"] = encryption.context;
  if (encryption.bucket_key) object["b"] = true;
  return json::serialize(object);
}

Encryption read_encryption(std::string_view text) {
  if (text.empty()) return {};
  const auto object = json::parse(text).as_object();
  Encryption encryption;
  encryption.scheme = string_or(object, "s");
  encryption.object_key = bytes_of(object, "k");
  encryption.kms_sealed = bytes_of(object, "m");
  encryption.kms_key_arn = string_or(object, "a");
  encryption.context = string_or(object, "c");
  encryption.bucket_key = find_bool(object, "b").value_or(false);
  return encryption;
}

}  // namespace clary::objects
