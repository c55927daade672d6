// Paths, queries and headers of S3 and the SageMaker runtimes: routing and the HTTP bindings.
// The input is "METHOD PATH?QUERY", header lines, an empty line, a body.
#include "wire_fuzzing.h"

namespace {

std::string_view take_until(std::string_view& data, char mark) {
  const auto at = data.find(mark);
  const std::string_view part = data.substr(0, at);
  data.remove_prefix(at == std::string_view::npos ? data.size() : at + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary::wire;
  static const Router kS3(fuzz_models().get("s3"));
  static const Router kRuntime(fuzz_models().get("sagemaker-runtime"));
  static const Router kRecords(fuzz_models().get("sagemaker-featurestore-runtime"));
  std::string_view data(reinterpret_cast<const char*>(bytes), size);
  clary::RequestHead head;
  std::string_view line = take_until(data, '\n');
  head.method = take_until(line, ' ');
  head.path = take_until(line, '?');
  head.query = line;
  for (line = take_until(data, '\n'); !line.empty(); line = take_until(data, '\n')) {
    const std::string_view name = take_until(line, ':');
    head.headers.add(std::string(name), std::string(line));
  }
  const std::pair<const Router&, std::string_view> all[] = {
      {kS3, "s3"}, {kRuntime, "sagemaker-runtime"}, {kRecords, "sagemaker-featurestore-runtime"}};
  for (const auto& [router, name] : all) {
    const ServiceModel& model = fuzz_models().get(name);
    try {
      const auto match = router.match(head);
      if (match.operation == nullptr) continue;
      if (match.operation->http_method != head.method) fuzz_fail("wrong method", head.method, "");
      check_decoded(*match.operation, decode_request(model, model.protocol(), *match.operation,
                                                     head, match.labels, data));
    } catch (const ApiError&) {
    }
  }
  return 0;
}
