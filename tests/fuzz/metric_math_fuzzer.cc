// Expressions of metric math over two short series.
#include "api/cloudwatch/metric_math.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary::api::cloudwatch;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const clary::Timestamp start(std::chrono::seconds(600));
  MathScope scope;
  scope.from = start;
  scope.until = start + std::chrono::minutes(5);
  Series a, b;
  for (int i = 0; i < 5; ++i) {
    a.values[start + std::chrono::minutes(i)] = i;
    if (i % 2 == 0) b.values[start + std::chrono::minutes(i)] = -i;
  }
  scope.by_id = {{"a", a}, {"b", b}};
  scope.metrics = {"a", "b"};
  const bool parsed = math_references(text).has_value();
  if (evaluate_math(text, scope).has_value() && !parsed) __builtin_trap();
  return 0;
}
