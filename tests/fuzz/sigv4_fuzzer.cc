// What claims to be signed, by either version: headers and queries as anybody may send them. The
// first line is the query, the second the Authorization header, the rest the path.
#include <algorithm>

#include "wire/sigv2.h"
#include "wire/sigv4.h"
#include "wire/sigv4_errors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary;
  std::string_view data(reinterpret_cast<const char*>(bytes), size);
  const auto line = [&data] {
    const std::size_t end = std::min(data.find('\n'), data.size());
    const std::string text(data.substr(0, end));
    data.remove_prefix(std::min(end + 1, data.size()));
    return text;
  };
  RequestHead head;
  head.method = "GET";
  head.query = line();
  const std::string authorization = line();
  head.path = "/" + std::string(data);
  head.headers.add("Host", "localhost");
  head.headers.add("X-Amz-Date", "20150830T123600Z");
  if (!authorization.empty()) head.headers.add("Authorization", authorization);
  const Timestamp now(std::chrono::seconds(1440938160));
  const bool version_2 = wire::has_sigv2_query(head);
  const auto claimed =
      version_2 ? wire::parse_sigv2(head, {}, "us-east-1") : wire::parse_signature(head);
  wire::AuthFailure failure = wire::AuthFailure::kMissing;
  if (claimed) {
    const auto verified =
        version_2 ? wire::verify_sigv2(*claimed, "secret", now)
                  : wire::verify_signature(head, *claimed, wire::SigningKey{}, wire::sha256_hex(""),
                                           now, std::chrono::minutes(15));
    if (!verified) failure = wire::auth_failure(verified.error());
  } else {
    failure = wire::auth_failure(claimed.error());
  }
  const wire::AuthContext context{
      .head = head, .claimed = claimed ? &*claimed : nullptr, .body_hash = {}, .now = now};
  for (const auto dialect : {wire::AuthDialect::kS3, wire::AuthDialect::kJson}) {
    if (wire::auth_error(dialect, failure, context).code().empty()) __builtin_trap();
  }
  return 0;
}
