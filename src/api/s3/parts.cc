// The parts of an upload: UploadPart, UploadPartCopy, ListParts.
#include "api/s3/acl_requests.h"
#include "api/s3/bucket_access.h"
#include "api/s3/copy.h"
#include "api/s3/encryption.h"
#include "api/s3/payload_checks.h"
#include "api/s3/range.h"
#include "api/s3/receive.h"
#include "api/s3/request.h"
#include "api/s3/storage_class.h"
#include "api/s3/upload_checksums.h"
#include "api/s3/versioning.h"

namespace clary::api::s3 {
namespace {

namespace asio = boost::asio;
using wire::ApiError;

constexpr std::size_t kMaxListedParts = 1000;

int part_number_of(const json::object& input) {
  const auto number = find_int(input, "PartNumber").value_or(0);
  if (number >= 1 && number <= kMaxPartNumber) return static_cast<int>(number);
  ApiError error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive",
                 400);
  error.details()["ArgumentName"] = "partNumber";
  error.details()["ArgumentValue"] = std::to_string(number);
  throw error;
}

asio::awaitable<void> upload_part(Context& context, json::object input, Call& call,
                                  BodyReader& body, BodyWriter& response) {
  const auto bucket = bucket_of(context, input, call);
  const auto key = key_of(input);
  const auto number = part_number_of(input);
  const auto upload_id = string_or(input, "UploadId");
  check_length(body);
  std::optional<objects::WriteKey> write;
  const auto upload = co_await on_workers(context.workers, [&] {
    auto found = context.store.upload(bucket.name, key, upload_id);
    if (found) write = context.encryption.part_key(input, call, bucket.name, *found);
    return found;
  });
  if (!upload) {
    co_await answer_error(call, response, error_of(upload.error(), input));
    co_return;
  }
  PayloadChecks checks(call.request, part_algorithm(*upload));
  std::optional<objects::Outcome<objects::PartInfo>> outcome;
  co_await receive(context, body, checks, std::move(write), [&](objects::ObjectWriter& writer) {
    outcome = context.store.put_part(bucket.name, key, upload_id, number, writer, checks.kept());
  });
  if (!*outcome) {
    co_await answer_error(call, response, error_of(outcome->error(), input));
    co_return;
  }
  ResponseHead head;
  head.headers = {{"x-amz-request-id", std::string(call.request_id)},
                  {"ETag", in_quotes((*outcome)->etag)}};
  add_encryption(head.headers, input, upload->options.encryption);
  for (const auto& checksum : checks.kept()) {
    head.headers.emplace_back(wire::checksum_header(kind_of(checksum.algorithm)), checksum.value);
  }
  co_await response.send(std::move(head), {});
}

ByteRange range_of_source(const json::object& input, std::uint64_t size) {
  const auto header = find_string(input, "CopySourceRange");
  if (!header) return {0, size};
  const auto range = parse_copy_range(*header);
  if (!range) {
    ApiError error("InvalidArgument",
                   "The x-amz-copy-source-range value must be of the form bytes=first-last where "
                   "first and last are the zero-based offsets of the first and last bytes to copy",
                   400);
    error.details()["ArgumentName"] = "x-amz-copy-source-range";
    error.details()["ArgumentValue"] = *header;
    throw error;
  }
  if (range->offset >= size || range->length > size - range->offset) {
    throw ApiError(
        "InvalidRange",
        "Range specified is not valid for source object of size: " + std::to_string(size), 400);
  }
  return *range;
}

json::object upload_part_copy(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto key = key_of(input);
  const auto number = part_number_of(input);
  const auto upload_id = string_or(input, "UploadId");
  const auto source = copy_source_of(context, input, call);
  const auto upload = must(context.store.upload(bucket.name, key, upload_id), input);
  auto content = open_copy_source(context, input, source);
  context.encryption.unlock(input, "CopySource", call, source.bucket, content);
  const auto range = range_of_source(input, content.info().size);
  if (range.length > kMaxPutBytes) {
    throw ApiError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400);
  }
  wire::Checksummer checksummer(kind_of(part_algorithm(upload)));
  auto writer = context.store.open_writer(
      range.length, context.encryption.part_key(input, call, bucket.name, upload));
  std::vector<char> buffer(std::min<std::uint64_t>(range.length, 1 << 20));
  for (std::uint64_t done = 0; done < range.length;) {
    const auto wanted = std::min<std::uint64_t>(buffer.size(), range.length - done);
    const auto count = content.read(range.offset + done, buffer.data(), wanted);
    const auto bytes = std::as_bytes(std::span(buffer.data(), count));
    checksummer.update(bytes);
    writer->write(bytes);
    done += count;
  }
  const objects::Checksum checksum{part_algorithm(upload), checksummer.finish(), false};
  const auto part =
      must(context.store.put_part(bucket.name, key, upload_id, number, *writer, {checksum}), input);
  json::object result{{"ETag", in_quotes(part.etag)},
                      {"LastModified", epoch_seconds(part.modified)}};
  add_checksums(result, part.checksums, ShowType::kNo);
  json::object output{{"CopyPartResult", std::move(result)}};
  show_source_version(output, context, source, content.info());
  add_encryption(output, input, upload.options.encryption);
  return output;
}

json::object list_parts(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto key = key_of(input);
  const auto upload_id = string_or(input, "UploadId");
  const auto limit = page_size(input, "MaxParts", "max-parts", kMaxListedParts);
  const auto after = static_cast<int>(find_int(input, "PartNumberMarker").value_or(0));
  const auto upload = must(context.store.upload(bucket.name, key, upload_id), input);
  auto parts = must(context.store.parts(bucket.name, key, upload_id, after, limit + 1), input);
  const bool truncated = parts.size() > limit;
  if (truncated) parts.resize(limit);
  const auto owner =
      owner_of(owner_account(*context.access.find(bucket), bucket, upload.options.owner));
  json::object output{{"Bucket", bucket.name.str()},
                      {"Key", key.str()},
                      {"UploadId", upload_id},
                      {"PartNumberMarker", after},
                      {"NextPartNumberMarker", parts.empty() ? 0 : parts.back().number},
                      {"MaxParts", limit},
                      {"IsTruncated", truncated},
                      {"Owner", owner},
                      {"Initiator", owner},
                      {"StorageClass", shown_class(upload.options.storage_class)}};
  show_checksum(output, upload);
  json::array listed;
  for (const auto& part : parts) {
    json::object entry{{"PartNumber", part.number},
                       {"LastModified", epoch_seconds(part.modified)},
                       {"ETag", in_quotes(part.etag)},
                       {"Size", part.size}};
    add_checksums(entry, part.checksums, ShowType::kNo);
    listed.push_back(std::move(entry));
  }
  output["Parts"] = std::move(listed);
  return output;
}

}  // namespace

std::vector<OperationEntry> part_operations(Context& context) {
  return {
      {"UploadPart",
       {},
       [&context](json::object input, Call& call, BodyReader& body, BodyWriter& response) {
         return upload_part(context, std::move(input), call, body, response);
       }},
      {"UploadPartCopy",
       [&context](const json::object& input, Call& call) {
         return upload_part_copy(context, input, call);
       },
       {}},
      {"ListParts",
       [&context](const json::object& input, Call& call) {
         return list_parts(context, input, call);
       },
       {}},
  };
}

}  // namespace clary::api::s3
