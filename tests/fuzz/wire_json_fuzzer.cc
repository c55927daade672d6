// JSON bodies of SageMaker: what is decoded must survive being written and read again.
#include "wire/json_codec.h"
#include "wire_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary::wire;
  std::string_view data(reinterpret_cast<const char*>(bytes), size);
  const Operation& operation = take_operation(fuzz_models().get("sagemaker"), data);
  if (operation.input == nullptr) return 0;
  try {
    const auto input = decode_json(*operation.input, data);
    check_decoded(operation, input);
    std::string text;
    write_json(text, *operation.input, input);
    std::string again;
    write_json(again, *operation.input, decode_json(*operation.input, text));
    if (text != again) fuzz_fail("differs when read again", text, again);
  } catch (const ApiError&) {
  }
  return 0;
}
