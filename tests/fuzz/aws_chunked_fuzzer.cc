// aws-chunked bodies: the result must not depend on how the bytes are cut into pieces, and never
// more payload may come out than was announced.
#include "wire/aws_chunked.h"

namespace {

struct Outcome {
  std::string payload;
  int error = -1;
  std::size_t trailers = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome decode(clary::wire::PayloadKind kind, std::string_view body, std::size_t step) {
  clary::wire::AwsChunkedDecoder decoder(kind, {}, 1000);
  Outcome outcome;
  std::expected<void, clary::wire::ChunkedError> result;
  for (std::size_t at = 0; at < body.size() && result; at += step) {
    result = decoder.push(clary::as_bytes(body.substr(at, step)), [&](auto piece) {
      outcome.payload.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
  }
  if (result) result = decoder.finish();
  if (!result) outcome.error = static_cast<int>(result.error());
  outcome.trailers = decoder.trailers().size();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  using clary::wire::PayloadKind;
  constexpr PayloadKind kKinds[] = {PayloadKind::kStreamingSigned,
                                    PayloadKind::kStreamingSignedTrailer,
                                    PayloadKind::kStreamingUnsignedTrailer};
  const PayloadKind kind = kKinds[bytes[0] % 3];
  const std::size_t step = bytes[1] % 31 + 1;
  const std::string_view body(reinterpret_cast<const char*>(bytes + 2), size - 2);
  const Outcome whole = decode(kind, body, body.size() + 1);
  if (whole.payload.size() > 1000 || decode(kind, body, step) != whole) __builtin_trap();
  return 0;
}
