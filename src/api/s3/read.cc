// Reading objects: GetObject, HeadObject, GetObjectAttributes.
#include "api/s3/authorize.h"
#include "api/s3/conditions.h"
#include "api/s3/encryption.h"
#include "api/s3/lifecycle.h"
#include "api/s3/object_head.h"
#include "api/s3/object_lock.h"
#include "api/s3/payload_checks.h"
#include "api/s3/request.h"
#include "api/s3/send.h"
#include "api/s3/storage_class.h"
#include "api/s3/versioning.h"
#include "base/text.h"

namespace clary::api::s3 {
namespace {

namespace asio = boost::asio;
using wire::ApiError;

constexpr std::size_t kMaxListedParts = 1000;

ApiError precondition_failed(std::string_view header) {
  ApiError error("PreconditionFailed",
                 "At least one of the pre-conditions you specified did not hold", 412);
  error.details()["Condition"] = header;
  return error;
}

// Of GetObject and HeadObject, beside what object_head() says.
ResponseHead versioned_head(const json::object& input, const Call& call,
                            const objects::BucketInfo& bucket, const objects::ObjectInfo& info,
                            const ObjectView& view) {
  auto head = object_head(input, call, info, view);
  show_version(head, bucket, info.version_id);
  show_lock(head, bucket, info);
  if (bucket.lifecycle && info.latest) show_expiration(head, bucket, info);
  if (!info.storage_class.empty()) {
    head.headers.emplace_back("x-amz-storage-class", info.storage_class);
  }
  return head;
}

// The checksums of the part that is shown, which stand for those of the whole.
asio::awaitable<void> add_part_checksums(Context& context, const json::object& input,
                                         const objects::BucketInfo& bucket,
                                         const objects::ObjectInfo& info, const ObjectView& view,
                                         ResponseHead& head) {
  if (!view.part_number || info.part_sizes.empty()) co_return;
  if (string_or(input, "ChecksumMode") != "ENABLED" || info.checksums.empty()) co_return;
  const auto count = static_cast<std::size_t>(*view.part_number);
  // Parts count from one, whatever numbers they were uploaded under.
  const auto parts = co_await on_workers(context.workers, [&] {
    return context.store.object_parts(bucket.name, info.key, info.version_id, 0, count);
  });
  if (!parts || parts->size() < count) co_return;
  const auto& whole = info.checksums.front();
  for (const auto& checksum : parts->back().checksums) {
    if (checksum.algorithm != whole.algorithm) continue;
    head.headers.emplace_back(wire::checksum_header(kind_of(checksum.algorithm)), checksum.value);
    head.headers.emplace_back("x-amz-checksum-type", whole.composite ? "COMPOSITE" : "FULL_OBJECT");
  }
}

asio::awaitable<void> send_object(Context& context, const json::object& input, Call& call,
                                  const objects::BucketInfo& bucket, objects::ObjectContent content,
                                  BodyWriter& response) {
  const auto& info = content.info();
  const auto condition = check_conditions(input, "", info);
  if (condition.result == ConditionResult::kNotModified) {
    co_await response.send(not_modified_head(call, info), {});
    co_return;
  }
  if (condition.result == ConditionResult::kPreconditionFailed) {
    co_await answer_error(call, response, precondition_failed(condition.failed));
    co_return;
  }
  const auto view = view_of(input, info);
  if (!view) {
    co_await answer_error(call, response, view.error());
    co_return;
  }
  auto head = versioned_head(input, call, bucket, info, *view);
  co_await add_part_checksums(context, input, bucket, info, *view, head);
  const auto range = view->range.value_or(ByteRange{0, info.size});
  if (const auto* bytes = content.inline_bytes()) {
    co_await response.send(std::move(head), bytes->substr(range.offset, range.length));
    co_return;
  }
  co_await response.start(std::move(head));
  co_await send_files(context, content, range, response);
  co_await response.finish();
}

asio::awaitable<void> get_object(Context& context, json::object input, Call& call,
                                 BodyWriter& response) {
  const auto bucket = find_bucket(context, input, call);
  if (!bucket) {
    co_await answer_error(call, response, bucket.error());
    co_return;
  }
  const auto key = key_of(input);
  const auto version = version_of(input);
  // The cache knows the current version.
  if (auto cached = context.store.cached(bucket->name, key)) {
    const bool wanted = version.empty() || cached->info().version_id == version;
    if (wanted && ObjectEncryption::unlocks_at_once(*cached)) {
      context.encryption.unlock(input, "", call, bucket->name, *cached);
      co_await send_object(context, input, call, *bucket, std::move(*cached), response);
      co_return;
    }
  }
  auto content = co_await on_workers(context.workers, [&] {
    auto found = context.store.get(bucket->name, key, version);
    if (found) context.encryption.unlock(input, "", call, bucket->name, *found);
    return found;
  });
  if (!content) {
    co_await answer_unreadable(context, input, call, response, *bucket, content.error());
    co_return;
  }
  co_await send_object(context, input, call, *bucket, std::move(*content), response);
}

asio::awaitable<void> head_object(Context& context, json::object input, Call& call,
                                  BodyWriter& response) {
  const auto bucket = find_bucket(context, input, call);
  if (!bucket) {
    co_await answer_error(call, response, bucket.error());
    co_return;
  }
  const auto key = key_of(input);
  const auto version = version_of(input);
  auto info = context.store.cached_head(bucket->name, key);
  if (info && !version.empty() && info->version_id != version) info = nullptr;
  if (!info) {
    auto found = co_await on_workers(
        context.workers, [&] { return context.store.head(bucket->name, key, version); });
    if (!found) {
      co_await answer_unreadable(context, input, call, response, *bucket, found.error());
      co_return;
    }
    info = std::move(*found);
  }
  context.encryption.check(input, call, bucket->name, *info);
  const auto condition = check_conditions(input, "", *info);
  if (condition.result == ConditionResult::kNotModified) {
    co_await response.send(not_modified_head(call, *info), {});
    co_return;
  }
  if (condition.result == ConditionResult::kPreconditionFailed) {
    co_await answer_error(call, response, precondition_failed(condition.failed));
    co_return;
  }
  const auto view = view_of(input, *info);
  if (!view) {
    co_await answer_error(call, response, view.error());
    co_return;
  }
  auto head = versioned_head(input, call, *bucket, *info, *view);
  co_await add_part_checksums(context, input, *bucket, *info, *view, head);
  co_await response.send(std::move(head), {});
}

json::object attributes_of_parts(Context& context, const json::object& input,
                                 const objects::ObjectInfo& info) {
  const auto limit = page_size(input, "MaxParts", "max-parts", kMaxListedParts);
  const auto after = static_cast<int>(find_int(input, "PartNumberMarker").value_or(0));
  auto parts = must(context.store.object_parts(BucketName(string_or(input, "Bucket")),
                                               ObjectKey(string_or(input, "Key")),
                                               version_of(input), after, limit + 1),
                    input);
  const bool truncated = parts.size() > limit;
  if (truncated) parts.resize(limit);
  json::object result{{"TotalPartsCount", info.part_sizes.size()},
                      {"PartNumberMarker", after},
                      {"MaxParts", limit},
                      {"IsTruncated", truncated}};
  if (truncated && !parts.empty()) result["NextPartNumberMarker"] = parts.back().number;
  json::array listed;
  for (const auto& part : parts) {
    json::object entry{{"PartNumber", part.number}, {"Size", part.size}};
    add_checksums(entry, part.checksums, ShowType::kNo);
    listed.push_back(std::move(entry));
  }
  result["Parts"] = std::move(listed);
  return result;
}

json::object get_object_attributes(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto info = must(context.store.head(bucket.name, key_of(input), version_of(input)), input);
  context.encryption.check(input, call, bucket.name, *info);
  json::object output{{"LastModified", epoch_seconds(info->modified)}};
  show_version(output, bucket, info->version_id);
  std::set<std::string> asked;
  if (const auto* attributes = find_array(input, "ObjectAttributes")) {
    for (const auto& attribute : *attributes) asked.emplace(attribute.as_string());
  }
  if (asked.contains("ETag")) output["ETag"] = info->etag;
  if (asked.contains("ObjectSize")) output["ObjectSize"] = info->size;
  if (asked.contains("StorageClass")) output["StorageClass"] = shown_class(info->storage_class);
  if (asked.contains("Checksum") && !info->checksums.empty()) {
    json::object checksum;
    add_checksums(checksum, info->checksums, ShowType::kYes);
    output["Checksum"] = std::move(checksum);
  }
  if (asked.contains("ObjectParts") && !info->part_sizes.empty()) {
    output["ObjectParts"] = attributes_of_parts(context, input, *info);
  }
  return output;
}

}  // namespace

std::vector<OperationEntry> read_operations(Context& context) {
  return {
      {"GetObject",
       {},
       [&context](json::object input, Call& call, BodyReader&, BodyWriter& response) {
         return get_object(context, std::move(input), call, response);
       }},
      {"HeadObject",
       {},
       [&context](json::object input, Call& call, BodyReader&, BodyWriter& response) {
         return head_object(context, std::move(input), call, response);
       }},
      {"GetObjectAttributes",
       [&context](const json::object& input, Call& call) {
         return get_object_attributes(context, input, call);
       },
       {}},
  };
}

}  // namespace clary::api::s3
