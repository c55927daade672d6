// The policy document of a browser upload: what the person who signed it allows a form to say.
// Source: "Creating a POST policy", Amazon S3 API reference. Pure functions.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "wire/multipart_form.h"

namespace clary::wire {

struct PostPolicy {
  struct Condition {
    enum class Kind { kEqual, kStartsWith };
    Kind kind = Kind::kEqual;
    std::string field;  // in lower case, without the $
    std::string value;
    std::string text;  // as the document has it, for the error
  };
  struct Range {
    std::uint64_t least = 0, most = 0;
  };
  Timestamp expiration;
  std::vector<Condition> conditions;
  std::optional<Range> content_length;
};

// `text` is the form's field: Base64 of a JSON document. The error is S3's words after
// "Invalid Policy: ".
std::expected<PostPolicy, std::string> parse_post_policy(std::string_view text);

// What of the form the policy does not allow, in S3's words after "Invalid according to Policy: ";
// nullopt when it allows all. Every field has to be covered by a condition, but the policy itself,
// its signature and fields that start with x-ignore-. `fields` hold the bucket as well.
std::optional<std::string> violation(const PostPolicy& policy, const std::vector<FormField>& fields,
                                     Timestamp now);

}  // namespace clary::wire
