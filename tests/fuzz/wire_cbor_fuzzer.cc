// CBOR bodies of CloudWatch: what is decoded must survive being written and read again.
#include "wire/cbor.h"
#include "wire_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary::wire;
  std::string_view data(reinterpret_cast<const char*>(bytes), size);
  const Operation& operation = take_operation(fuzz_models().get("cloudwatch"), data);
  if (operation.input == nullptr) return 0;
  try {
    const auto input = decode_cbor(*operation.input, data);
    check_decoded(operation, input);
    const std::string written = encode_cbor(*operation.input, input);
    const std::string again = encode_cbor(*operation.input, decode_cbor(*operation.input, written));
    if (written != again) fuzz_fail("differs when read again", written, again);
  } catch (const ApiError&) {
  }
  return 0;
}
