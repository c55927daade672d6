// Lines of the audit log, as `clary audit` reads them from a file anybody may have written: alone,
// and as a whole log that is verified.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "audit/event_index.h"
#include "audit/log_files.h"
#include "audit/verify.h"

namespace {

// One folder a process, in memory where there is some.
const std::filesystem::path& folder() {
  static const std::filesystem::path made = [] {
    const std::filesystem::path base =
        std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
    auto path = base / ("clary-audit-fuzzer-" + std::to_string(getpid()));
    std::filesystem::create_directories(path);
    std::atexit([] {
      std::error_code ignored;
      std::filesystem::remove_all(folder(), ignored);
    });
    return path;
  }();
  return made;
}

// A line that is whole, with the fuzzer's bytes as its members: what comes behind the hash's check.
void read_sealed(std::string_view members) {
  using namespace clary::audit;
  ChainPoint chain;
  std::string line;
  append_record(line, chain, clary::Timestamp{}, members);
  line.pop_back();
  if (line.size() > kMaxLineBytes) return;
  const auto record = read_record(line);
  if (!record || record->members != members || record->seq != 1) __builtin_trap();
  indexed(line, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary::audit;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto record = read_record(text)) event_document(*record);
  if (text.find('\n') == std::string_view::npos) read_sealed(text);
  resource_name(text);
  std::ofstream(log_file_path(folder(), 1), std::ios::binary | std::ios::trunc) << text;
  verify(folder(), {});
  return 0;
}
