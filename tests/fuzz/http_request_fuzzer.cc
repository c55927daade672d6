// Request heads and chunked bodies: no input may crash the parser, and how the bytes are cut into
// reads must not change what they mean (that difference is what request smuggling lives on).
#include <cstdlib>

#include "http/request_parser.h"

namespace {

using clary::http::ParseStatus;
using clary::http::RequestParser;

struct Parsed {
  ParseStatus head = ParseStatus::kNeedMore;
  ParseStatus body = ParseStatus::kNeedMore;
  std::string text;     // method, target and headers
  std::string payload;  // of a chunked body
  std::size_t used = 0;
};

// Gives the parser what has come so far, `step` bytes more each time, as a connection would.
Parsed parse(std::string_view bytes, std::size_t step, std::size_t out_bytes) {
  Parsed result;
  RequestParser parser(4096);
  std::vector<std::byte> out(out_bytes);
  std::size_t come = 0;
  while (true) {
    come = std::min(bytes.size(), come + step);
    bool moved = true;
    while (moved) {
      const std::string_view waiting = bytes.substr(result.used, come - result.used);
      std::size_t consumed = 0;
      std::size_t written = 0;
      if (result.head == ParseStatus::kNeedMore) {
        if (waiting.empty()) break;
        result.head = parser.parse_head(waiting, consumed);
        if (result.head == ParseStatus::kDone) {
          const auto& head = parser.head();
          result.text = head.method + " " + head.path + "?" + head.query;
          for (const auto& [name, value] : head.headers) result.text += "\n" + name + ":" + value;
        }
      } else if (result.head == ParseStatus::kDone && parser.is_chunked() &&
                 result.body == ParseStatus::kNeedMore) {
        result.body = parser.parse_chunks(waiting, consumed, out, written);
        result.payload.append(reinterpret_cast<const char*>(out.data()), written);
      }
      if (consumed > waiting.size() || written > out.size()) std::abort();
      result.used += consumed;
      moved = consumed > 0 || written > 0;
    }
    if (come == bytes.size()) return result;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = data[0] + 1U;
  const std::size_t out_bytes = data[1] + 1U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Parsed whole = parse(bytes, bytes.size() + 1, 4096);
  const Parsed pieces = parse(bytes, step, out_bytes);
  if (whole.head == ParseStatus::kDone) {
    if (pieces.head != ParseStatus::kDone || pieces.text != whole.text) std::abort();
    if (whole.body == ParseStatus::kDone &&
        (pieces.body != ParseStatus::kDone || pieces.payload != whole.payload ||
         pieces.used != whole.used)) {
      std::abort();
    }
  }
  return 0;
}
