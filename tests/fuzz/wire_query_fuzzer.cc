// Forms of IAM: finding the operation, decoding, judging.
#include "wire_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary::wire;
  std::string_view data(reinterpret_cast<const char*>(bytes), size);
  const ServiceModel& model = fuzz_models().get("iam");
  const Operation& chosen = take_operation(model, data);
  clary::RequestHead head;
  head.method = "POST";
  head.path = "/";
  try {
    check_decoded(chosen, decode_request(model, Protocol::kQuery, chosen, head, {}, data));
    const Operation& named = operation_of(model, Protocol::kQuery, head, data);
    check_decoded(named, decode_request(model, Protocol::kQuery, named, head, {}, data));
  } catch (const ApiError&) {
  }
  return 0;
}
