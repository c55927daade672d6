#include "api/s3/storage_class.h"

#include <array>

#include "wire/api_error.h"

namespace clary::api::s3 {

std::string storage_class_of(const json::object& input) {
  constexpr std::array<std::string_view, 5> kReadable{
      "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"};
  const auto asked = find_string(input, "StorageClass");
  if (!asked || asked->empty() || *asked == "STANDARD") return {};
  if (std::ranges::find(kReadable, *asked) != kReadable.end()) return std::string(*asked);
  wire::ApiError error("InvalidStorageClass", "The storage class you specified is not valid", 400);
  error.details()["StorageClassRequested"] = *asked;
  throw error;
}

std::string shown_class(std::string_view stored) {
  return stored.empty() ? "STANDARD" : std::string(stored);
}

}  // namespace clary::api::s3
