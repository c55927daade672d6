// Distinct types for the strings that must not be mixed up: no implicit conversions between them.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace clary {

template <class Tag>
class StrongString {
 public:
  StrongString() = default;
  explicit StrongString(std::string value) : value_(std::move(value)) {}
  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend auto operator<=>(const StrongString&, const StrongString&) = default;

 private:
  std::string value_;
};

using AccountId = StrongString<struct AccountIdTag>;
using Region = StrongString<struct RegionTag>;
using Arn = StrongString<struct ArnTag>;
using BucketName = StrongString<struct BucketNameTag>;
using ObjectKey = StrongString<struct ObjectKeyTag>;

}  // namespace clary

template <class Tag>
struct std::hash<clary::StrongString<Tag>> {
  std::size_t operator()(const clary::StrongString<Tag>& value) const {
    return std::hash<std::string>()(value.str());
  }
};
