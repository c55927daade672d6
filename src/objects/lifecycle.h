// The rules by which objects of a bucket expire. Plain data and plain functions.
// Source: "Lifecycle configuration elements" and "Understanding object expiration", Amazon S3 user
// guide.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "objects/object_info.h"

namespace clary::objects {

struct LifecycleRule {
  std::string id;
  bool enabled = true;
  std::string prefix;
  std::map<std::string, std::string> tags;  // all of them
  std::optional<std::uint64_t> larger_than, smaller_than;
  std::optional<int> expire_days;
  std::optional<Timestamp> expire_at;
  bool expire_markers = false;  // delete markers with nothing behind them
  std::optional<int> noncurrent_days;
  int newer_noncurrent = 0;  // so many stay beside the current one
  std::optional<int> abort_days;

  bool matches(const ObjectInfo& info) const;
};

struct Lifecycle {
  std::vector<LifecycleRule> rules;
};

// The bucket's configuration as S3's document (`{"Rules": [...]}`, times in seconds since the
// epoch), valid by api/s3. Nullptr for "".
std::shared_ptr<const Lifecycle> read_lifecycle(std::string_view text);

// When something that happened at `from` is `days` old: S3 rounds up to the next midnight UTC. A
// `day` of another length, which tests use, is not rounded.
Timestamp due(Timestamp from, int days, std::chrono::seconds day);

// The first rule by which the current version of an object goes, and when.
struct Expiry {
  Timestamp at;
  std::string rule_id;
};
std::optional<Expiry> expiry_of(const Lifecycle& lifecycle, const ObjectInfo& info,
                                std::chrono::seconds day = std::chrono::days(1));
// The same of an upload that is not completed.
std::optional<Expiry> expiry_of(const Lifecycle& lifecycle, const UploadInfo& upload,
                                std::chrono::seconds day = std::chrono::days(1));

}  // namespace clary::objects
