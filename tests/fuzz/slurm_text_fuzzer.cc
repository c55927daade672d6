// What Slurm's commands print, of any version and with any job names: read or left out.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/slurm_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clary::engine;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const SlurmJob& job : parse_squeue(text)) {
    if (is_final_state(job.state) && is_waiting_state(job.state)) std::abort();
    slurm_reason(job);
  }
  parse_job_id(text);
  is_unreachable(text);
  const SlurmNode node = parse_largest_node(text);
  if (!(node.cpus >= 0)) std::abort();
  return 0;
}
