// What S3 requests carry beside XML: ranges, copy sources, tag headers, bucket names, entity tags.
// A range that is found lies inside the object, whatever the text.
#include <cstdlib>

#include "api/s3/bucket_name.h"
#include "api/s3/copy_source.h"
#include "api/s3/etag.h"
#include "api/s3/range.h"
#include "api/s3/tags.h"
#include "wire/api_error.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace clary::api::s3;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::uint64_t object_size = size > 0 ? data[0] * std::uint64_t{37} : 0;
  const auto range = parse_range(text, object_size);
  if (range && *range) {
    const auto [offset, length] = **range;
    if (length == 0 || length > object_size || offset > object_size - length) std::abort();
  }
  if (const auto copied = parse_copy_range(text); copied && copied->length == 0) std::abort();
  if (const auto source = parse_copy_source(text)) {
    if (source->bucket.empty() || source->key.empty()) std::abort();
  }
  valid_bucket_name(text);
  etag_listed(text, "d41d8cd98f00b204e9800998ecf8427e");
  try {
    tags_of_header(text);
  } catch (const clary::wire::ApiError&) {
  }
  return 0;
}
