// Upload forms: the result must not depend on how the bytes are cut into pieces, and what is kept
// before the file is bounded.
#include "wire/multipart_form.h"

#include <cstdint>

namespace {

using clary::wire::MultipartForm;

struct Outcome {
  MultipartForm::State state;
  std::string file, file_name;
  std::string fields;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view body, std::size_t step) {
  MultipartForm form("B");
  Outcome outcome{};
  for (std::size_t at = 0; at < body.size(); at += step) {
    form.push(body.substr(at, step));
    outcome.file += form.file();
    form.consume(form.file().size());
  }
  outcome.state = form.finish();
  outcome.file_name = form.file_name();
  for (const auto& field : form.fields()) outcome.fields += field.name + "=" + field.value + ";";
  if (form.fields().size() > MultipartForm::kMaxFields) __builtin_trap();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = bytes[0] % 61 + 1;
  const std::string_view body(reinterpret_cast<const char*>(bytes + 1), size - 1);
  clary::wire::form_boundary(body);
  // Bounds are looked at between pieces, so that only bodies within them must agree.
  if (body.size() > MultipartForm::kMaxFieldBytes) {
    read(body, step * 64);
    return 0;
  }
  if (read(body, body.size() + 1) != read(body, step)) __builtin_trap();
  return 0;
}
