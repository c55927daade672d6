// Policy documents of upload forms: any text is a policy or an error, and an expired policy allows
// nothing.
#include <cstdint>

#include "base/text.h"
#include "wire/post_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  using namespace clary;
  (void)wire::parse_post_policy(text);
  const auto policy = wire::parse_post_policy(base64(text));
  if (!policy) return 0;
  const std::vector<wire::FormField> form{{"key", "in/a"}, {"bucket", "data"}, {"acl", "private"}};
  const auto now = from_epoch_seconds(1'700'000'000);
  if (!wire::violation(*policy, form, now) && policy->expiration <= now) __builtin_trap();
  return 0;
}
