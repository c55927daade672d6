// Policy documents of users: parsed as each kind, and evaluated.
#include "identity/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary::identity;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const PolicyRequest request{
      .action = "s3:GetObject",
      .resource = "arn:aws:s3:::data/a",
      .aws_principals = {"arn:aws:iam::123456789012:role/R"},
      .service_principal = "sagemaker.amazonaws.com",
      .context = {{"aws:username", {"ann"}},
                  {"aws:sourceip", {"10.0.0.1"}},
                  {"aws:currenttime", {"2026-01-01T00:00:00Z"}},
                  {"aws:tagkeys", {"a", "b"}},
                  {"aws:sourcearn", {"arn:aws:sagemaker:us-east-1:1:training-job/x"}}}};
  for (const PolicyKind kind : {PolicyKind::kIdentity, PolicyKind::kTrust, PolicyKind::kResource}) {
    auto policy = parse_policy(text, kind);
    if (!policy) {
      if (policy.error().empty()) __builtin_trap();
      continue;
    }
    const NamedPolicy named{.name = "p", .policy = std::make_shared<const Policy>(*policy)};
    evaluate(std::span(&named, 1), request);
    missing_context_keys(std::span(&named, 1), request);
  }
  return 0;
}
