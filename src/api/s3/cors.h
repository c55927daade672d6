// Cross-origin resource sharing: which other web pages may read from a bucket.
// Source: "Elements of a CORS configuration" and "OPTIONS object", Amazon S3 user guide and API
// reference; the Fetch standard for what browsers make of it.
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "objects/object_store.h"

namespace clary::api::s3 {

struct CorsRule {
  std::string id;
  std::vector<std::string> origins, methods, headers, expose;
  std::optional<std::int64_t> max_age;
};
using CorsRules = std::vector<CorsRule>;

// The member CORSRules of a configuration. Throws ApiError in S3's words for what it refuses.
CorsRules cors_rules(const json::array& rules);
json::array cors_document(const CorsRules& rules);

// What a browser asks for. `headers` are those it wants to send, for a preflight.
struct CorsRequest {
  std::string_view origin, method;
  std::vector<std::string_view> headers;
};
// The names of an Access-Control-Request-Headers field.
std::vector<std::string_view> header_names(std::string_view field);

// The first rule that allows it; nullptr for none.
const CorsRule* match(const CorsRules& rules, const CorsRequest& request);
// The header fields of an answer under that rule.
std::vector<std::pair<std::string, std::string>> cors_headers(const CorsRule& rule,
                                                              const CorsRequest& request);

// The rules of buckets, kept in memory. threads: any.
class CorsCache {
 public:
  explicit CorsCache(objects::ObjectStore& store) : store_(store) {}

  // What is at hand; nullopt when find() has to look. Does not block.
  std::optional<std::shared_ptr<const CorsRules>> cached(const objects::BucketInfo& bucket);
  // nullptr: the bucket has none. blocks.
  std::shared_ptr<const CorsRules> find(const objects::BucketInfo& bucket);
  // Empty rules: none. blocks.
  objects::Outcome<void> set(const objects::BucketInfo& bucket, const CorsRules& rules);
  objects::ObjectStore& store() { return store_; }

 private:
  struct Entry {
    Timestamp bucket_created;  // a bucket of the same name may have come since
    std::shared_ptr<const CorsRules> rules;
  };
  objects::ObjectStore& store_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, Entry> known_;
  std::uint64_t changes_ = 0;  // what was read before a change is not kept
};

}  // namespace clary::api::s3
