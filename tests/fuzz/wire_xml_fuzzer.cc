// XML bodies of S3: what is decoded must survive being written and read again.
#include "wire/xml_reader.h"
#include "wire/xml_writer.h"
#include "wire_fuzzing.h"

namespace {

std::string document(const clary::wire::Shape& shape, const clary::json::object& object) {
  std::string text = "<Root xmlns:xsi=\"x\">";
  clary::wire::write_xml_members(text, shape, object);
  return text + "</Root>";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary::wire;
  std::string_view data(reinterpret_cast<const char*>(bytes), size);
  const Operation& operation = take_operation(fuzz_models().get("s3"), data);
  const Member* payload = operation.input == nullptr ? nullptr : operation.input->payload_member();
  if (payload == nullptr || payload->shape->kind != ShapeKind::kStructure) return 0;
  try {
    clary::json::object input;
    input[payload->name] = decode_xml(*payload->shape, data);
    check_decoded(operation, input);
    const auto& object = input[payload->name].get_object();
    const std::string text = document(*payload->shape, object);
    const std::string again = document(*payload->shape, decode_xml(*payload->shape, text));
    if (text != again) fuzz_fail("differs when read again", text, again);
  } catch (const ApiError&) {
  }
  return 0;
}
