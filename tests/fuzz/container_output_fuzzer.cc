// What a container runtime sends as a container's output: however the bytes are cut, the same comes
// out, and never more than came in.
#include <cstdlib>
#include <string>
#include <string_view>

#include "containers/frames.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

namespace {

std::string read(std::string_view bytes, std::size_t cut) {
  std::string seen;
  clary::containers::FrameReader reader(
      [&](clary::containers::Stream stream, std::string_view piece) {
        for (const char c : piece) {
          seen += stream == clary::containers::Stream::kOutput ? 'o' : 'e';
          seen += c;
        }
      });
  try {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(cut, bytes.size()))) {
      reader.feed(bytes.substr(0, cut));
    }
  } catch (const clary::containers::BadFrame&) {
    seen += '!';
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(bytes, size);
  if (whole.size() > 2 * size + 1) std::abort();
  if (read(bytes, 1) != whole || read(bytes, 1 + data[0] % 16) != whole) std::abort();
  return 0;
}
